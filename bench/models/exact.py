"""Dynamically quantised transformers evaluated in double precision, with exact sums of integers: the
judge where two runtimes differ because a value lies between two quanta (decision 87)."""

import math

import numpy as np
import onnx
from onnx import numpy_helper

_erf = np.frompyfunc(math.erf, 1, 1)
_TYPES = {1: np.float64, 6: np.int32, 7: np.int64}
_ARITHMETIC = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide,
               "Pow": np.power, "Sqrt": np.sqrt, "MatMul": np.matmul, "Identity": np.asarray}


def answers(path, inputs):
    """The outputs by name."""
    graph = onnx.load(path).graph
    values = {w.name: _wide(numpy_helper.to_array(w)) for w in graph.initializer}
    values.update({name: _wide(array) for name, array in inputs.items()})
    for node in graph.node:
        given = [values[name] if name else None for name in node.input]
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        results = _node(node.op_type, given, attributes)
        values.update(zip(node.output, results))
    return {output.name: values[output.name] for output in graph.output}


def _wide(array):
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _node(name, x, attributes):
    if name in _ARITHMETIC:
        return [_ARITHMETIC[name](*x)]
    if name == "DynamicQuantizeLinear":
        return _quantized(x[0])
    if name == "MatMulInteger":
        # Doubles hold these sums exactly.
        left, right = (x[i].astype(np.float64) - x[i + 2].astype(np.float64) for i in (0, 1))
        return [left @ right]
    if name == "DequantizeLinear":
        zero = x[2].astype(np.float64) if len(x) > 2 else 0.0
        return [(x[0].astype(np.float64) - zero) * x[1]]
    if name == "Softmax":
        powers = np.exp(x[0] - x[0].max(axis=-1, keepdims=True))
        return [powers / powers.sum(axis=-1, keepdims=True)]
    if name == "ReduceMean":
        keeps = bool(attributes.get("keepdims", 1))
        return [x[0].mean(axis=tuple(attributes["axes"]), keepdims=keeps)]
    return [_moved(name, x, attributes)]


def _quantized(x):
    low, high = min(0.0, x.min()), max(0.0, x.max())
    scale = (high - low) / 255 if high != low else 1 / 255
    zero = np.clip(np.rint(-low / scale), 0, 255)
    return [np.clip(np.rint(x / scale) + zero, 0, 255).astype(np.uint8), np.asarray(scale),
            np.uint8(zero)]


def _moved(name, x, attributes):
    if name == "Erf":
        return _erf(x[0]).astype(np.float64)
    if name == "Cast":
        return x[0].astype(_TYPES[attributes["to"]])
    if name == "Shape":
        return np.array(x[0].shape, np.int64)
    if name == "Gather":
        return np.take(x[0], x[1], axis=attributes.get("axis", 0))
    if name == "Unsqueeze":
        return np.expand_dims(x[0], tuple(int(axis) for axis in x[1]))
    if name == "Concat":
        return np.concatenate(x, axis=attributes["axis"])
    if name == "Transpose":
        return x[0].transpose(attributes["perm"])
    if name == "Reshape":
        return x[0].reshape([x[0].shape[i] if size == 0 else size for i, size in enumerate(x[1])])
    if name == "Slice":
        axes = x[3] if len(x) > 3 else range(len(x[1]))
        steps = x[4] if len(x) > 4 else [1] * len(x[1])
        slices = [slice(None)] * x[0].ndim
        for axis, first, last, step in zip(axes, x[1], x[2], steps):
            slices[int(axis)] = slice(int(first), int(last), int(step))
        return x[0][tuple(slices)]
    raise NotImplementedError(name)
