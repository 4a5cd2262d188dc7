"""Cases in the layout of ONNX's backend suite, with ONNX Runtime's answers."""

import pathlib
import shutil

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

OPSETS = {"": 17, "com.microsoft": 1, "ai.onnx.ml": 3}
# Two FP32 engines add in different orders. What is near zero is compared with the largest number.
FLOAT = {"relative": 1e-4, "largest": 1e-5}


class Const:
    """An input that the model brings along."""

    def __init__(self, array):
        self.array = array


def graph_model(nodes, inputs, outputs, initializers=(), opsets=None, dynamic=False):
    """A model; inputs are {name: array}, whose shapes are declared unless they are dynamic."""
    graph = helper.make_graph(
        nodes, "oracle",
        [helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype),
            [f"{name}_{axis}" for axis in range(array.ndim)] if dynamic else array.shape)
         for name, array in inputs.items()],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in initializers])
    return helper.make_model(
        graph, ir_version=9,
        opset_imports=[helper.make_opsetid(*item) for item in {**OPSETS, **(opsets or {})}.items()])


class Suite:
    """Writes cases into a folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.count = 0
        # What an exporter or ONNX Runtime itself could not do.
        self.skipped = {}
        # What else is worth saying of a case.
        self.notes = {}

    def add(self, name, model, inputs, tolerance=None, expected=None):
        """One case: a model, {input: array} and what ONNX Runtime answers, or `expected`."""
        folder = self.folder / f"test_{name}"
        data = folder / "test_data_set_0"
        data.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(
            model if isinstance(model, bytes) else model.SerializeToString())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        try:
            session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
            answers = expected if expected is not None else session.run(None, inputs)
        except Exception as error:  # ONNX Runtime's errors have no common base but this.
            shutil.rmtree(folder)
            self.skipped[name] = f"ONNX Runtime: {error}"
            return
        for index, meta in enumerate(session.get_inputs()):
            self._save(data / f"input_{index}.pb", inputs[meta.name])
        for index, answer in enumerate(answers):
            if isinstance(answer, list) and answer and isinstance(answer[0], dict):
                # A ZipMap's maps: here they stay one matrix.
                answer = np.array([list(row.values()) for row in answer], np.float32)
            self._save(data / f"output_{index}.pb", np.asarray(answer))
        tolerance = {**FLOAT, **(tolerance or {})}
        (folder / "tolerance").write_text(
            "".join(f"{key} {value}\n" for key, value in tolerance.items()))
        self.count += 1

    def op(self, name, op_type, inputs, outputs=1, tolerance=None, domain="com.microsoft",
           opsets=None, dynamic=True, **attributes):
        """A model of one operator; with fixed shapes, and again with open ones."""
        names, given, constants = [], {}, []
        for index, value in enumerate(inputs):
            names.append("" if value is None else f"x{index}")
            if isinstance(value, Const):
                constants.append((names[-1], value.array))
            elif value is not None:
                given[names[-1]] = value
        wanted = [f"y{index}" for index in range(outputs)] if isinstance(outputs, int) else outputs
        node = helper.make_node(op_type, names, wanted, domain=domain, **attributes)
        wanted = [output for output in wanted if output]
        for is_dynamic in ([False, True] if dynamic and given else [False]):
            model = graph_model([node], given, wanted, constants, opsets, is_dynamic)
            self.add(name + ("_open" if is_dynamic else ""), model, given, tolerance)

    @staticmethod
    def _save(path, array):
        if array.dtype.kind in "US":
            array = array.astype(object)
        path.write_bytes(numpy_helper.from_array(array).SerializeToString())
