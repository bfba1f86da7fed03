"""PyTorch's side of the training benchmark: one long-lived process that runs one step for each line it reads.

    python bench/train-torch.py --family nanogpt --layers 6 --heads 6 --width 384 --feedForward 1536 --context 256 \
        --batch 64 --vocabulary 65

Families: nanogpt (learned positions, LayerNorm without bias, exact GELU, tied head), gpt2 (the same with biases and the
tanh form of GELU), llama (rotary positions, RMSNorm, SwiGLU, a head of its own); no dropout, causal
scaled_dot_product_attention. A step is forward, backward, clipping to 1.0 and fused AdamW. Each mode has weights and
optimiser of its own, made on first use. Protocol, one line each way:

    step MODE   → {"kind": "step", "mode": …, "seconds": …, "cpuSeconds": …, "loss": …}   or   {"kind": "failed", "mode": …, "reason": …}
    quit        → the process ends (so does the end of input)

MODE is f32-eager, bf16-eager, f32-compile or bf16-compile; bf16 is autocast. The first step of a mode includes its
set-up, and compilation where it compiles: leave it out of the figures. The first line printed is {"kind": "ready", …}.
"""

import argparse
import contextlib
import json
import sys
import time
import traceback

import torch
import torch.nn as nn
import torch.nn.functional as F

MODES = ("f32-eager", "bf16-eager", "f32-compile", "bf16-compile")


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


class Gpt(nn.Module):
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


def make_optimiser(model):
    matrices = [parameter for parameter in model.parameters() if parameter.dim() >= 2]
    vectors = [parameter for parameter in model.parameters() if parameter.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99), fused=True)


class Trainer:
    def __init__(self, mode, the):
        torch.manual_seed(1)
        self.precision, self.style = mode.split("-")
        self.model = Gpt(the)
        self.optimiser = make_optimiser(self.model)
        self.loss_of = torch.compile(self.model) if self.style == "compile" else self.model
        self.inputs = torch.randint(0, the.vocabulary, (the.batch, the.context))
        self.targets = torch.randint(0, the.vocabulary, (the.batch, the.context))

    def step(self):
        start, start_cpu = time.perf_counter(), time.process_time()
        autocast = torch.autocast("cpu", torch.bfloat16) if self.precision == "bf16" else contextlib.nullcontext()
        with autocast:
            loss = self.loss_of(self.inputs, self.targets)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        value = loss.item()
        return {"seconds": time.perf_counter() - start, "cpuSeconds": time.process_time() - start_cpu, "loss": value}


def say(**message):
    print(json.dumps(message), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--family", choices=("nanogpt", "gpt2", "llama"), required=True)
    for name in ("layers", "heads", "width", "feedForward", "context", "batch", "vocabulary"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    the = parser.parse_args()
    torch.set_num_threads(the.threads)
    parameters = sum(parameter.numel() for parameter in Gpt(the).parameters())
    say(kind="ready", torch=torch.__version__, threads=the.threads, capability=torch.backends.cpu.get_cpu_capability(),
        parameters=parameters, tokensPerStep=the.batch * the.context, modes=MODES)
    trainers = {}
    for line in sys.stdin:
        command, _, mode = line.strip().partition(" ")
        if command == "quit":
            return
        if command != "step" or mode not in MODES:
            say(kind="failed", mode=mode, reason=f"expected 'step MODE' with one of {', '.join(MODES)}; received {line!r}")
            continue
        try:
            if mode not in trainers:
                trainers[mode] = Trainer(mode, the)
            say(kind="step", mode=mode, **trainers[mode].step())
        except Exception as error:
            trainers.pop(mode, None)
            traceback.print_exc()
            say(kind="failed", mode=mode, reason=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")


if __name__ == "__main__":
    main()
