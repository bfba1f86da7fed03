"""Writes the golden files of tiny GPTs: packages/octavo/src/models/fixtures/gpt-tiny-{gpt2,llama,quickstart}.{safetensors,json}.

    bench/.venv/bin/python scripts/golden/gpt.py

Everything is computed in float64 from weights that float32 holds exactly, then stored as float32; losses are also
given as pure float32 computes them. Logits and gradients of the first two are compared with transformers on the way.
The safetensors file holds `initial.NAME`, `gradient.NAME` (first batch, before clipping), `final.NAME` (after 50 AdamW
steps) and `logits` [B, T, V]; the json file holds the rest.
"""

import json
import pathlib

import torch
from safetensors.torch import save
from written_out import (
    adamw_step, attention, clip_scale, cross_entropy_rows, gelu_tanh, global_norm, layer_norm, linear, relu_squared,
    rms_norm, rotary, silu, weighted_mean,
)

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "packages/octavo/src/models/fixtures"
BATCH, STEPS = 2, 50
OPTIMISER = {"learningRate": 1e-3, "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8, "weightDecay": 0.1}
CLIP = {"gpt2": 1.0, "llama": 1.0, "quickstart": 6.0}  # the last bites in some steps and not in others

SHARED = {"vocabularySize": 61, "contextLength": 16, "depth": 2, "width": 32, "rotaryBase": 10000, "dropout": 0}
CONFIGS = {
    "gpt2": {
        **SHARED, "heads": 4, "keyValueHeads": 4, "headWidth": 8, "feedForwardWidth": 64, "positions": "learned",
        "norm": "layer", "normEpsilon": 1e-5, "activation": "gelu-tanh", "biases": True, "tiedEmbeddings": True,
        "queryKeyNorm": False, "outputBias": False,
    },
    "llama": {
        **SHARED, "heads": 4, "keyValueHeads": 2, "headWidth": 8, "feedForwardWidth": 48, "positions": "rotary",
        "norm": "rms", "normEpsilon": 1e-5, "activation": "swiglu", "biases": False, "tiedEmbeddings": False,
        "queryKeyNorm": False, "outputBias": False,
    },
    "quickstart": {
        **SHARED, "heads": 2, "keyValueHeads": 2, "headWidth": 16, "feedForwardWidth": 96, "positions": "rotary",
        "norm": "rms", "normEpsilon": 1e-6, "activation": "relu-squared", "biases": False, "tiedEmbeddings": True,
        "queryKeyNorm": True, "outputBias": True,
    },
}


def shapes(config):
    """Parameter names (tree paths) and shapes, in the order of the tree."""
    width, inner, vocabulary = config["width"], config["feedForwardWidth"], config["vocabularySize"]
    queries = config["heads"] * config["headWidth"]
    rows = queries + 2 * config["keyValueHeads"] * config["headWidth"]
    found = {"embedding.token": [vocabulary, width]}
    if config["positions"] == "learned":
        found["embedding.position"] = [config["contextLength"], width]

    def add_linear(name, outputs, inputs):
        found[f"{name}.weight"] = [outputs, inputs]
        if config["biases"]:
            found[f"{name}.bias"] = [outputs]

    def add_norm(name):
        found[f"{name}.gain"] = [width]
        if config["norm"] == "layer" and config["biases"]:
            found[f"{name}.bias"] = [width]

    for block in range(config["depth"]):
        add_norm(f"blocks.{block}.attention.norm")
        add_linear(f"blocks.{block}.attention.qkv", rows, width)
        add_linear(f"blocks.{block}.attention.output", width, queries)
        add_norm(f"blocks.{block}.feedForward.norm")
        if config["activation"] == "swiglu":
            add_linear(f"blocks.{block}.feedForward.gate", inner, width)
        add_linear(f"blocks.{block}.feedForward.up", inner, width)
        add_linear(f"blocks.{block}.feedForward.down", width, inner)
    add_norm("norm")
    if not config["tiedEmbeddings"]:
        found["head.weight"] = [vocabulary, width]
    if config["outputBias"]:
        found["head.bias"] = [vocabulary]
    return found


def initial_weights(config, seed):
    """Large enough that attention, norms and activations leave their linear range; gains near 1, biases near 0."""
    generator = torch.Generator().manual_seed(seed)

    def draw(name, shape):
        value = torch.randn(shape, generator=generator, dtype=torch.float32)
        if name.endswith(".gain"):
            return 1 + 0.1 * value
        return (0.1 if name.endswith(".bias") else 0.3 if name.startswith("embedding") else 0.15) * value

    return {name: draw(name, shape) for name, shape in shapes(config).items()}


def forward(config, weights, tokens):
    """Logits [B, T, V] of tokens [B, T]."""
    heads, key_heads, width = config["heads"], config["keyValueHeads"], config["headWidth"]
    positions = torch.arange(tokens.shape[1])
    epsilon = config["normEpsilon"]

    def norm(x, name):
        gain, bias = weights[f"{name}.gain"], weights.get(f"{name}.bias")
        return layer_norm(x, gain, bias, epsilon) if config["norm"] == "layer" else rms_norm(x, gain, epsilon)

    def apply_linear(x, name):
        return linear(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"))

    def attend(x, name):
        batch, time = x.shape[:2]
        qkv = apply_linear(x, f"{name}.qkv").view(batch, time, heads + 2 * key_heads, width)
        q, k, v = qkv[:, :, :heads], qkv[:, :, heads : heads + key_heads], qkv[:, :, heads + key_heads :]
        if config["queryKeyNorm"]:
            q, k = rms_norm(q, None, epsilon), rms_norm(k, None, epsilon)
        if config["positions"] == "rotary":
            q, k = rotary(q, positions, config["rotaryBase"]), rotary(k, positions, config["rotaryBase"])
        y = attention(q, k, v, width**-0.5)
        return apply_linear(y.reshape(batch, time, heads * width), f"{name}.output")

    def feed_forward(x, name):
        up = apply_linear(x, f"{name}.up")
        if config["activation"] == "swiglu":
            up = silu(apply_linear(x, f"{name}.gate")) * up
        else:
            up = {"gelu-tanh": gelu_tanh, "relu-squared": relu_squared}[config["activation"]](up)
        return apply_linear(up, f"{name}.down")

    x = weights["embedding.token"][tokens]
    if config["positions"] == "learned":
        x = x + weights["embedding.position"][positions]
    for block in range(config["depth"]):
        x = x + attend(norm(x, f"blocks.{block}.attention.norm"), f"blocks.{block}.attention")
        x = x + feed_forward(norm(x, f"blocks.{block}.feedForward.norm"), f"blocks.{block}.feedForward")
    x = norm(x, "norm")
    return linear(x, weights.get("head.weight", weights["embedding.token"]), weights.get("head.bias"))


def loss_of(logits, targets, row_weights):
    rows = cross_entropy_rows(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))
    return weighted_mean(rows, row_weights.reshape(-1).to(logits.dtype))


def batches(config):
    """A sequence that can be learned: next = (7·token + 3 + (noise mod 3)) mod V; weights are 0, ½, 1 or 1½."""
    state = 12345

    def noise():
        nonlocal state
        state = (state * 1664525 + 1013904223) % 2**32
        return state >> 16

    for _ in range(STEPS):
        tokens, row_weights = [], []
        for _ in range(BATCH):
            row = [noise() % config["vocabularySize"]]
            while len(row) <= config["contextLength"]:
                row.append((7 * row[-1] + 3 + noise() % 3) % config["vocabularySize"])
            tokens.append(row)
            row_weights.append([noise() % 4 / 2 for _ in range(config["contextLength"])])
        yield {"tokens": tokens, "weights": row_weights}


def unpack(batch):
    tokens = torch.tensor(batch["tokens"])
    return tokens[:, :-1], tokens[:, 1:], torch.tensor(batch["weights"], dtype=torch.float64)


def decays(name, value):
    return value.dim() >= 2


def first_step(config, weights, batch, dtype):
    leaves = {name: value.to(dtype).requires_grad_() for name, value in weights.items()}
    inputs, targets, row_weights = unpack(batch)
    logits = forward(config, leaves, inputs)
    loss = loss_of(logits, targets, row_weights)
    loss.backward()
    return logits.detach(), loss.item(), {name: leaf.grad for name, leaf in leaves.items()}


def train(config, weights, all_batches, dtype, clip):
    leaves = {name: value.to(dtype).clone().requires_grad_() for name, value in weights.items()}
    moments = {name: (torch.zeros_like(leaf), torch.zeros_like(leaf)) for name, leaf in leaves.items()}
    losses, norms = [], []
    for step, batch in enumerate(all_batches, 1):
        inputs, targets, row_weights = unpack(batch)
        loss = loss_of(forward(config, leaves, inputs), targets, row_weights)
        gradients = torch.autograd.grad(loss, list(leaves.values()))
        norm = global_norm(gradients)
        scale = clip_scale(norm, clip)
        with torch.no_grad():
            for (name, leaf), gradient in zip(leaves.items(), gradients):
                adamw_step(
                    leaf, gradient * scale, *moments[name], step, OPTIMISER["learningRate"], OPTIMISER["beta1"],
                    OPTIMISER["beta2"], OPTIMISER["epsilon"], OPTIMISER["weightDecay"] if decays(name, leaf) else 0.0,
                )
        losses.append(loss.item())
        norms.append(norm.item())
    return losses, norms, {name: leaf.detach() for name, leaf in leaves.items()}


def huggingface(kind, config, weights):
    """The same model in transformers, and a function that turns one of its gradients into ours."""
    from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

    depth, heads, key_heads, width = config["depth"], config["heads"], config["keyValueHeads"], config["headWidth"]
    state = {}
    if kind == "gpt2":
        model = GPT2LMHeadModel(GPT2Config(
            vocab_size=config["vocabularySize"], n_positions=config["contextLength"], n_embd=config["width"],
            n_layer=depth, n_head=heads, n_inner=config["feedForwardWidth"], activation_function="gelu_new",
            resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, layer_norm_epsilon=config["normEpsilon"],
            bos_token_id=None, eos_token_id=None, attn_implementation="eager",
        ))
        names = {"embedding.token": "transformer.wte.weight", "embedding.position": "transformer.wpe.weight",
                 "norm.gain": "transformer.ln_f.weight", "norm.bias": "transformer.ln_f.bias"}
        for block in range(depth):
            ours, theirs = f"blocks.{block}", f"transformer.h.{block}"
            for part, other in (("attention.norm", "ln_1"), ("feedForward.norm", "ln_2")):
                names[f"{ours}.{part}.gain"] = f"{theirs}.{other}.weight"
                names[f"{ours}.{part}.bias"] = f"{theirs}.{other}.bias"
            for part, other in (("attention.qkv", "attn.c_attn"), ("attention.output", "attn.c_proj"),
                                ("feedForward.up", "mlp.c_fc"), ("feedForward.down", "mlp.c_proj")):
                names[f"{ours}.{part}.weight"] = f"{theirs}.{other}.weight"
                names[f"{ours}.{part}.bias"] = f"{theirs}.{other}.bias"

        def turn(name, value):  # GPT-2 keeps its weights as [in, out]
            return value.T if ".weight" in name and name.startswith("blocks") else value

        state = {names[name]: turn(name, value) for name, value in weights.items()}

        def ours_of(name, parameters):
            return turn(name, parameters[names[name]])
    else:
        model = LlamaForCausalLM(LlamaConfig(
            vocab_size=config["vocabularySize"], hidden_size=config["width"], num_hidden_layers=depth,
            intermediate_size=config["feedForwardWidth"], num_attention_heads=heads, num_key_value_heads=key_heads,
            head_dim=width, max_position_embeddings=config["contextLength"], rms_norm_eps=config["normEpsilon"],
            rope_parameters={"rope_type": "default", "rope_theta": config["rotaryBase"]}, tie_word_embeddings=False,
            attn_implementation="eager",
        ))
        names = {"embedding.token": "model.embed_tokens.weight", "norm.gain": "model.norm.weight",
                 "head.weight": "lm_head.weight"}
        for block in range(depth):
            ours, theirs = f"blocks.{block}", f"model.layers.{block}"
            names[f"{ours}.attention.norm.gain"] = f"{theirs}.input_layernorm.weight"
            names[f"{ours}.feedForward.norm.gain"] = f"{theirs}.post_attention_layernorm.weight"
            names[f"{ours}.attention.output.weight"] = f"{theirs}.self_attn.o_proj.weight"
            for part in ("gate", "up", "down"):
                names[f"{ours}.feedForward.{part}.weight"] = f"{theirs}.mlp.{part}_proj.weight"
        split = [heads * width, key_heads * width, key_heads * width]

        def of_qkv(name):
            return [f"model.layers.{name.split('.')[1]}.self_attn.{part}_proj.weight" for part in "qkv"]

        for name, value in weights.items():
            if ".qkv." in name:
                state.update(zip(of_qkv(name), value.split(split)))
            else:
                state[names[name]] = value

        def ours_of(name, parameters):
            if ".qkv." in name:
                return torch.cat([parameters[part] for part in of_qkv(name)])
            return parameters[names[name]]

    missing, unexpected = model.load_state_dict({name: value.clone() for name, value in state.items()}, strict=False)
    assert not unexpected and all("lm_head" in name for name in missing), (missing, unexpected)
    return model.to(torch.float64).train(), ours_of


def check_against_transformers(kind, config, weights, batch, logits, gradients):
    model, ours_of = huggingface(kind, config, weights)
    inputs, targets, row_weights = unpack(batch)
    theirs = model(input_ids=inputs).logits
    loss_of(theirs, targets, row_weights).backward()
    parameters = {name: parameter.grad for name, parameter in model.named_parameters()}
    worst_logit = (theirs - logits).abs().max().item()
    worst_gradient = max((ours_of(name, parameters) - value).abs().max().item() for name, value in gradients.items())
    # transformers computes RMSNorm and the rotary angles in float32 even for a float64 model.
    tolerance = 1e-10 if kind == "gpt2" else 1e-5
    assert worst_logit < tolerance and worst_gradient < tolerance, (kind, worst_logit, worst_gradient)
    return {"logits": worst_logit, "gradients": worst_gradient}


def insensitive(config, weights):
    """Values whose gradient is exactly zero in exact arithmetic (softmax does not see a bias on the keys): rounding
    noise decides which way AdamW moves them, so implementations differ there without differing in any loss."""
    queries, keys = config["heads"] * config["headWidth"], config["keyValueHeads"] * config["headWidth"]
    return [{"name": name, "from": queries, "to": queries + keys} for name in weights if name.endswith("qkv.bias")]


def sensitive_difference(one, other, exempt):
    worst = 0.0
    for name, value in one.items():
        gap = (value.double() - other[name].double()).abs()
        for hole in exempt:
            if hole["name"] == name:
                gap[hole["from"] : hole["to"]] = 0
        worst = max(worst, gap.max().item())
    return worst


def write(kind, config, seed):
    weights = initial_weights(config, seed)
    all_batches = list(batches(config))
    logits, loss, gradients = first_step(config, weights, all_batches[0], torch.float64)
    _, loss32, gradients32 = first_step(config, weights, all_batches[0], torch.float32)
    losses, norms, final = train(config, weights, all_batches, torch.float64, CLIP[kind])
    losses32, _, final32 = train(config, weights, all_batches, torch.float32, CLIP[kind])
    checked = None
    if kind != "quickstart":
        checked = check_against_transformers(kind, config, weights, all_batches[0], logits, gradients)
    exempt = insensitive(config, weights)
    tensors = {"logits": logits}
    for prefix, group in (("initial", weights), ("gradient", gradients), ("final", final)):
        tensors.update({f"{prefix}.{name}": value for name, value in group.items()})
    packed = {name: value.to(torch.float32).contiguous().clone() for name, value in tensors.items()}
    (FOLDER / f"gpt-tiny-{kind}.safetensors").write_bytes(save(packed))
    text = {
        "generator": {"script": "scripts/golden/gpt.py", "torch": torch.__version__, "seed": seed},
        "config": config,
        "parameters": sum(value.numel() for value in weights.values()),
        "batchSize": BATCH,
        "loss": loss,
        "lossFloat32": loss32,
        "gradientNorm": norms[0],
        "optimiser": {**OPTIMISER, "clip": CLIP[kind], "decayed": [name for name, value in weights.items() if decays(name, value)]},
        "losses": losses,
        "lossesFloat32": losses32,
        "gradientNorms": norms,
        "zeroGradient": exempt,
        "float32AgainstFloat64": {
            "gradients": sensitive_difference(gradients, gradients32, []),
            "finalWeights": sensitive_difference(final, final32, exempt),
            "losses": max(abs(a - b) for a, b in zip(losses, losses32)),
        },
        "transformersDifference": checked,
        "batches": all_batches,
    }
    (FOLDER / f"gpt-tiny-{kind}.json").write_text(json.dumps(text, separators=(",", ":")) + "\n")
    size = (FOLDER / f"gpt-tiny-{kind}.safetensors").stat().st_size
    clipped = sum(norm > CLIP[kind] for norm in norms)
    print(f"{kind}: {text['parameters']} parameters, {size} bytes, loss {loss:.6f} -> {losses[-1]:.6f}, "
          f"{clipped} of {STEPS} steps clipped, float32 {text['float32AgainstFloat64']}, transformers {checked}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for seed, (kind, config) in enumerate(CONFIGS.items(), 1):
        write(kind, config, seed)
