"""The mathematics of the golden files, written out in plain PyTorch so that each formula can be read beside its name.

Axes: B batch, T time, H query heads, K key/value heads, D head width, V vocabulary, C width, F feed-forward width.
Every function works in the dtype of its inputs; the goldens use float64. Nothing here calls torch.nn.functional:
the scripts compare these functions with it (and with transformers) instead.
"""

import math

import torch


def gelu_exact(x):
    return 0.5 * x * (1 + torch.special.erf(x / math.sqrt(2)))


def gelu_tanh(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def silu(x):
    return x / (1 + torch.exp(-x))


def relu_squared(x):
    return torch.clamp(x, min=0) ** 2


def layer_norm(x, gain, bias, epsilon):
    """Over the last axis, with the population variance."""
    centred = x - x.mean(-1, keepdim=True)
    y = centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + epsilon)
    y = y if gain is None else y * gain
    return y if bias is None else y + bias


def rms_norm(x, gain, epsilon):
    y = x / torch.sqrt((x**2).mean(-1, keepdim=True) + epsilon)
    return y if gain is None else y * gain


def linear(x, weight, bias=None):
    """y = x Wᵀ + b; weight: [out, in]."""
    y = x @ weight.transpose(0, 1)
    return y if bias is None else y + bias


def rotary(x, positions, base, interleaved=False):
    """Turns pairs of channels of x: [..., T, heads, D] by position · base^(−2i/D).

    A pair is (i, i + D/2), or (2i, 2i + 1) when interleaved.
    """
    width = x.shape[-1]
    frequencies = base ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angles = positions.to(torch.float64)[..., None] * frequencies
    cosine, sine = torch.cos(angles).to(x.dtype)[..., None, :], torch.sin(angles).to(x.dtype)[..., None, :]
    first, second = (x[..., 0::2], x[..., 1::2]) if interleaved else (x[..., : width // 2], x[..., width // 2 :])
    turned = (first * cosine - second * sine, second * cosine + first * sine)
    return torch.stack(turned, -1).flatten(-2) if interleaved else torch.cat(turned, -1)


def attention(q, k, v, scale, starts=None):
    """Causal attention. q: [B, T, H, D]; k, v: [B, S, K, D]; query row t stands at key position t + S − T.

    Head h reads key/value head h·K // H. `starts`: [B, T], the first key position that row t may see.
    """
    rows, columns, heads, key_heads = q.shape[1], k.shape[1], q.shape[2], k.shape[2]
    groups = heads // key_heads
    k, v = k.repeat_interleave(groups, 2), v.repeat_interleave(groups, 2)
    scores = torch.einsum("bthd,bshd->bhts", q, k) * scale
    row, column = torch.arange(rows)[:, None] + columns - rows, torch.arange(columns)[None, :]
    allowed = (column <= row)[None, None]
    if starts is not None:
        allowed = allowed & (column[None, None] >= starts[:, None, :, None])
    scores = scores.masked_fill(~allowed, -math.inf)
    weights = torch.exp(scores - scores.max(-1, keepdim=True).values)
    weights = weights / weights.sum(-1, keepdim=True)
    return torch.einsum("bhts,bshd->bthd", weights, v)


def cross_entropy_rows(logits, targets):
    """−ln softmax(logits)[target] for each row; logits: [N, V], targets: [N]."""
    highest = logits.max(-1, keepdim=True).values
    log_total = torch.log(torch.exp(logits - highest).sum(-1)) + highest[:, 0]
    return log_total - logits.gather(1, targets[:, None])[:, 0]


def weighted_mean(losses, weights):
    """Σ w·l / Σ w: rows of weight 0 count neither above nor below."""
    return (losses * weights).sum() / weights.sum()


def global_norm(gradients):
    return torch.sqrt(sum((gradient**2).sum() for gradient in gradients))


def clip_scale(norm, maximum):
    """min(1, maximum / (norm + 1e-6)), as PyTorch."""
    return min(1.0, maximum / (float(norm) + 1e-6))


def adamw_step(parameter, gradient, first, second, step, rate, beta1, beta2, epsilon, decay):
    """In place; `step` counts from 1. Decoupled decay, both moments corrected for their start at zero."""
    parameter.mul_(1 - rate * decay)
    first.mul_(beta1).add_(gradient, alpha=1 - beta1)
    second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
    corrected_first, corrected_second = first / (1 - beta1**step), second / (1 - beta2**step)
    parameter.sub_(rate * corrected_first / (torch.sqrt(corrected_second) + epsilon))


NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def newton_schulz(matrix, iterations=5):
    """Moves the singular values of a matrix towards 1: X ← aX + (bA + cA²)X with A = XXᵀ, after division by the
    Frobenius norm + 1e-7; a tall matrix is transposed for the work."""
    a, b, c = NEWTON_SCHULZ
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (torch.sqrt((x**2).sum()) + 1e-7)
    for _ in range(iterations):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if tall else x


def muon_direction(gradient, momentum, beta):
    """Updates `momentum` in place (M ← βM + G) and returns Newton–Schulz of the Nesterov look-ahead G + βM."""
    momentum.mul_(beta).add_(gradient)
    return newton_schulz(gradient + beta * momentum)
