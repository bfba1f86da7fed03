"""The peers of bench/products.mjs: float32 products by OpenBLAS (numpy) and MKL (torch), bf16 products by oneDNN (torch).

Protocol, one line each way: `LIBRARY DTYPE m n k TA TB SECONDS` → {"seconds": best of one product}; the operand is stored
transposed where TA or TB is 1, and repetitions fill SECONDS. The first line printed is {"kind": "ready", …}.
"""

import json
import sys
import time

import numpy
import torch


def operands(m, n, k, ta, tb):
    a = numpy.random.default_rng(1).standard_normal((k, m) if ta else (m, k), dtype=numpy.float32)
    b = numpy.random.default_rng(2).standard_normal((n, k) if tb else (k, n), dtype=numpy.float32)
    return a, b


def product(library, dtype, m, n, k, ta, tb):
    a, b = operands(m, n, k, ta, tb)
    if library == "openblas":
        out = numpy.empty((m, n), dtype=numpy.float32)
        return lambda: numpy.matmul(a.T if ta else a, b.T if tb else b, out=out)
    kind = torch.bfloat16 if dtype == "bf16" else torch.float32
    left, right = torch.from_numpy(a).to(kind), torch.from_numpy(b).to(kind)
    out = torch.empty((m, n), dtype=kind)
    return lambda: torch.mm(left.t() if ta else left, right.t() if tb else right, out=out)


def best_of(work, seconds):
    work()
    start = time.perf_counter()
    work()
    # One clock reading for many short products, as a graph of many would have it.
    times = max(1, int(2e-4 / max(1e-7, time.perf_counter() - start)))
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(times):
            work()
        best = min(best, (time.perf_counter() - start) / times)
    return best


def main():
    torch.set_num_threads(int(sys.argv[1]))
    print(json.dumps({"kind": "ready", "torch": torch.__version__, "numpy": numpy.__version__}), flush=True)
    for line in sys.stdin:
        library, dtype, *numbers, seconds = line.split()
        work = product(library, dtype, *(int(number) for number in numbers))
        print(json.dumps({"seconds": best_of(work, float(seconds))}), flush=True)


main()
