#!/usr/bin/env python3
"""Times a model in ONNX Runtime. Usage: onnx_runtime.py MODEL BATCH THREADS; prints JSON."""

import json
import sys
import time

import numpy as np
import onnxruntime


def measure(path, batch, threads, seconds=1.0):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    shape = [batch] + [d if isinstance(d, int) else 1 for d in given.shape[1:]]
    values = np.random.default_rng(7).random(shape, np.float32)
    outputs = [output.name for output in session.get_outputs()]
    # IOBinding on fixed buffers leaves out the copies that Python's run() makes.
    binding = session.io_binding()
    binding.bind_cpu_input(given.name, values)
    for name in outputs:
        binding.bind_output(name, "cpu")
    times = []
    for _ in range(20):
        session.run_with_iobinding(binding)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.perf_counter_ns()
        session.run_with_iobinding(binding)
        times.append(time.perf_counter_ns() - started)
    times = np.array(times) / 1e3
    return {
        "batch": batch, "threads": threads, "runs": len(times),
        "medianMicroseconds": round(float(np.median(times)), 2),
        "p99Microseconds": round(float(np.percentile(times, 99)), 2),
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
