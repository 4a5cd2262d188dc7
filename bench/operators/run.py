"""Single operators on one thread beside ONNX Runtime, worst ratio first.

Usage: run.py PROGRAM [TEXT...]: only cases whose names contain one of the texts.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

from cases import cases

SECONDS = 0.15
OPSET, IR_VERSION = 20, 9


def model(op, inputs, consts, outs, attrs):
    """The operator alone, and what to feed it. An empty input is left out."""
    names, given, constants, feed = [], [], [], {}
    for index, value in enumerate(map(np.asarray, inputs)):
        name = f"i{index}" if value.size else ""
        names.append(name)
        if not name:
            continue
        if index in consts:
            constants.append(numpy_helper.from_array(value, name))
        else:
            given.append(helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape))
            feed[name] = value
    results = [f"o{index}" for index in range(outs)]
    graph = helper.make_graph(
        [helper.make_node(op, names, results, **attrs)], "operator", given,
        [helper.make_empty_tensor_value_info(name) for name in results], constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    made.ir_version = IR_VERSION
    return onnx.shape_inference.infer_shapes(made), feed


def peer(path, feed):
    """ONNX Runtime's microseconds; None where it does not run the model."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        session.run(None, feed)
    except Exception:  # Its own errors share no base class.
        return None
    times, end = [], time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        session.run(None, feed)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def ours(program, path, inputs):
    """Microseconds of the program, or the last line of why not."""
    run = subprocess.run(
        [program, "bench", "serve", "--model", path, "--inputs", inputs, "--threads", "1",
         "--seconds", str(SECONDS), "--json"], capture_output=True, text=True, timeout=60)
    if run.returncode:
        return None, (run.stderr.strip().splitlines() or ["no message"])[-1]
    return json.loads(run.stdout)["medianMicroseconds"], ""


def main(program, wanted):
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path, inputs = pathlib.Path(folder, "m.onnx"), pathlib.Path(folder, "in.npz")
        for name, case in cases().items():
            if wanted and not any(text in name for text in wanted):
                continue
            made, feed = model(*case)
            onnx.save(made, path)
            np.savez(inputs, **feed)
            mine, why = ours(program, path, inputs)
            rows.append((name, mine, peer(path, feed), why))
    # What does not run here comes before what is slow.
    rows.sort(key=lambda row: -(float("inf") if row[1] is None else row[1] / (row[2] or 1e12)))
    print(f"{'operator':20} {'ours µs':>12} {'ONNX Runtime':>12} {'ratio':>8}")
    for name, mine, other, why in rows:
        shown = [f"{value:.1f}" if value is not None else "-" for value in (mine, other)]
        ratio = f"{mine / other:.2f}" if mine is not None and other else "-"
        print(f"{name:20} {shown[0]:>12} {shown[1]:>12} {ratio:>8} {why}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
