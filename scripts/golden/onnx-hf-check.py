"""Loads an exported Hugging Face folder in transformers, float32, and holds it to our own logits and greedy texts.

    python scripts/golden/onnx-hf-check.py FOLDER CASES.json [--tolerance 1e-3]

CASES.json is {"cases": [case, …]}; a case has `ids`, and any of the rest:

    prompt      the tokenizer of the folder must turn it into `ids` (without special tokens of its own)
    ids         [T] input ids
    logits      [rows, V], ours after the last `rows` of the ids; must agree to the tolerance, as an absolute difference
    greedyIds   ours, greedily after `ids`; generate() must give the same (an end token last is left out on both sides)
    greedyText  our text of greedyIds; the folder's tokenizer must give the same from its own ids

Prints one JSON object: {passed, versions, loading, worstLogit, cases: [{passed, worstLogit, problems}]}.
Exit code: 0 all passed, 1 something differs, 2 wrong usage or a folder that transformers cannot read.
"""

import argparse
import json
import os
import pathlib
import sys

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")


def without_end(ids, ends):
    return ids[:-1] if ids and ids[-1] in ends else ids


def check_logits(torch, model, case, tolerance):
    expected = torch.tensor(case["logits"], dtype=torch.float64)
    found = model(input_ids=torch.tensor([case["ids"]])).logits[0, -expected.shape[0] :].double()
    if found.shape != expected.shape:
        return None, [f"logits: expected shape {list(expected.shape)}, found {list(found.shape)}"]
    gap = (found - expected).abs()
    worst = gap.max().item()
    if worst <= tolerance:  # false for NaN too
        return worst, []
    row, column = divmod(int(torch.nan_to_num(gap, nan=float("inf")).argmax()), expected.shape[1])
    ours, theirs = expected[row, column].item(), found[row, column].item()
    return worst, [f"logits: row {row}, id {column}: ours {ours}, theirs {theirs}"]


def check_greedy(torch, model, tokenizer, case, ends):
    ids, ours = torch.tensor([case["ids"]]), without_end(case["greedyIds"], ends)
    found = model.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, num_beams=1, repetition_penalty=1.0,
        max_new_tokens=max(1, len(case["greedyIds"])), pad_token_id=min(ends, default=0),
    )
    theirs, problems = without_end(found[0, ids.shape[1] :].tolist(), ends), []
    if ours != theirs:
        place = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
        before = torch.tensor([case["ids"] + ours[:place]])
        best = model(input_ids=before).logits[0, -1].topk(2)
        problems.append(
            f"greedy: differs at new token {place}: ours {ours[place : place + 5]}, theirs {theirs[place : place + 5]}; "
            f"their two best are {best.indices.tolist()}, {best.values[0].item() - best.values[1].item():.3g} apart"
        )
    if "greedyText" in case:
        text = tokenizer.decode(theirs, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        if text != case["greedyText"]:
            problems.append(f"greedy text: ours {case['greedyText']!r}, theirs {text!r}")
    return problems


def check_case(torch, model, tokenizer, case, tolerance, ends):
    problems, worst = [], None
    if "prompt" in case:
        found = tokenizer.encode(case["prompt"], add_special_tokens=False)
        if found != case["ids"]:
            problems.append(f"tokenizer: ours {case['ids'][:20]}, theirs {found[:20]}")
    if "logits" in case:
        worst, found = check_logits(torch, model, case, tolerance)
        problems += found
    if "greedyIds" in case:
        problems += check_greedy(torch, model, tokenizer, case, ends)
    return {"passed": not problems, "worstLogit": worst, "problems": problems}


def load(folder):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, loading = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    # Keys that do not fit are filled with random weights and only warned of: here they are failures.
    loading = {name: sorted(map(str, keys)) for name, keys in loading.items() if name.endswith("_keys")}
    return torch, model.eval(), AutoTokenizer.from_pretrained(folder), loading


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("cases", type=pathlib.Path)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    the = parser.parse_args()
    try:
        cases = json.loads(the.cases.read_text())["cases"]
        torch, model, tokenizer, loading = load(the.folder)
    except Exception as error:
        print(json.dumps({"passed": False, "error": f"{type(error).__name__}: {error}"}))
        return 2
    import transformers

    end = model.generation_config.eos_token_id
    ends = set() if end is None else {end} if isinstance(end, int) else set(end)
    with torch.no_grad():
        results = [check_case(torch, model, tokenizer, case, the.tolerance, ends) for case in cases]
    worst = [result["worstLogit"] for result in results if result["worstLogit"] is not None]
    passed = bool(results) and all(result["passed"] for result in results) and not any(loading.values())
    print(json.dumps({
        "passed": passed,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "architecture": type(model).__name__,
        "loading": loading,
        "worstLogit": max(worst, default=None),
        "cases": results,
    }))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
