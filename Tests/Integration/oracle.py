"""ONNX Runtime as the oracle for answers that came through the gateway."""

import numpy as np
import onnxruntime

# Two float32 engines add in different orders: 1e-7 of the largest term, which stays below 1,000.
ABSOLUTE, RELATIVE = 1e-4, 1e-6


def answers(model_path, inputs):
    """{output name: array} for `inputs` {name: array}; a ZipMap's maps become one matrix."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(model_path), options, providers=["CPUExecutionProvider"])
    values = session.run(None, inputs)
    return {
        meta.name: np.array([list(row.values()) for row in value], np.float32)
        if isinstance(value, list) else value
        for meta, value in zip(session.get_outputs(), values)}


def assert_equal(got, expected, what):
    assert got.shape == expected.shape, f"{what}: expected {expected.shape}, got {got.shape}"
    if expected.dtype.kind in "OUS":
        texts = [t.decode() if isinstance(t, bytes) else t for t in got.reshape(-1)]
        assert texts == list(expected.reshape(-1)), what
    elif expected.dtype.kind == "f":
        np.testing.assert_allclose(
            got, expected, rtol=RELATIVE, atol=ABSOLUTE, err_msg=what)
    else:
        assert got.dtype == expected.dtype, f"{what}: expected {expected.dtype}, got {got.dtype}"
        np.testing.assert_array_equal(got, expected, err_msg=what)
