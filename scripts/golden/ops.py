"""Writes golden values of op families: packages/engine/src/ops/fixtures/*.json.

    bench/.venv/bin/python scripts/golden/ops.py

A file is {case: {inputs: {name: {shape, data}}, attributes, outputs: {name: {shape, data}}}}, all in float64; an output
`dX` is the gradient of Σ(y · dy) for an output y with the input `dy`, or of the loss where there is one. The formulas
are those of written_out.py; each family is compared with torch's own on the way, and known values with published ones.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from written_out import (
    adamw_step, attention, clip_scale, cross_entropy_rows, gelu_exact, gelu_tanh, global_norm, layer_norm, linear,
    muon_direction, newton_schulz, relu_squared, rms_norm, rotary, silu, weighted_mean,
)

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "packages/engine/src/ops/fixtures"
torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(20260101)


def draw(*shape):
    """Normal values with three decimals, so that the files stay readable."""
    return (torch.randn(shape, generator=generator) * 1000).round() / 1000


def packed(tensors):
    return {name: {"shape": list(value.shape), "data": value.detach().flatten().tolist()} for name, value in tensors.items()}


def case(inputs, attributes, outputs):
    for name, value in (inputs | outputs).items():
        assert value.numel() <= 60, (name, value.shape)
    return {"inputs": packed(inputs), "attributes": attributes, "outputs": packed(outputs)}


def with_gradients(function, inputs, wanted, dy=None):
    """{y, dX …} of y = function(inputs), for an upstream gradient dy (1 for a scalar)."""
    leaves = {name: value.clone().requires_grad_() if name in wanted else value for name, value in inputs.items()}
    y = function(**leaves)
    gradients = torch.autograd.grad(y, [leaves[name] for name in wanted], dy)
    return y.detach(), {f"d{name[0].upper()}{name[1:]}": value for name, value in zip(wanted, gradients)}


def close(ours, theirs, tolerance=1e-12):
    worst = (ours - theirs).abs().max().item()
    assert worst <= tolerance, (worst, ours, theirs)


def activations():
    x = torch.cat([torch.tensor([-30.0, -10, -3, -1, -0.5, -1e-3, -0.0, 0, 1e-3, 0.5, 1, 3, 10, 30]), draw(10)])
    dy, cases = draw(24), {}
    peers = {
        "geluExact": (gelu_exact, lambda x: F.gelu(x)),
        "geluTanh": (gelu_tanh, lambda x: F.gelu(x, approximate="tanh")),
        "silu": (silu, lambda x: F.silu(x)),
        "reluSquared": (relu_squared, lambda x: F.relu(x) ** 2),
    }
    for name, (ours, peer) in peers.items():
        y, gradients = with_gradients(ours, {"x": x}, ["x"], dy)
        their_y, theirs = with_gradients(peer, {"x": x}, ["x"], dy)
        close(y, their_y)
        close(gradients["dX"], theirs["dX"])
        cases[name] = case({"x": x, "dy": dy}, {}, {"y": y, **gradients})
    gate, up, dy = draw(3, 5), draw(3, 5), draw(3, 5)
    y, gradients = with_gradients(lambda gate, up: silu(gate) * up, {"gate": gate, "up": up}, ["gate", "up"], dy)
    cases["swiglu"] = case({"gate": gate, "up": up, "dy": dy}, {}, {"y": y, **gradients})
    return cases


def norms():
    x, gain, bias, dy, cases = 2 * draw(5, 8) + 1, 1 + 0.2 * draw(8), 0.1 * draw(8), draw(5, 8), {}
    x[4] = 0.003 * x[4]  # here epsilon matters
    choices = {
        "layerNorm": ({"gain": gain, "bias": bias}, 1e-5), "layerNormWithoutBias": ({"gain": gain}, 1e-5),
        "layerNormPlain": ({}, 1e-5), "rmsNorm": ({"gain": gain}, 1e-5), "rmsNormPlain": ({}, 1e-6),
    }
    for name, (parameters, epsilon) in choices.items():
        is_layer = name.startswith("layer")

        def ours(x, gain=None, bias=None):
            return layer_norm(x, gain, bias, epsilon) if is_layer else rms_norm(x, gain, epsilon)

        def peer(x, gain=None, bias=None):
            return F.layer_norm(x, (8,), gain, bias, epsilon) if is_layer else F.rms_norm(x, (8,), gain, epsilon)

        inputs = {"x": x, **parameters}
        y, gradients = with_gradients(ours, inputs, list(inputs), dy)
        their_y, theirs = with_gradients(peer, inputs, list(inputs), dy)
        close(y, their_y)
        for key, value in gradients.items():
            close(value, theirs[key], 1e-9)  # rows of 0.003 have gradients near 300
        cases[name] = case({**inputs, "dy": dy}, {"epsilon": epsilon}, {"y": y, **gradients})
    ramp = torch.tensor([[1.0, 2, 3, 4]])
    close(layer_norm(ramp, None, None, 1e-5), torch.tensor([[-1.341635, -0.447212, 0.447212, 1.341635]]), 1e-6)
    close(rms_norm(ramp, None, 1e-5), torch.tensor([[0.365148, 0.730296, 1.095444, 1.460593]]), 1e-6)
    return cases


def rotaries():
    """x: [B, T, heads, D]; row t stands at position offset + t."""
    cases = {}
    for interleaved in (False, True):
        for offset in (0, 5):
            x, dy = draw(1, 3, 2, 8), draw(1, 3, 2, 8)
            positions = torch.arange(offset, offset + 3)
            y, gradients = with_gradients(lambda x: rotary(x, positions, 10000, interleaved), {"x": x}, ["x"], dy)
            name = ("interleaved" if interleaved else "halves") + ("FromFive" if offset else "")
            attributes = {"base": 10000, "interleaved": interleaved, "offset": offset}
            cases[name] = case({"x": x, "dy": dy}, attributes, {"y": y, **gradients})
    x = torch.tensor([1.0, 2, 3, 4]).view(1, 1, 1, 4)
    one = torch.tensor([1])
    close(rotary(x, one, 10000, True).flatten(), torch.tensor([-1.142640, 1.922076, 2.959851, 4.029800]), 1e-6)
    close(rotary(x, one, 10000).flatten(), torch.tensor([-1.984111, 1.959901, 2.462378, 4.019800]), 1e-6)
    return cases


def attentions():
    """q: [B, T, H, D]; k, v: [B, S, K, D]; query row t stands at key position t + S − T."""
    cases = {}

    def add(name, q_shape, k_shape, starts=None):
        q, k, v, dy = draw(*q_shape), draw(*k_shape), draw(*k_shape), draw(*q_shape)
        scale = q_shape[3] ** -0.5
        first = None if starts is None else torch.tensor(starts)
        wanted = {"q": q, "k": k, "v": v}
        y, gradients = with_gradients(lambda q, k, v: attention(q, k, v, scale, first), wanted, ["q", "k", "v"], dy)
        rows, columns = q_shape[1], k_shape[1]
        row, column = torch.arange(rows)[:, None] + columns - rows, torch.arange(columns)[None]
        mask = (column <= row)[None, None].expand(q_shape[0], 1, rows, columns)
        if first is not None:
            mask = mask & (column[None, None] >= first[:, None, :, None])

        def peer(q, k, v):
            q, k, v = (value.transpose(1, 2) for value in (q, k, v))
            return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True).transpose(1, 2)

        their_y, theirs = with_gradients(peer, wanted, ["q", "k", "v"], dy)
        close(y, their_y)
        for key, value in gradients.items():
            close(value, theirs[key])
        inputs = {**wanted, "dy": dy} if first is None else {**wanted, "starts": first, "dy": dy}
        cases[name] = case(inputs, {"scale": scale}, {"y": y, **gradients})

    add("causal", (1, 5, 2, 4), (1, 5, 2, 4))
    add("groupedQuery", (1, 3, 4, 4), (1, 3, 2, 4))
    add("multiQuery", (2, 3, 3, 2), (2, 3, 1, 2))
    add("documents", (2, 5, 2, 2), (2, 5, 1, 2), [[0, 0, 2, 2, 4], [0, 1, 1, 1, 1]])
    add("oneRowOfMany", (2, 1, 4, 4), (2, 3, 2, 4))
    add("oneToken", (1, 1, 2, 4), (1, 1, 2, 4))
    return cases


def cross_entropies():
    """loss = Σ w·l / Σ w; `sum` is Σ w·l. Where there are x, weight and bias, logits = x Wᵀ + b."""
    logits, targets = 2 * draw(5, 7), torch.tensor([0, 6, 3, 3, 1])
    logits[2] += 100  # a shift of a row changes nothing
    weights = torch.tensor([1.0, 0.5, 0, 2, 1])
    cases = {}
    for name, row_weights in (("weighted", weights), ("uniform", torch.ones(5))):
        def ours(logits):
            return weighted_mean(cross_entropy_rows(logits, targets), row_weights)

        loss, gradients = with_gradients(ours, {"logits": logits}, ["logits"])
        close(cross_entropy_rows(logits, targets), F.cross_entropy(logits, targets, reduction="none"))
        rows = cross_entropy_rows(logits, targets)
        outputs = {"rows": rows, "sum": (rows * row_weights).sum(), "loss": loss, **gradients}
        cases[name] = case({"logits": logits, "targets": targets, "weights": row_weights}, {}, outputs)
    inputs = {"x": draw(5, 4), "weight": draw(7, 4), "bias": draw(7)}

    def through_head(x, weight, bias):
        return weighted_mean(cross_entropy_rows(linear(x, weight, bias), targets), weights)

    loss, gradients = with_gradients(through_head, inputs, list(inputs))
    cases["throughHead"] = case({**inputs, "targets": targets, "weights": weights}, {}, {"loss": loss, **gradients})
    ramp = cross_entropy_rows(torch.tensor([[1.0, 2, 3, 4]]), torch.tensor([0]))
    close(ramp, torch.tensor([3.440190]), 1e-6)
    return cases


def embeddings():
    """A row that no id names has gradient 0; a row named twice gets both."""
    table, ids, dy = draw(6, 4), torch.tensor([[2, 0, 2], [5, 2, 1]]), draw(2, 3, 4)
    y, gradients = with_gradients(lambda table: table[ids], {"table": table}, ["table"], dy)
    return {"embedding": case({"table": table, "ids": ids, "dy": dy}, {}, {"y": y, **gradients})}


def linears():
    """y = x Wᵀ + b."""
    cases = {}
    for name, inputs in (
        ("plain", {"x": draw(2, 3, 4), "weight": draw(5, 4)}),
        ("bias", {"x": draw(2, 3, 4), "weight": draw(5, 4), "bias": draw(5)}),
    ):
        dy = draw(2, 3, 5)
        y, gradients = with_gradients(linear, inputs, list(inputs), dy)
        close(y, F.linear(*inputs.values()))
        cases[name] = case({**inputs, "dy": dy}, {}, {"y": y, **gradients})
    return cases


def adamws():
    """`gradients`: [steps, …]; `parameters`, `first` and `second` are the state after each step."""
    cases = {}

    def add(name, parameter, gradients, rate, betas, epsilon, decay):
        ours, first, second = parameter.clone(), torch.zeros_like(parameter), torch.zeros_like(parameter)
        theirs = parameter.clone().requires_grad_()
        peer = torch.optim.AdamW([theirs], lr=rate, betas=betas, eps=epsilon, weight_decay=decay)
        history = []
        for step, gradient in enumerate(gradients, 1):
            adamw_step(ours, gradient, first, second, step, rate, *betas, epsilon, decay)
            theirs.grad = gradient.clone()
            peer.step()
            close(ours, theirs.detach())
            history.append((ours.clone(), first.clone(), second.clone()))
        attributes = {"learningRate": rate, "beta1": betas[0], "beta2": betas[1], "epsilon": epsilon, "weightDecay": decay}
        names = ("parameters", "first", "second")
        outputs = {key: torch.stack(values) for key, values in zip(names, zip(*history))}
        cases[name] = case({"parameter": parameter, "gradients": gradients}, attributes, outputs)
        return outputs["parameters"]

    start, gradient = torch.tensor([1, -2, 0.5]), torch.tensor([[0.1, -0.2, 0.3]])
    after = add("oneStep", start, gradient, 0.01, (0.9, 0.999), 1e-8, 0.1)
    close(after[0], torch.tensor([0.989000001, -1.9880000005, 0.4895000003]), 1e-10)
    zeros = torch.stack([torch.zeros(2, 3), draw(2, 3), 100 * draw(2, 3), 1e-9 * draw(2, 3)])
    add("fourSteps", draw(2, 3), zeros, 1e-3, (0.9, 0.95), 1e-8, 0.1)
    add("withoutDecay", draw(4), draw(4, 4), 1e-2, (0.8, 0.95), 1e-10, 0.0)
    return cases


def muons():
    """`direction` = Newton–Schulz(G + βM) with M ← βM + G before it; no scale for the shape and no rate. The update of
    the write-up is parameter −= rate · √max(1, rows / columns) · direction (after a decay of 1 − rate · decay)."""
    cases = {}
    square = newton_schulz(torch.tensor([[1.0, 2], [3, 4]]))
    close(square, torch.tensor([[-0.680661, 0.825540], [0.741295, 0.259440]]), 1e-6)
    for name, matrix in (
        ("newtonSchulzSquare", torch.tensor([[1.0, 2], [3, 4]])), ("newtonSchulzWide", draw(4, 7)),
        ("newtonSchulzTall", draw(7, 4)), ("newtonSchulzRow", draw(1, 5)), ("newtonSchulzZero", torch.zeros(2, 3)),
    ):
        result = newton_schulz(matrix)
        close(result, newton_schulz(matrix.T).T)
        values = torch.linalg.svdvals(result)
        assert matrix.abs().max() == 0 or (values.min() > 0.6 and values.max() < 1.21), (name, values)
        cases[name] = case({"gradient": matrix}, {"iterations": 5}, {"direction": result})
    for name, shape in (("threeStepsWide", (3, 5)), ("threeStepsTall", (5, 3))):
        rate, decay, beta = 0.02, 0.01, 0.95
        parameter, gradients = draw(*shape), draw(3, *shape)
        ours, momentum, history = parameter.clone(), torch.zeros(shape), []
        lerped, scale = torch.zeros(shape), max(1, shape[0] / shape[1]) ** 0.5
        for gradient in gradients:
            direction = muon_direction(gradient, momentum, beta)
            lerped.lerp_(gradient, 1 - beta)  # the other common form of the momentum has the same direction
            # (up to the 1e-7 beside the Frobenius norm)
            close(direction, newton_schulz(gradient.lerp(lerped, beta)), 1e-5)
            ours.mul_(1 - rate * decay).sub_(rate * scale * direction)
            history.append((ours.clone(), momentum.clone(), direction))
        names = ("parameters", "momentum", "direction")
        outputs = {key: torch.stack(values) for key, values in zip(names, zip(*history))}
        attributes = {"learningRate": rate, "momentum": beta, "weightDecay": decay, "iterations": 5, "shapeScale": scale}
        cases[name] = case({"parameter": parameter, "gradients": gradients}, attributes, outputs)
    return cases


def optimisers():
    """`gradients`: [steps, …]; `parameters` and the states are those after each step. SGD and Adafactor are torch's; Lion is
    the published update, written out. The numbers are drawn from their own seed."""
    cases = {}
    before = generator.get_state()
    generator.manual_seed(20260102)

    def add(name, parameter, gradients, attributes, make):
        history = [[value.clone() for value in state] for state in make(parameter.clone(), gradients)]
        names = ["parameters", *(f"state{index}" for index in range(len(history[0]) - 1))]
        outputs = {key: torch.stack(values) for key, values in zip(names, zip(*history))}
        cases[name] = case({"parameter": parameter, "gradients": gradients}, attributes, outputs)
        return outputs["parameters"]

    def with_torch(optimiser, states):
        def make(parameter, gradients):
            parameter.requires_grad_()
            peer = optimiser(parameter)
            for gradient in gradients:
                parameter.grad = gradient.clone()
                peer.step()
                yield [parameter.detach(), *(peer.state[parameter][state] for state in states)]
        return make

    def sgd(name, parameter, gradients, rate, momentum, nesterov, decay):
        make = with_torch(lambda p: torch.optim.SGD([p], lr=rate, momentum=momentum, nesterov=nesterov, weight_decay=decay), ["momentum_buffer"] if momentum else [])
        attributes = {"learningRate": rate, "momentum": momentum, "nesterov": nesterov, "weightDecay": decay}
        return add(name, parameter, gradients, attributes, make)

    after = sgd("sgdPublished", torch.tensor([1, -2, 0.5]), torch.tensor([[0.1, -0.2, 0.3], [0.05, 0.1, -0.3]]), 0.01, 0.9, True, 0.0)
    close(after, torch.tensor([[0.9981, -1.9962, 0.4943], [0.99634, -1.99648, 0.49757]]), 1e-5)
    sgd("sgdMomentum", draw(2, 3), draw(3, 2, 3), 0.1, 0.8, False, 0.05)
    sgd("sgdPlain", draw(2, 3), draw(3, 2, 3), 0.1, 0.0, False, 0.05)

    def adam(name, parameter, gradients, rate, betas, epsilon, decay):
        make = with_torch(lambda p: torch.optim.Adam([p], lr=rate, betas=betas, eps=epsilon, weight_decay=decay), ["exp_avg", "exp_avg_sq"])
        attributes = {"learningRate": rate, "beta1": betas[0], "beta2": betas[1], "epsilon": epsilon, "weightDecay": decay}
        return add(name, parameter, gradients, attributes, make)

    after = adam("adamPublished", torch.tensor([1, -2, 0.5]), torch.tensor([[0.1, -0.2, 0.3]]), 0.01, (0.9, 0.999), 1e-8, 0.1)
    close(after, torch.tensor([[0.9900000005, -1.99000000025, 0.4900000003]]), 1e-10)
    adam("adamThreeSteps", draw(2, 3), draw(3, 2, 3), 0.01, (0.8, 0.95), 1e-8, 0.1)
    adam("adamWithoutDecay", draw(5), draw(3, 5), 0.01, (0.9, 0.99), 1e-8, 0.0)

    def lion(name, parameter, gradients, rate, betas, decay):
        def make(p, gradients):
            momentum = torch.zeros_like(p)
            for gradient in gradients:
                direction = torch.sign(betas[0] * momentum + (1 - betas[0]) * gradient)
                p = p - rate * (direction + decay * p)
                momentum = betas[1] * momentum + (1 - betas[1]) * gradient
                yield [p, momentum]
        return add(name, parameter, gradients, {"learningRate": rate, "beta1": betas[0], "beta2": betas[1], "weightDecay": decay}, make)

    lion("lionThreeSteps", draw(2, 3), draw(3, 2, 3), 0.01, (0.9, 0.99), 0.1)
    lion("lionZeroGradient", draw(4), torch.cat([torch.zeros(1, 4), draw(2, 4)]), 0.1, (0.8, 0.9), 0.0)

    def adafactor(name, parameter, gradients, rate, decay, clip):
        states = ["row_var", "col_var"] if parameter.dim() > 1 else ["variance"]
        make = with_torch(lambda p: torch.optim.Adafactor([p], lr=rate, weight_decay=decay, d=clip), states)
        flat = lambda p, g: ([value.flatten() if index else value for index, value in enumerate(state)] for state in make(p, g))
        epsilon = torch.finfo(torch.float64).eps
        attributes = {"learningRate": rate, "weightDecay": decay, "clip": clip, "epsilon": epsilon, "leastScale": 1e-3, "decayExponent": -0.8}
        return add(name, parameter, gradients, attributes, flat)

    adafactor("adafactorWide", draw(3, 5), draw(3, 3, 5), 0.05, 0.1, 1.0)
    adafactor("adafactorTall", draw(5, 2), 10 * draw(3, 5, 2), 0.9, 0.0, 1.0)
    adafactor("adafactorVector", draw(6), draw(3, 6), 0.05, 0.1, 1.0)
    generator.set_state(before)
    return cases


def clips():
    """scale = min(1, maximum / (norm + 1e-6)) over all gradients together."""
    cases = {}
    for name, maximum, gradients in (
        ("above", 1.0, [torch.tensor([3.0, 4.0])]), ("below", 10.0, [torch.tensor([3.0, 4.0])]),
        ("severalTensors", 1.0, [draw(2, 3), draw(4), draw(1)]), ("zero", 1.0, [torch.zeros(3)]),
    ):
        leaves = [gradient.clone() for gradient in gradients]
        for leaf in leaves:
            leaf.grad = leaf.clone()
        their_norm = torch.nn.utils.clip_grad_norm_(leaves, maximum)
        norm = global_norm(gradients)
        scale = clip_scale(norm, maximum)
        close(norm, their_norm)
        outputs = {"norm": norm, "scale": torch.tensor(scale)}
        for index, (gradient, leaf) in enumerate(zip(gradients, leaves)):
            close(gradient * scale, leaf.grad)
            outputs[f"clipped{index}"] = gradient * scale
        inputs = {f"gradient{index}": gradient for index, gradient in enumerate(gradients)}
        cases[name] = case(inputs, {"maximum": maximum}, outputs)
    return cases


def gathers():
    """Elements by index along axis 1, and sums by index; the ids of a row serve all its columns."""
    x, ids, dy = draw(2, 4, 3), torch.tensor([[3, 0, 3, 1, 1], [2, 2, 2, 0, 3]])[:, :, None], draw(2, 5, 3)
    wide = ids.expand(2, 5, 3)
    y, gradients = with_gradients(lambda x: x.gather(1, wide), {"x": x}, ["x"], dy)
    cases = {"gather": case({"x": x, "ids": ids, "dy": dy}, {}, {"y": y, **gradients})}
    x, dy = draw(2, 5, 3), draw(2, 4, 3)
    y, gradients = with_gradients(lambda x: torch.zeros(2, 4, 3).scatter_add(1, wide, x), {"x": x}, ["x"], dy)
    cases["scatterAdd"] = case({"x": x, "ids": ids, "dy": dy}, {}, {"y": y, **gradients})
    return cases


def axes():
    """Reductions and scans along an axis that stays."""
    functions = {
        "maximum": ((2, 5, 3), (2, 1, 3), lambda x: x.max(1, keepdim=True).values),
        "softmax": ((4, 7), (4, 7), lambda x: torch.softmax(x, -1)),
        "logSoftmax": ((4, 7), (4, 7), lambda x: torch.log_softmax(x, -1)),
        "topK": ((4, 7), (4, 3), lambda x: x.topk(3).values),
        "cumulativeSum": ((2, 5, 3), (2, 5, 3), lambda x: x.cumsum(1)),
    }
    cases = {}
    for name, (shape, made, function) in functions.items():
        x, dy = 2 * draw(*shape), draw(*made)
        y, gradients = with_gradients(function, {"x": x}, ["x"], dy)
        cases[name] = case({"x": x, "dy": dy}, {}, {"y": y, **gradients})
    return cases


def convolutions():
    """Channels last here, channels first in PyTorch: x [B, .., C], weight [F, .., C / groups]."""
    def first(value):
        return value.movedim(-1, 1)

    cases = {}
    for name, x, weight, filters, options in (
        ("oneD", draw(2, 5, 3), draw(4, 3, 3), 4, {"padding": 1}),
        ("twoD", draw(1, 3, 5, 4), draw(2, 2, 2, 2), 2, {"stride": 2, "padding": 1, "dilation": (1, 2), "groups": 2}),
        ("depthwise", draw(1, 3, 4, 3), draw(3, 2, 2, 1), 3, {"padding": 1, "groups": 3}),
    ):
        function = F.conv1d if x.dim() == 3 else F.conv2d
        inputs = {"x": x, "weight": weight, "bias": draw(filters)}

        def ours(x, weight, bias):
            return function(first(x), first(weight), bias, **options).movedim(1, -1)

        dy = draw(*ours(**inputs).shape)
        y, gradients = with_gradients(ours, inputs, list(inputs), dy)
        cases[name] = case({**inputs, "dy": dy}, {}, {"y": y, **gradients})
    x, dy = draw(1, 3, 4, 2), draw(1, 4, 5, 2)
    for name, function in (("maxPool", F.max_pool2d), ("averagePool", F.avg_pool2d)):
        y, gradients = with_gradients(lambda x: function(first(x), 2, stride=1, padding=1).movedim(1, -1), {"x": x}, ["x"], dy)
        cases[name] = case({"x": x, "dy": dy}, {}, {"y": y, **gradients})
    return cases


def batch_norms():
    """Channels last; running statistics move by 0.1 of the batch's."""
    inputs = {"x": 2 * draw(2, 4, 3) + 1, "gain": 1 + 0.2 * draw(3), "bias": 0.1 * draw(3)}
    statistics, dy, cases = {"mean": draw(3), "variance": 1 + draw(3) ** 2}, draw(2, 4, 3), {}
    for name in ("training", "evaluation"):
        running = {key: value.clone() for key, value in statistics.items()}

        def ours(x, gain, bias):
            first = x.movedim(-1, 1)
            return F.batch_norm(first, running["mean"], running["variance"], gain, bias, name == "training", 0.1, 1e-5).movedim(1, -1)

        y, gradients = with_gradients(ours, inputs, list(inputs), dy)
        outputs = {"y": y, **gradients}
        if name == "training":
            outputs |= {"runningMean": running["mean"], "runningVariance": running["variance"]}
        cases[name] = case({**inputs, **statistics, "dy": dy}, {}, outputs)
    return cases


