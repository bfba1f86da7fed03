"""Golden values of tiny BERT and T5 models of transformers: packages/octavo/src/models/fixtures/encoders.json.

    python scripts/golden/encoders.py

Weights are random, rounded to three decimals, in our own layout (queries, keys and values packed); logits, loss and all
gradients are those of BertForMaskedLM and T5ForConditionalGeneration in float64.
"""

import json
import pathlib

import torch
import transformers
from transformers import BertConfig, BertForMaskedLM, T5Config, T5ForConditionalGeneration

FILE = pathlib.Path(__file__).resolve().parents[2] / "packages/octavo/src/models/fixtures/encoders.json"
torch.set_default_dtype(torch.float64)
torch.manual_seed(20261125)


def randomise(model):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            gain = "norm" in name.lower() and name.endswith("weight")
            parameter.copy_(((torch.randn_like(parameter) * 0.3 + gain) * 1000).round() / 1000)


def packed(model, names):
    """Ours by name → (values, gradients), theirs stacked along the first axis."""
    theirs = dict(model.named_parameters())
    values = {ours: torch.cat([theirs[name].data for name in group]) for ours, group in names.items()}
    gradients = {ours: torch.cat([theirs[name].grad for name in group]) for ours, group in names.items()}
    assert sum(value.numel() for value in values.values()) == sum(value.numel() for value in theirs.values())
    return values, gradients


def flat(values):
    return {name: [round(number, 12) for number in value.flatten().tolist()] for name, value in values.items()}


def looks(maps, rows):
    """Attention weights of those rows of the batch, of all layers in one list."""
    return [round(number, 7) for layer in maps for number in layer[rows].flatten().tolist()]


def bert():
    model = BertForMaskedLM(BertConfig(vocab_size=11, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
                                       max_position_embeddings=6, hidden_dropout_prob=0, attention_probs_dropout_prob=0, layer_norm_eps=1e-12)).double()
    randomise(model)
    tokens = torch.tensor([[1, 2, 3, 4, 5], [6, 7, 8, 0, 0]])
    segments = torch.tensor([[0, 0, 0, 1, 1], [0, 1, 1, 1, 1]])
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    masked, targets, weights = torch.tensor([1, 4, 7]), torch.tensor([9, 3, 2]), torch.tensor([1, 0.5, 2])
    logits = model(input_ids=tokens, token_type_ids=segments, attention_mask=mask).logits
    loss = (torch.nn.functional.cross_entropy(logits.view(10, 11)[masked], targets, reduction="none") * weights).sum()
    loss.backward()
    names = {f"embedding.{ours}": [f"bert.embeddings.{name}_embeddings.weight"] for ours, name in
             (("token", "word"), ("position", "position"), ("segment", "token_type"))}

    def both(ours, *groups):
        for part in ("weight", "bias"):
            names[f"{ours}.{'gain' if part == 'weight' and ours.endswith('norm') else part}"] = [f"{group}.{part}" for group in groups]

    both("embedding.norm", "bert.embeddings.LayerNorm")
    for i in range(2):
        layer = f"bert.encoder.layer.{i}"
        both(f"blocks.{i}.attention.qkv", *(f"{layer}.attention.self.{name}" for name in ("query", "key", "value")))
        both(f"blocks.{i}.attention.output", f"{layer}.attention.output.dense")
        both(f"blocks.{i}.attention.norm", f"{layer}.attention.output.LayerNorm")
        both(f"blocks.{i}.feedForward.up", f"{layer}.intermediate.dense")
        both(f"blocks.{i}.feedForward.down", f"{layer}.output.dense")
        both(f"blocks.{i}.feedForward.norm", f"{layer}.output.LayerNorm")
    both("head.transform", "cls.predictions.transform.dense")
    both("head.norm", "cls.predictions.transform.LayerNorm")
    names["head.bias"] = ["cls.predictions.bias"]
    values, gradients = packed(model, names)
    # Padded queries are answered too, but nobody reads them.
    seen = logits[0].flatten().tolist() + logits[1, :3].flatten().tolist()
    model.set_attn_implementation("eager")
    with torch.no_grad():
        maps = model(input_ids=tokens, token_type_ids=segments, attention_mask=mask, output_attentions=True).attentions
    return {"parameters": flat(values), "gradients": flat(gradients), "loss": loss.item(), "logits": seen,
            "attention": looks(maps, slice(0, 2))}


