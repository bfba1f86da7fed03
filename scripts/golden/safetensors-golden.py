"""Writes packages/octavo/src/formats/fixtures/golden.safetensors with the reference library, and checks ours with it.

    python scripts/golden/safetensors-golden.py write            # needs: pip install safetensors==0.8.0 numpy==2.4.6
    python scripts/golden/safetensors-golden.py check FILE       # prints every tensor of FILE as JSON
"""

import json
import pathlib
import sys

import numpy
from safetensors import safe_open
from safetensors.numpy import save_file

fixture = pathlib.Path(__file__).parents[2] / "packages/octavo/src/formats/fixtures/golden.safetensors"


def write() -> None:
    random = numpy.random.default_rng(8)
    tensors = {
        "weights.f64": random.standard_normal((2, 3)),
        "weights.f32": random.standard_normal((3, 5)).astype(numpy.float32),
        "weights.f16": random.standard_normal((4,)).astype(numpy.float16),
        "ids.i64": numpy.array([-(2**62), 0, 2**62], dtype=numpy.int64),
        "ids.i32": numpy.array([[-7], [7]], dtype=numpy.int32),
        "ids.u32": numpy.array([0, 2**32 - 1], dtype=numpy.uint32),
        "ids.u16": numpy.array([65535, 1], dtype=numpy.uint16),
        "bytes.u8": numpy.arange(5, dtype=numpy.uint8),
        "mask.bool": numpy.array([True, False, True]),
        "scalar": numpy.array(0.5, dtype=numpy.float32),
        "empty": numpy.zeros((0, 4), dtype=numpy.float32),
        "名字 \"quoted\"": numpy.array([1.0], dtype=numpy.float32),
    }
    save_file(tensors, fixture, metadata={"format": "pt", "note": "naïve"})


def check(path: str) -> None:
    with safe_open(path, framework="numpy") as file:
        tensors = {
            name: {
                "dtype": str(file.get_tensor(name).dtype),
                "shape": list(file.get_tensor(name).shape),
                "hex": file.get_tensor(name).tobytes().hex(),
            }
            for name in file.keys()
        }
        print(json.dumps({"metadata": file.metadata(), "tensors": tensors}, ensure_ascii=False))


if sys.argv[1:] == ["write"]:
    write()
elif len(sys.argv) == 3 and sys.argv[1] == "check":
    check(sys.argv[2])
else:
    sys.exit(__doc__)