def contractions():
    """The name of a case is its einsum."""
    cases = {}
    for spec, a, b in (
        ("ab,bc->ac", draw(3, 4), draw(4, 2)), ("ba,cb->ca", draw(4, 3), draw(2, 4)), ("ab,ab->ab", draw(3, 2), draw(3, 2)),
        ("a,b->ba", draw(3), draw(4)), ("ab,ab->", draw(3, 2), draw(3, 2)), ("abc,cd->bd", draw(2, 3, 4), draw(4, 2)),
        ("bthd,bshd->bhts", draw(2, 3, 2, 2), draw(2, 3, 2, 2)), ("ab,->b", draw(3, 2), draw()),
    ):
        inputs = {"a": a, "b": b}
        dy = draw(*torch.einsum(spec, a, b).shape)
        y, gradients = with_gradients(lambda a, b: torch.einsum(spec, a, b), inputs, ["a", "b"], dy)
        cases[spec] = case({**inputs, "dy": dy}, {}, {"y": y, **gradients})
    return cases


def bags():
    """Rows of a table that ragged bags name; the second bag is empty."""
    table, ids, offsets, dy = draw(6, 4), torch.tensor([3, 0, 3, 5, 1, 2, 2]), torch.tensor([0, 3, 3, 4, 7]), draw(4, 4)
    cases = {}
    for mode in ("sum", "mean", "max"):
        def bag(table):
            return F.embedding_bag(ids, table, offsets[:-1], mode=mode)

        y, gradients = with_gradients(bag, {"table": table}, ["table"], dy)
        cases[mode] = case({"table": table, "ids": ids, "offsets": offsets, "dy": dy}, {}, {"y": y, **gradients})
    return cases


