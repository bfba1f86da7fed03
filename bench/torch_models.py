"""The models of the training race as one writes them for PyTorch; train-torch.py trains them.

Each is a module whose forward gives the loss of a batch, and `batch(the)` makes one of random numbers. No dropout.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F


def turn(x, angles):
    """Rotary positions: halves of a head are the two coordinates, as in transformers' Llama."""
    cosine, sine = angles
    left, right = x.chunk(2, dim=-1)
    return x * cosine + torch.cat((-right, left), dim=-1) * sine


class Block(nn.Module):
    def __init__(self, the):
        super().__init__()
        width, hidden, biases, self.llama = the.width, the.feedForward, the.family == "gpt2", the.family == "llama"
        self.heads, self.approximate = the.heads, "tanh" if the.family == "gpt2" else "none"
        self.norm1, self.norm2 = norm_of(the), norm_of(the)
        self.qkv, self.output = nn.Linear(width, 3 * width, bias=biases), nn.Linear(width, width, bias=biases)
        self.up, self.down = nn.Linear(width, hidden, bias=biases), nn.Linear(hidden, width, bias=biases)
        if self.llama:
            self.gate = nn.Linear(width, hidden, bias=False)

    def forward(self, x, angles):
        batch, time_steps, width = x.shape
        parts = self.qkv(self.norm1(x)).split(width, dim=2)
        q, k, v = (part.view(batch, time_steps, self.heads, width // self.heads).transpose(1, 2) for part in parts)
        if self.llama:
            q, k = turn(q, angles), turn(k, angles)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.output(y.transpose(1, 2).contiguous().view(batch, time_steps, width))
        h = self.norm2(x)
        inner = F.silu(self.gate(h)) * self.up(h) if self.llama else F.gelu(self.up(h), approximate=self.approximate)
        return x + self.down(inner)


def norm_of(the):
    if the.family == "llama":
        return nn.RMSNorm(the.width, eps=1e-5)
    return nn.LayerNorm(the.width, bias=the.family == "gpt2")


def sequences(the):
    """Tokens and those that follow them."""
    return tuple(torch.randint(0, the.vocabulary, (the.batch, the.context)) for _ in range(2))


class Gpt(nn.Module):
    """nanogpt, gpt2 and llama."""

    def __init__(self, the):
        super().__init__()
        self.token = nn.Embedding(the.vocabulary, the.width)
        self.position = None if the.family == "llama" else nn.Embedding(the.context, the.width)
        self.blocks = nn.ModuleList(Block(the) for _ in range(the.layers))
        self.norm = norm_of(the)
        self.head = nn.Linear(the.width, the.vocabulary, bias=False) if the.family == "llama" else None
        for parameter in self.parameters():
            if parameter.dim() >= 2:
                nn.init.normal_(parameter, std=0.02)
        half = the.width // the.heads // 2
        angle = torch.outer(torch.arange(the.context).float(), 10000.0 ** (-torch.arange(half).float() / half))
        self.register_buffer("cosine", torch.cat((angle, angle), dim=-1).cos(), persistent=False)
        self.register_buffer("sine", torch.cat((angle, angle), dim=-1).sin(), persistent=False)

    def forward(self, inputs, targets):
        x = self.token(inputs)
        if self.position is not None:
            x = x + self.position(torch.arange(inputs.shape[1]))
        angles = (self.cosine.to(x.dtype), self.sine.to(x.dtype))
        for block in self.blocks:
            x = block(x, angles)
        logits = F.linear(self.norm(x), (self.head or self.token).weight)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())

    batch = staticmethod(sequences)


class EncoderBlock(nn.Module):
    def __init__(self, the):
        super().__init__()
        width, hidden, self.heads = the.width, the.feedForward, the.heads
        self.qkv, self.output = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x):
        batch, time_steps, width = x.shape
        parts = self.qkv(x).split(width, dim=2)
        q, k, v = (part.view(batch, time_steps, self.heads, width // self.heads).transpose(1, 2) for part in parts)
        y = F.scaled_dot_product_attention(q, k, v)
        x = self.norm1(x + self.output(y.transpose(1, 2).contiguous().view(batch, time_steps, width)))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class Bert(nn.Module):
    """Masked-language model: only masked positions reach the head."""

    def __init__(self, the):
        super().__init__()
        self.token, self.position = nn.Embedding(the.vocabulary, the.width), nn.Embedding(the.context, the.width)
        self.segment, self.norm = nn.Embedding(2, the.width), nn.LayerNorm(the.width)
        self.blocks = nn.ModuleList(EncoderBlock(the) for _ in range(the.layers))
        self.transform, self.head_norm = nn.Linear(the.width, the.width), nn.LayerNorm(the.width)
        self.bias = nn.Parameter(torch.zeros(the.vocabulary))
        for parameter in self.parameters():
            if parameter.dim() >= 2:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, inputs, segments, masked, targets):
        x = self.token(inputs) + self.position(torch.arange(inputs.shape[1])) + self.segment(segments)
        x = self.norm(x)
        for block in self.blocks:
            x = block(x)
        x = self.head_norm(F.gelu(self.transform(x.flatten(0, 1)[masked])))
        return F.cross_entropy(F.linear(x, self.token.weight, self.bias), targets)

    @staticmethod
    def batch(the):
        inputs = torch.randint(0, the.vocabulary, (the.batch, the.context))
        masked = torch.randperm(the.batch * the.context)[: the.masked].sort().values
        return inputs, torch.zeros_like(inputs), masked, torch.randint(0, the.vocabulary, (the.masked,))


class Cnn(nn.Module):
    """Kim 2014: filters of three widths, the strongest answer of each, a linear head."""

    def __init__(self, the):
        super().__init__()
        self.token = nn.Embedding(the.vocabulary, the.width)
        self.sets = nn.ModuleList(nn.Conv1d(the.width, the.filters, taps) for taps in (3, 4, 5))
        self.head = nn.Linear(3 * the.filters, the.classes)

    def forward(self, inputs, targets):
        x = self.token(inputs).transpose(1, 2)
        answers = [of(F.pad(x, (of.kernel_size[0] - 1, 0))).max(dim=2).values for of in self.sets]
        return F.cross_entropy(self.head(F.relu(torch.cat(answers, dim=1))), targets)

    @staticmethod
    def batch(the):
        return torch.randint(0, the.vocabulary, (the.batch, the.context)), torch.randint(0, the.classes, (the.batch,))


class Lstm(nn.Module):
    """A language model of nn.LSTM, whose head is its own."""

    def __init__(self, the):
        super().__init__()
        self.token = nn.Embedding(the.vocabulary, the.width)
        self.lstm = nn.LSTM(the.width, the.hidden, the.layers, batch_first=True)
        self.head = nn.Linear(the.hidden, the.vocabulary)

    def forward(self, inputs, targets):
        states, _ = self.lstm(self.token(inputs))
        return F.cross_entropy(self.head(states).flatten(0, 1), targets.flatten())

    batch = staticmethod(sequences)


models = {"nanogpt": Gpt, "gpt2": Gpt, "llama": Gpt, "bert": Bert, "lstm": Lstm, "cnn": Cnn}
