"""Files of examples as NumPy writes them: Tests/Fixtures/training. Written with numpy 2.4."""

import pathlib

import numpy as np

OUT = pathlib.Path(__file__).resolve().parents[1] / "training"
OUT.mkdir(exist_ok=True)

np.savez(OUT / "stored.npz", x=np.arange(4) + 0.5, y=np.arange(4, dtype=np.uint8))
np.savez_compressed(
    OUT / "compressed.npz", x=np.arange(3000, dtype=np.float32).reshape(1000, 3),
    labels=np.array([f"label{i}" + ("é" if i == 3 else "") for i in range(1000)]))
