"""Writes Tests/Fixtures/safetensors with PyPI safetensors: a tensor of every type that NumPy has.
Needs safetensors==0.8.0 and numpy; the same file comes out again."""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

FOLDER = Path(__file__).resolve().parents[1] / "safetensors"
TYPES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]

FOLDER.mkdir(exist_ok=True)
tensors = {name: np.arange(3, dtype=name) for name in TYPES} | {
    "float32": np.arange(6, dtype=np.float32).reshape(2, 3),
    "float16": np.linspace(0, 1, 5, dtype=np.float16),
    "float64": np.array([0.1, -2.5]),
    "bool": np.array([True, False]),
    "none": np.zeros((0, 4), np.float32),
}
save_file(tensors, FOLDER / "types.safetensors", {"format": "np", "note": "Größe 🦆"})