def t5(activation):
    model = T5ForConditionalGeneration(T5Config(vocab_size=11, d_model=8, d_kv=3, d_ff=12, num_layers=2, num_decoder_layers=2, num_heads=2,
                                                relative_attention_num_buckets=8, relative_attention_max_distance=9, dropout_rate=0,
                                                layer_norm_epsilon=1e-6, feed_forward_proj=activation, decoder_start_token_id=0)).double()
    randomise(model)
    generator = torch.Generator().manual_seed(7)
    source = torch.randint(1, 11, (2, 14), generator=generator)
    said = torch.cat([torch.zeros(2, 1, dtype=torch.long), torch.randint(1, 11, (2, 11), generator=generator)], dim=1)
    targets, weights = torch.randint(11, (24,), generator=generator), torch.rand(24, generator=generator)
    lengths = torch.tensor([14, 9])
    mask = (torch.arange(14) < lengths[:, None]).long()
    logits = model(input_ids=source, attention_mask=mask, decoder_input_ids=said).logits
    loss = (torch.nn.functional.cross_entropy(logits.view(24, 11), targets, reduction="none") * weights).sum()
    loss.backward()
    names = {"embedding.token": ["shared.weight"]}
    for stack in ("encoder", "decoder"):
        names[f"{stack}.distance"] = [f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
        names[f"{stack}.norm.gain"] = [f"{stack}.final_layer_norm.weight"]
        for i in range(2):
            readers = (("attention", 0, "SelfAttention"),) + ((("cross", 1, "EncDecAttention"),) if stack == "decoder" else ())
            for ours, at, kind in readers:
                layer = f"{stack}.block.{i}.layer.{at}"
                path = f"{stack}.blocks.{i}.{ours}"
                names[f"{path}.norm.gain"] = [f"{layer}.layer_norm.weight"]
                names[f"{path}.query.weight"] = [f"{layer}.{kind}.q.weight"]
                names[f"{path}.keyValue.weight"] = [f"{layer}.{kind}.k.weight", f"{layer}.{kind}.v.weight"]
                names[f"{path}.output.weight"] = [f"{layer}.{kind}.o.weight"]
            layer, path = f"{stack}.block.{i}.layer.{len(readers)}", f"{stack}.blocks.{i}.feedForward"
            names[f"{path}.norm.gain"] = [f"{layer}.layer_norm.weight"]
            inner = "DenseReluDense"
            if activation == "relu":
                names[f"{path}.up.weight"] = [f"{layer}.{inner}.wi.weight"]
            else:
                names[f"{path}.gate.weight"] = [f"{layer}.{inner}.wi_0.weight"]
                names[f"{path}.up.weight"] = [f"{layer}.{inner}.wi_1.weight"]
            names[f"{path}.down.weight"] = [f"{layer}.{inner}.wo.weight"]
    values, gradients = packed(model, names)
    model.set_attn_implementation("eager")
    with torch.no_grad():
        made = model(input_ids=source, attention_mask=mask, decoder_input_ids=said, output_attentions=True)
    # Of the second row, whose source is padded; in the order of the blocks.
    second = slice(1, 2)
    attention = {} if activation != "relu" else {"attention": looks(made.encoder_attentions, second) + [
        number for pair in zip(made.decoder_attentions, made.cross_attentions) for number in looks(pair, second)]}
    return {"parameters": flat(values), "gradients": flat(gradients), "loss": loss.item(), "logits": logits.flatten().tolist(), **attention,
            "source": source.flatten().tolist(), "said": said.flatten().tolist(), "lengths": lengths.tolist(),
            "targets": targets.tolist(), "weights": weights.tolist()}


def main():
    made = {"transformers": transformers.__version__, "bert": bert(), "relu": t5("relu"), "gated-gelu": t5("gated-gelu")}
    FILE.write_text(json.dumps(made) + "\n")


main()
