"""A small BERT in the nodes that PyTorch's exporter writes for one."""

import numpy as np
import onnx
from onnx import helper, numpy_helper

LAYERS, HEADS, WIDTH, INNER, WORDS, POSITIONS = 2, 4, 32, 64, 50, 16


def inputs(random):
    mask = np.ones((2, 7), np.int64)
    mask[0, 5:] = 0
    return {"input_ids": random.integers(0, WORDS, (2, 7)), "attention_mask": mask,
            "token_type_ids": random.integers(0, 2, (2, 7))}


class Writer:
    def __init__(self, random, opset):
        self.random, self.opset = random, opset
        self.nodes, self.weights = [], []

    def constant(self, array):
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weight(self, *shape, offset=0.0):
        array = self.random.standard_normal(shape) * 0.2 + offset
        return self.constant(array.astype(np.float32))

    def __call__(self, op_type, *names, **attributes):
        output = f"{op_type}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op_type, names, [output], name=output, **attributes))
        return output

    def dense(self, x, width, to):
        return self("Add", self.weight(to), self("MatMul", x, self.weight(width, to)))

    def normalize(self, x):
        scale, bias = self.weight(WIDTH, offset=1.0), self.weight(WIDTH)
        if self.opset >= 17:
            return self("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-12)
        centred = self("Sub", x, self("ReduceMean", x, axes=[-1]))
        power = self("Pow", centred, self.constant(np.float32(2)))
        variance = self("ReduceMean", power, axes=[-1])
        deviation = self("Sqrt", self("Add", variance, self.constant(np.float32(1e-12))))
        return self("Add", self("Mul", self("Div", centred, deviation), scale), bias)

    def gelu(self, x):
        error = self("Erf", self("Div", x, self.constant(np.float32(2 ** 0.5))))
        product = self("Mul", x, self("Add", error, self.constant(np.float32(1))))
        return self("Mul", product, self.constant(np.float32(0.5)))

    def heads(self, x, perm):
        shape = self.constant(np.array([0, 0, HEADS, WIDTH // HEADS], np.int64))
        return self("Transpose", self("Reshape", x, shape), perm=perm)

    def attention(self, x, mask):
        query = self.heads(self.dense(x, WIDTH, WIDTH), [0, 2, 1, 3])
        key = self.heads(self.dense(x, WIDTH, WIDTH), [0, 2, 3, 1])
        value = self.heads(self.dense(x, WIDTH, WIDTH), [0, 2, 1, 3])
        root = self.constant(np.float32((WIDTH // HEADS) ** 0.5))
        scores = self("Add", self("Div", self("MatMul", query, key), root), mask)
        mixed = self("MatMul", self("Softmax", scores, axis=-1), value)
        shape = self.constant(np.array([0, 0, WIDTH], np.int64))
        return self("Reshape", self("Transpose", mixed, perm=[0, 2, 1, 3]), shape)


def model(random, opset):
    w = Writer(random, opset)
    axes = [w.constant(np.array([axis], np.int64)) for axis in (1, 2)]
    mask = w("Unsqueeze", w("Unsqueeze", "attention_mask", axes[0]), axes[1])
    mask = w("Cast", mask, to=onnx.TensorProto.FLOAT)
    mask = w("Mul", w("Sub", w.constant(np.float32(1)), mask), w.constant(np.float32(-10000)))
    words = w("Gather", w.weight(WORDS, WIDTH), "input_ids")
    kinds = w("Gather", w.weight(2, WIDTH), "token_type_ids")
    length = w("Gather", w("Shape", "input_ids"), w.constant(np.int64(1)), axis=0)
    zero, one = (w.constant(np.array([number], np.int64)) for number in (0, 1))
    ids = w.constant(np.arange(POSITIONS, dtype=np.int64)[None])
    places = w("Slice", ids, zero, w("Unsqueeze", length, zero), one, one)
    x = w("Add", w("Add", words, kinds), w("Gather", w.weight(POSITIONS, WIDTH), places))
    x = w.normalize(x)
    for _ in range(LAYERS):
        x = w.normalize(w("Add", w.dense(w.attention(x, mask), WIDTH, WIDTH), x))
        inner = w.dense(w.gelu(w.dense(x, WIDTH, INNER)), INNER, WIDTH)
        x = w.normalize(w("Add", inner, x))
    graph = helper.make_graph(
        w.nodes, "bert",
        [helper.make_tensor_value_info(name, onnx.TensorProto.INT64, ["batch", "length"])
         for name in ["input_ids", "attention_mask", "token_type_ids"]],
        [helper.make_tensor_value_info(x, onnx.TensorProto.FLOAT, ["batch", "length", WIDTH])],
        w.weights)
    return helper.make_model(
        graph, ir_version=9, opset_imports=[helper.make_opsetid("", opset)])
