"""Models that our reader reads and our writer writes: still valid, and with the same answers?

Usage: written.py PROGRAM DATA      PROGRAM is onnx-conformance, DATA onnx/backend/test/data

Each case of the standard's that ONNX Runtime runs is written again, checked by onnx.checker, and must give
bit for bit what the original gives.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import onnx
import onnxruntime


def session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def value(path, kind):
    proto = {"sequence_type": onnx.SequenceProto, "optional_type": onnx.OptionalProto}.get(
        kind, onnx.TensorProto)()
    proto.ParseFromString(path.read_bytes())
    if isinstance(proto, onnx.SequenceProto):
        return onnx.numpy_helper.to_list(proto)
    if isinstance(proto, onnx.OptionalProto):
        return onnx.numpy_helper.to_optional(proto)
    return onnx.numpy_helper.to_array(proto)


def same(a, b):
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if a is None or b is None:
        return a is b
    a, b = numpy.asarray(a), numpy.asarray(b)
    if a.dtype == object:
        return a.shape == b.shape and a.tolist() == b.tolist()
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def check(original, written, folder):
    """None if ONNX Runtime does not run the original, else what is wrong, or an empty text."""
    model = onnx.load(original)
    feeds = {}
    try:
        for index, known in enumerate(model.graph.input):
            feeds[known.name] = value(folder / f"input_{index}.pb", known.type.WhichOneof("value"))
        expected = session(str(original)).run(None, feeds)
    except Exception:  # Whatever is wrong with the original is not what this is about.
        return None
    if not written.exists():
        return "was not written"
    try:
        onnx.checker.check_model(str(written))
        got = session(str(written)).run(None, feeds)
    except Exception as error:
        return str(error).splitlines()[0]
    # Random answers differ from run to run.
    random = {"Bernoulli", "RandomNormal", "RandomUniform", "RandomNormalLike",
              "RandomUniformLike", "Multinomial", "Dropout"}
    if random & {node.op_type for node in model.graph.node} or same(expected, got):
        return ""
    return "other answers"


def main():
    program, data = sys.argv[1], Path(sys.argv[2])
    cases = [case for suite in ("node", "simple", "pytorch-operator", "pytorch-converted")
             for case in sorted((data / suite).glob("test_*"))
             if (case / "test_data_set_0" / "input_0.pb").exists()]
    with tempfile.TemporaryDirectory() as folder:
        refused = subprocess.run(
            [program, "--write", folder] + [str(case / "model.onnx") for case in cases],
            check=True, capture_output=True, text=True).stdout.splitlines()
        read = [not any(line.startswith(f"{case}/") for line in refused) for case in cases]
        results = [check(case / "model.onnx", Path(folder) / f"{index}.onnx",
                         case / "test_data_set_0") if read[index] else None
                   for index, case in enumerate(cases)]
    wrong = [(case.name, result) for case, result in zip(cases, results) if result]
    for name, result in wrong:
        print(f"{name}: {result}")
    for line in refused:
        print(f"not read: {line}")
    print(f"{results.count('')} models written again give the same answers, {len(wrong)} do not; "
          f"{results.count(None)} not compared")
    sys.exit(1 if wrong or results.count("") < 1000 else 0)


main()
