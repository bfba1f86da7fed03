"""Golden values of a tiny mixture of experts, token by token in float64: packages/octavo/src/models/fixtures/mixture.json.

    python scripts/golden/mixture.py
"""
import json, pathlib
import torch
from written_out import attention, cross_entropy_rows, linear, rms_norm, rotary, silu

FILE = pathlib.Path(__file__).resolve().parents[2] / "packages/octavo/src/models/fixtures/mixture.json"
torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(20260303)
V, D, H, W, F, E, K, B, T = 11, 8, 2, 4, 6, 4, 2, 2, 5
BALANCE, ROUTER_Z, EPSILON = 0.3, 0.05, 1e-5

SHAPES = {
    "embedding.token": (V, D), "blocks.0.attention.norm.gain": (D,), "blocks.0.attention.qkv.weight": (3 * H * W, D),
    "blocks.0.attention.output.weight": (D, H * W), "blocks.0.feedForward.norm.gain": (D,),
    "blocks.0.feedForward.gate.weight": (E, F, D), "blocks.0.feedForward.up.weight": (E, F, D),
    "blocks.0.feedForward.down.weight": (E, D, F), "norm.gain": (D,), "blocks.0.feedForward.router.weight": (E, D),
}


def experts(x, the):
    """Rows [N, D] → [N, D], the load-balancing loss and the z-loss."""
    logits = linear(x, the["router.weight"])
    weights, chosen = logits.softmax(-1).topk(K)
    weights = weights / weights.sum(-1, keepdim=True)
    rows = []
    for n in range(len(x)):
        row = 0
        for weight, e in zip(weights[n], chosen[n].tolist()):
            row = row + weight * (the["down.weight"][e] @ (silu(the["gate.weight"][e] @ x[n]) * (the["up.weight"][e] @ x[n])))
        rows.append(row)
    load = torch.bincount(chosen.flatten(), minlength=E) / chosen.numel()
    balance = E * (load * logits.softmax(-1).mean(0)).sum()
    return torch.stack(rows), balance, (torch.logsumexp(logits, -1) ** 2).mean(), load


def model(the, tokens, targets, weights):
    x = the["embedding.token"][tokens]
    qkv = linear(rms_norm(x, the["blocks.0.attention.norm.gain"], EPSILON), the["blocks.0.attention.qkv.weight"]).view(B, T, 3 * H, W)
    positions = torch.arange(T)
    q, k, v = (rotary(qkv[:, :, :H], positions, 10000), rotary(qkv[:, :, H : 2 * H], positions, 10000), qkv[:, :, 2 * H :])
    x = x + linear(attention(q, k, v, W**-0.5, None).reshape(B, T, H * W), the["blocks.0.attention.output.weight"])
    part = "blocks.0.feedForward."
    inner = {name.removeprefix(part): value for name, value in the.items() if name.startswith(part)}
    y, balance, z, load = experts(rms_norm(x, inner["norm.gain"], EPSILON).reshape(-1, D), inner)
    logits = linear(rms_norm(x + y.view(B, T, D), the["norm.gain"], EPSILON), the["embedding.token"])
    loss = (cross_entropy_rows(logits.view(-1, V), targets) * weights).sum()
    return loss + (BALANCE * balance + ROUTER_Z * z) * weights.sum(), logits, load


def main():
    the = {name: ((torch.randn(shape, generator=generator) * 0.5 + (len(shape) == 1)) * 1000).round() / 1000 for name, shape in SHAPES.items()}
    tokens = torch.randint(V, (B, T), generator=generator)
    targets = torch.randint(V, (B * T,), generator=generator)
    weights = torch.tensor([0.1, 0.1, 0.1, 0.1, 0, 0.05, 0.1, 0.1, 0.1, 0.1])
    leaves = {name: value.clone().requires_grad_() for name, value in the.items()}
    loss, logits, load = model(leaves, tokens, targets, weights)
    loss.backward()

    def listed(value):
        return [float(f"{number:.9g}") for number in value.detach().flatten().tolist()]

    FILE.write_text(json.dumps({
        "tokens": tokens.flatten().tolist(), "targets": targets.tolist(), "weights": listed(weights),
        "parameters": {name: listed(value) for name, value in the.items()}, "loss": loss.item(), "logits": listed(logits),
        "load": listed(load), "gradients": {name: listed(leaf.grad) for name, leaf in leaves.items()},
    }) + "\n")


main()
