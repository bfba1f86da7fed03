"""Golden values of losses, sequence losses and expert layers from PyTorch, into packages/engine/src/ops/fixtures.

    python scripts/golden/losses.py

Made with torch 2.15 in float64, seed 20260202.
"""
import itertools, json, pathlib
import torch
import torch.nn.functional as F

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "packages/engine/src/ops/fixtures"
torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(20260202)


def draw(*shape):
    return (torch.randn(shape, generator=generator) * 1000).round() / 1000


def packed(tensors):
    return {name: {"shape": list(value.shape), "data": value.detach().flatten().tolist()} for name, value in tensors.items()}


def case(inputs, wanted, function, attributes={}):
    """Inputs, y = function(**inputs), and the gradients of Σ dy·y (of y, where it is a scalar)."""
    leaves = {name: value.clone().requires_grad_() if name in wanted else value for name, value in inputs.items()}
    y = function(**leaves)
    dy = None if y.dim() == 0 else draw(*y.shape)
    found = torch.autograd.grad(y, [leaves[name] for name in wanted], dy)
    outputs = {"y": y, **{f"d{name[0].upper()}{name[1:]}": value for name, value in zip(wanted, found)}}
    return {
        "inputs": packed(inputs if dy is None else {**inputs, "dy": dy}),
        "attributes": attributes,
        "outputs": packed(outputs),
    }


def losses():
    labels = (draw(3, 5) > 0).double()
    positive = draw(5).abs() + 0.5
    x, wanted = 3 * draw(3, 5), draw(3, 5)
    head = {"x": draw(4, 3), "weight": draw(6, 3), "targets": torch.tensor([5, 0, 2, 2]), "weights": torch.tensor([1.0, 0.5, 2, 1])}

    def smoothed(x, weight, targets, weights):
        return (F.cross_entropy(x @ weight.T, targets, reduction="none", label_smoothing=0.1) * weights).sum()

    def focal(x, weight, targets, weights):
        log_p = F.log_softmax(x @ weight.T, -1).gather(1, targets[:, None])
        return -((1 - log_p.exp()) ** 2 * log_p).sum()

    def contrastive(x, keys):
        scores = F.normalize(x, dim=1) @ F.normalize(keys, dim=1).T / 0.2
        own = torch.arange(len(x))
        return (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2

    return {
        "binary": case({"x": x, "answers": labels}, ["x"], lambda x, answers: F.binary_cross_entropy_with_logits(x, answers, reduction="none")),
        "positiveWeights": case(
            {"x": x, "answers": labels, "positive": positive}, ["x"],
            lambda x, answers, positive: F.binary_cross_entropy_with_logits(x, answers, reduction="none", pos_weight=positive)),
        "squared": case({"x": x, "wanted": wanted}, ["x"], lambda x, wanted: F.mse_loss(x, wanted, reduction="none")),
        "huber": case({"x": x, "wanted": wanted}, ["x"], lambda x, wanted: F.huber_loss(x, wanted, reduction="none", delta=0.7)),
        "smoothed": case(head, ["x", "weight"], smoothed),
        "focal": case(head, ["x", "weight"], focal),
        "divergence": case(
            {"x": draw(3, 5), "other": draw(3, 5)}, ["x"],
            lambda x, other: F.kl_div(F.log_softmax(x, -1), F.softmax(other, -1), reduction="none").sum(-1)),
        "contrastive": case({"x": draw(4, 3), "keys": draw(4, 3)}, ["x", "keys"], contrastive),
    }


def ctcs():
    def add(x, labels, lengths, label_lengths):
        inputs = {"x": x, "labels": torch.tensor(labels), "lengths": torch.tensor(lengths), "labelLengths": torch.tensor(label_lengths)}

        def loss(x, labels, lengths, labelLengths):
            return F.ctc_loss(F.log_softmax(x, -1).transpose(0, 1), labels, lengths, labelLengths, reduction="none")

        return case(inputs, ["x"], loss)

    return {
        "plain": add(draw(2, 6, 4), [[1, 2, 3], [2, 2, 1]], [6, 6], [3, 3]),
        "lengths": add(draw(3, 5, 3), [[1, 1, 0], [2, 1, 2], [1, 0, 0]], [5, 4, 2], [2, 3, 0]),
    }


def crfs():
    """By the sum over every sequence of tags."""
    def score(x, transitions, start, end, tags):
        total = start[tags[0]] + end[tags[-1]] + sum(x[t, tag] for t, tag in enumerate(tags))
        return total + sum(transitions[a, b] for a, b in zip(tags, tags[1:]))

    def loss(x, transitions, start, end, tags, lengths):
        rows = []
        for b, length in enumerate(lengths.tolist()):
            every = [score(x[b], transitions, start, end, list(one)) for one in itertools.product(range(len(start)), repeat=length)]
            rows.append(torch.logsumexp(torch.stack(every), 0) - score(x[b], transitions, start, end, tags[b, :length].tolist()))
        return torch.stack(rows)

    inputs = {
        "x": draw(2, 5, 3), "transitions": draw(3, 3), "start": draw(3), "end": draw(3),
        "tags": torch.tensor([[0, 2, 1, 1, 0], [2, 0, 1, 0, 0]]), "lengths": torch.tensor([5, 3]),
    }
    return {"crf": case(inputs, ["x", "transitions", "start", "end"], loss)}


def experts():
    """A layer of SwiGLU experts, token by token; first choices of all tokens fill the capacity before second ones."""
    def add(tokens, count, active, capacity, sigmoid, normalise):
        inputs = {"x": draw(tokens, 3), "logits": draw(tokens, count), "gate": draw(count, 4, 3), "up": draw(count, 4, 3), "down": draw(count, 3, 4)}

        def layer(x, logits, gate, up, down):
            scores = logits.sigmoid() if sigmoid else logits.softmax(-1)
            weights, chosen = scores.topk(active)
            if normalise:
                weights = weights / weights.sum(-1, keepdim=True)
            taken, rows = [0] * count, [[] for _ in range(tokens)]
            for choice in range(active):
                for n in range(tokens):
                    e = chosen[n, choice].item()
                    if capacity and taken[e] == capacity:
                        continue
                    taken[e] += 1
                    rows[n].append(weights[n, choice] * (down[e] @ (F.silu(gate[e] @ x[n]) * (up[e] @ x[n]))))
            return torch.stack([sum(row) if row else torch.zeros(3) for row in rows])

        attributes = {"active": active, "capacity": capacity, "sigmoid": sigmoid, "normalise": normalise}
        return case(inputs, list(inputs), layer, attributes)

    return {
        "dropless": add(5, 4, 2, 0, False, True),
        "switch": add(6, 3, 1, 2, False, False),
        "sigmoid": add(5, 4, 2, 2, True, True),
    }


FAMILIES = {"losses": losses, "ctc": ctcs, "crf": crfs, "experts": experts}

if __name__ == "__main__":
    for family, make in FAMILIES.items():
        body = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in make().items())
        (FOLDER / f"{family}.json").write_text("{\n" + body + "\n}\n")
        print(family)
