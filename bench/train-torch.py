"""PyTorch's side of the training benchmark: one long-lived process that runs one step for each line it reads.

    python bench/train-torch.py --family nanogpt --layers 6 --heads 6 --width 384 --feedForward 1536 --context 256 \
        --batch 64 --vocabulary 65

Families: nanogpt (learned positions, LayerNorm without bias, exact GELU, tied head), gpt2 (the same with biases and the
tanh form of GELU), llama (rotary positions, RMSNorm, SwiGLU, a head of its own), bert (masked-language model), lstm
(language model), cnn (Kim's text classifier); no dropout, scaled_dot_product_attention. A step is forward, backward, clipping to 1.0 and fused AdamW.
Each mode has weights and optimiser of its own, made on first use. Protocol, one line each way:

    step MODE   → {"kind": "step", "mode": …, "seconds": …, "cpuSeconds": …, "loss": …}   or   {"kind": "failed", "mode": …, "reason": …}
    memory      → {"kind": "memory", "start": …, "resident": …, "peak": …}, in bytes; start: before the first step
    quit        → the process ends (so does the end of input)

MODE is f32-eager, bf16-eager, f32-compile or bf16-compile; bf16 is autocast. The first step of a mode includes its
set-up, and compilation where it compiles: leave it out of the figures. The first line printed is {"kind": "ready", …}.
"""

import argparse
import contextlib
import json
import re
import sys
import time
import traceback

import torch

from torch_models import models

MODES = ("f32-eager", "bf16-eager", "f32-compile", "bf16-compile")


def make_optimiser(model):
    matrices = [parameter for parameter in model.parameters() if parameter.dim() >= 2]
    vectors = [parameter for parameter in model.parameters() if parameter.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99), fused=True)


class Trainer:
    def __init__(self, mode, the):
        torch.manual_seed(1)
        self.precision, self.style = mode.split("-")
        self.model = models[the.family](the)
        self.optimiser = make_optimiser(self.model)
        self.loss_of = torch.compile(self.model) if self.style == "compile" else self.model
        self.batch = self.model.batch(the)

    def step(self):
        start, start_cpu = time.perf_counter(), time.process_time()
        autocast = torch.autocast("cpu", torch.bfloat16) if self.precision == "bf16" else contextlib.nullcontext()
        with autocast:
            loss = self.loss_of(*self.batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        value = loss.item()
        return {"seconds": time.perf_counter() - start, "cpuSeconds": time.process_time() - start_cpu, "loss": value}


def memory():
    """Bytes of this process that are in memory now, and that were at most."""
    with open("/proc/self/status") as status:
        sizes = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB", status.read(), re.MULTILINE))
    return {"resident": int(sizes["VmRSS"]) * 1024, "peak": int(sizes["VmHWM"]) * 1024}


def say(**message):
    print(json.dumps(message), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--family", choices=tuple(models), required=True)
    for name in ("width", "context", "batch", "vocabulary"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("layers", "heads", "feedForward", "masked", "hidden", "filters", "classes"):
        parser.add_argument(f"--{name}", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    the = parser.parse_args()
    torch.set_num_threads(the.threads)
    with torch.device("meta"):
        parameters = sum(parameter.numel() for parameter in models[the.family](the).parameters())
    start = memory()
    say(kind="ready", torch=torch.__version__, threads=the.threads, capability=torch.backends.cpu.get_cpu_capability(),
        parameters=parameters, tokensPerStep=the.batch * the.context, modes=MODES)
    trainers = {}
    for line in sys.stdin:
        command, _, mode = line.strip().partition(" ")
        if command == "quit":
            return
        if command == "memory":
            say(kind="memory", start=start["resident"], **memory())
            continue
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
