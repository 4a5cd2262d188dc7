#!/usr/bin/env python3
"""Times a model in another engine, in a process of its own, on arrays of a .npz file; prints JSON.
Usage: peers.py onnxruntime|openvino|pytorch MODEL INPUTS.npz OUTPUT.npz THREADS SECONDS"""

import json
import pathlib
import sys
import time

import numpy as np


def resident():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096


def onnxruntime(path, inputs, threads):
    import onnxruntime as engine
    engine.set_default_logger_severity(3)
    before = resident()
    options = engine.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = engine.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    grown = resident() - before
    # IOBinding on fixed buffers leaves out the copies that Python's run() makes.
    binding = session.io_binding()
    for name, values in inputs.items():
        binding.bind_cpu_input(name, values)
    names = [output.name for output in session.get_outputs()]
    for name in names:
        binding.bind_output(name, "cpu")
    return (lambda: session.run_with_iobinding(binding),
            lambda: dict(zip(names, binding.copy_outputs_to_cpu())), grown)


def openvino(path, inputs, threads):
    import openvino as engine
    before = resident()
    model = engine.Core().compile_model(path, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32"})
    grown = resident() - before
    request = model.create_infer_request()
    for name, values in inputs.items():
        request.set_tensor(name, engine.Tensor(values))
    names = [output.any_name for output in model.outputs]
    return (request.infer,
            lambda: {name: request.get_tensor(name).data.copy() for name in names}, grown)


def pytorch(path, inputs, threads):
    from pytorch import engine
    before = resident()
    run, answers = engine.load(path, inputs, threads)
    return run, answers, resident() - before


ENGINES = {"onnxruntime": onnxruntime, "openvino": openvino, "pytorch": pytorch}


def measure(engine, path, inputs, output, threads, seconds):
    run, answers, grown = engine(path, dict(np.load(inputs)), threads)
    run()
    np.savez(output, **answers())
    warm = time.perf_counter() + seconds / 5
    for _ in range(20):
        run()
        if time.perf_counter() > warm:
            break
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        started = time.perf_counter_ns()
        run()
        times.append(time.perf_counter_ns() - started)
    return {"medianMicroseconds": float(np.median(times)) / 1e3, "residentBytes": grown}


if __name__ == "__main__":
    print(json.dumps(measure(
        ENGINES[sys.argv[1]], *sys.argv[2:5], int(sys.argv[5]), float(sys.argv[6]))))