def recurrences():
    """h_t = a_t h_{t-1} + b_t as a loop over time, differentiated by torch."""
    a, b, initial, dy, cases = torch.sigmoid(draw(2, 4, 3)), draw(2, 4, 3), draw(2, 3), draw(2, 4, 3), {}
    for reverse in (False, True):
        def scan(a, b, initial):
            state, states = initial, {}
            for t in reversed(range(4)) if reverse else range(4):
                state = a[:, t] * state + b[:, t]
                states[t] = state
            return torch.stack([states[t] for t in range(4)], 1)

        inputs = {"a": a, "b": b, "initial": initial}
        y, gradients = with_gradients(scan, inputs, list(inputs), dy)
        cases["linearScanReverse" if reverse else "linearScan"] = case({**inputs, "dy": dy}, {"reverse": reverse}, {"y": y, **gradients})
    return cases


def attention_masks():
    """torch's scaled_dot_product_attention over packed operands, with what closes keys and moves scores as its mask.

    qkv: [B, T, (H + 2G)·W], or [B, T, H·W] with memory: [B, S, 2G·W]; query t stands at t + S − T; a key is open at
    starts ≤ key < ends, at most at the query where causal, nearer than the window; bias: [S + T − 1, H] by key − position.
    """
    cases = {}

    def add(name, batch, time, heads, groups, width, keys=None, causal=True, window=0, bounds=None, alibi=False, biased=False, scale=None):
        S, own = keys or time, heads * width
        inputs = {"qkv": draw(batch, time, own if keys else own + 2 * groups * width)}
        if keys:
            inputs["memory"] = draw(batch, keys, 2 * groups * width)
        if biased:
            inputs["bias"] = draw(S + time - 1, heads)
        wanted, dy = list(inputs), draw(batch, time, own)
        limits = {key: torch.tensor(value) for key, value in (bounds or {}).items()}
        distance = torch.arange(S)[None] - (torch.arange(time)[:, None] + S - time)
        open_keys = torch.ones(batch, 1, time, S, dtype=torch.bool)
        if causal:
            open_keys = open_keys & (distance <= 0)
        if window:
            open_keys = open_keys & (distance.abs() < window)
        for key, limit in limits.items():
            limit = limit.reshape(batch, 1, -1, 1)
            open_keys = open_keys & ((torch.arange(S) >= limit) if key == "starts" else (torch.arange(S) < limit))
        assert open_keys.any(-1).all()

        def attend(qkv, memory=None, bias=None):
            q, k, v = qkv[..., :own], *(memory if keys else qkv[..., own:]).split(groups * width, -1)
            q, k, v = (x.unflatten(-1, (-1, width)).transpose(1, 2) for x in (q, k, v))
            mask = torch.zeros(batch, heads, time, S).masked_fill(~open_keys, float("-inf"))
            if alibi:
                mask = mask - torch.tensor([2.0 ** (-8 * (h + 1) / heads) for h in range(heads)])[:, None, None] * distance.abs()
            if bias is not None:
                mask = mask + bias[distance + S - 1].permute(2, 0, 1)
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scale, enable_gqa=True)
            return y.transpose(1, 2).flatten(2)

        y, gradients = with_gradients(attend, inputs, wanted, dy)
        choices = {"heads": heads, "keyValueHeads": groups, "headWidth": width, "causal": causal, "window": window}
        if scale is not None:
            choices["scale"] = scale
        cases[name] = case({**inputs, **limits, "dy": dy}, {**choices, "alibi": alibi}, {"y": y, **gradients})

    add("bothWays", 1, 5, 2, 2, 2, causal=False)
    add("groupedHeadsBothWays", 1, 3, 4, 2, 2, causal=False)
    add("window", 1, 7, 2, 1, 2, window=3)
    add("windowBothWays", 1, 7, 2, 1, 2, causal=False, window=2)
    add("alibi", 1, 6, 4, 2, 1, alibi=True)
    add("alibiBothWays", 1, 6, 2, 2, 1, causal=False, alibi=True)
    add("cross", 1, 3, 2, 2, 2, keys=5, causal=False)
    add("crossPadded", 3, 2, 2, 1, 2, keys=4, causal=False, bounds={"ends": [3, 4, 1]})
    add("padded", 2, 3, 2, 1, 2, causal=False, bounds={"ends": [2, 3]})
    add("paddedInFront", 2, 3, 2, 1, 2, causal=False, bounds={"starts": [1, 0]})
    add("documentsBothWays", 1, 5, 2, 1, 2, causal=False, bounds={"starts": [[0, 0, 2, 2, 2]], "ends": [[2, 2, 5, 5, 5]]})
    add("biasByDistance", 1, 4, 3, 3, 1, causal=False, biased=True, scale=1.0)
    return cases


