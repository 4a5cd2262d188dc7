"""Writes Tests/Fixtures/gguf with PyPI gguf: blocks of every format with what `quants.dequantize`
makes of them, and metadata of every type. Needs gguf==0.19.0 and numpy; nothing here is random
twice: the same files come out again."""

from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf.quants import dequantize

FOLDER = Path(__file__).resolve().parents[1] / "gguf"
# Where blocks have their f16 scales and minima, in bytes.
SCALES = {
    Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0],
    Type.IQ4_NL: [0], Type.Q2_K: [80, 82], Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2],
    Type.Q6_K: [208],
}
# Ordinary scales, and those that are easily wrong: zeros, subnormals, the largest.
HALVES = np.array(
    [0.0123, -0.5, 1.0, 0.0, -0.0, 6e-8, -3e-5, 65504.0, 2.5, -0.001], dtype=np.float16)
ROWS, COLUMNS = 3, 512


def blocks(random, kind):
    """Random codes, with finite scales."""
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    data = random.integers(0, 256, (ROWS * COLUMNS // elements, size), dtype=np.uint8)
    for place in SCALES[kind]:
        chosen = random.choice(HALVES, len(data))
        data[:, place:place + 2] = chosen.view(np.uint8).reshape(-1, 2)
    return data.reshape(ROWS, -1)


def formats():
    random = np.random.default_rng(5)
    writer = gguf.GGUFWriter(FOLDER / "formats.gguf", "test")
    expected = {}
    plain = random.standard_normal((ROWS, COLUMNS)).astype(np.float32)
    tensors = {
        "f32": (plain, None), "f16": (plain.astype(np.float16), None),
        "bf16": (gguf.quants.quantize(plain, Type.BF16), Type.BF16),
    }
    tensors |= {kind.name: (blocks(random, kind), kind) for kind in SCALES}
    for name, (data, kind) in tensors.items():
        writer.add_tensor(name, data, raw_dtype=kind)
        expected[name] = (
            data.astype(np.float32) if kind is None
            else dequantize(data, kind).astype(np.float32).reshape(ROWS, COLUMNS))
    finish(writer)
    np.savez(FOLDER / "formats.npz", **expected)


def metadata():
    writer = gguf.GGUFWriter(FOLDER / "metadata.gguf", "test")
    writer.add_custom_alignment(64)
    writer.add_uint8("a.uint8", 200)
    writer.add_int8("a.int8", -100)
    writer.add_uint16("a.uint16", 60_000)
    writer.add_int16("a.int16", -30_000)
    writer.add_uint32("a.uint32", 4_000_000_000)
    writer.add_int32("a.int32", -2_000_000_000)
    writer.add_uint64("a.uint64", 18_000_000_000_000_000_000)
    writer.add_int64("a.int64", -9_000_000_000_000_000_000)
    writer.add_float32("a.float32", 0.5)
    writer.add_float64("a.float64", 0.1)
    writer.add_bool("a.bool", True)
    writer.add_string("a.string", "Größe ▁ 🦆")
    writer.add_array("an.array.of.strings", ["<s>", "", "▁the", "🦆"])
    writer.add_array("an.array.of.int32", [-1, 0, 7])
    writer.add_array("an.array.of.float32", [0.5, -2.0])
    writer.add_array("an.array.of.bool", [True, False])
    writer.add_array("an.array.of.arrays", [[1, 2], [3]])
    writer.add_tensor("first", np.arange(6, dtype=np.float32).reshape(2, 3))
    writer.add_tensor("second", np.arange(5, dtype=np.float16))
    finish(writer)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def quantized():
    """Numbers, and what they are in Q8_0."""
    random = np.random.default_rng(6)
    rows = [random.standard_normal((20, 32)), random.uniform(-1e-6, 1e-6, (4, 32)),
            np.zeros((1, 32)), random.uniform(-5e4, 5e4, (4, 32))]
    # Halves between two codes, where the scale is one: both signs, and the largest in front.
    ties = np.arange(-16, 16) + 0.5
    ties[0] = -127
    rows += [ties[None], -ties[None]]
    numbers = np.concatenate(rows).astype(np.float32)
    (FOLDER / "quantize.f32").write_bytes(numbers.tobytes())
    (FOLDER / "quantize.q8_0").write_bytes(gguf.quants.quantize(numbers, Type.Q8_0).tobytes())


FOLDER.mkdir(exist_ok=True)
quantized()
formats()
metadata()