def recurrent_cells():
    """torch.nn.LSTM and GRU: x [B, T, C] → all states; `last` gives the final ones instead. Names end in layer and direction."""
    cases = {}

    def add(name, kind, layers=1, bidirectional=False, lengths=None, initial=False, last=False):
        batch, time, width, units = 2, 3, 3, 2
        module = getattr(torch.nn, kind)(width, units, layers, batch_first=True, bidirectional=bidirectional)
        words = {"weight_ih": "inputWeight", "weight_hh": "hiddenWeight", "bias_ih": "inputBias", "bias_hh": "hiddenBias"}
        names = {}
        for key in dict(module.named_parameters()):
            stem, layer = key.split("_l")
            names[key] = words[stem] + layer.replace("_reverse", "Reverse")
        inputs = {"x": draw(batch, time, width)} | {names[key]: 0.5 * draw(*value.shape) for key, value in module.named_parameters()}
        if initial:
            inputs |= {"initialHidden": draw(batch, units)} | ({"initialCell": draw(batch, units)} if kind == "LSTM" else {})
        counts = None if lengths is None else torch.tensor(lengths)

        def function(x, initialHidden=None, initialCell=None, **parameters):
            states = None
            if initialHidden is not None:
                states = (initialHidden[None], initialCell[None]) if kind == "LSTM" else initialHidden[None]
            given = x if counts is None else torch.nn.utils.rnn.pack_padded_sequence(x, counts, batch_first=True, enforce_sorted=False)
            y, final = torch.func.functional_call(module, {key: parameters[own] for key, own in names.items()}, (given, states))
            if last:
                return torch.cat(final, 2)[0] if kind == "LSTM" else final[0]
            return y if counts is None else torch.nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=time)[0]

        dy = draw(*function(**inputs).shape)
        y, gradients = with_gradients(function, inputs, list(inputs), dy)
        given = {**inputs, "dy": dy} if counts is None else {**inputs, "lengths": counts, "dy": dy}
        cases[name] = case(given, {"layers": layers, "bidirectional": bidirectional, "last": last}, {"y": y, **gradients})

    for kind in ("LSTM", "GRU"):
        start = kind.lower()
        add(f"{start}", kind)
        add(f"{start}TwoLayers", kind, layers=2)
        add(f"{start}Bidirectional", kind, bidirectional=True)
        add(f"{start}BidirectionalRagged", kind, bidirectional=True, lengths=[3, 1])
        add(f"{start}LastRagged", kind, lengths=[2, 3], initial=True, last=True)
    return cases


FAMILIES = {
    "activation": activations, "norm": norms, "rotary": rotaries, "attention": attentions,
    "cross-entropy": cross_entropies, "embedding": embeddings, "linear": linears, "adamw": adamws, "muon": muons,
    "clip": clips, "gather": gathers, "axis": axes, "convolution": convolutions,
    "batch-norm": batch_norms, "contract": contractions, "bag": bags,
    "optimiser": optimisers, "recurrence": recurrences, "attention-masks": attention_masks,
    "recurrent-cells": recurrent_cells,
}

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for family, make in FAMILIES.items():
        cases = make()
        body = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in cases.items())
        (FOLDER / f"{family}.json").write_text("{\n" + body + "\n}\n")
        print(f"{family}: {', '.join(cases)}")
