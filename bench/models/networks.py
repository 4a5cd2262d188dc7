"""Networks of well-known shapes with random weights of fixed seeds, as exporters write them."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Builder:
    """Collects nodes and weights of a graph."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.weights, self.count = [], [], 0

    def name(self, kind):
        self.count += 1
        return f"{kind}_{self.count}"

    def constant(self, values, kind="weight"):
        name = self.name(kind)
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def floats(self, *shape, scale=1.0):
        return self.constant((self.random.standard_normal(shape) * scale).astype(np.float32))

    def add(self, kind, *inputs, outputs=1, **attributes):
        names = [self.name(kind) for _ in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, names[0], **attributes))
        return names[0] if outputs == 1 else names

    def model(self, inputs, outputs, opset=14):
        """inputs, outputs: name → (element type, shape)."""
        def values(given):
            return [helper.make_tensor_value_info(n, t, s) for n, (t, s) in given.items()]
        graph = helper.make_graph(
            self.nodes, "graph", values(inputs), values(outputs), self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
        model.ir_version = 8
        return model

    def rename_last(self, name):
        self.nodes[-1].output[0] = name


# -- convolutional ---------------------------------------------------------------------------------

def convolution(b, x, inputs, outputs, kernel, stride=1, groups=1, activation="Relu"):
    """Conv, BatchNormalization, activation."""
    fan = kernel * kernel * inputs // groups
    pad = kernel // 2
    x = b.add(
        "Conv", x, b.floats(outputs, inputs // groups, kernel, kernel, scale=(2 / fan) ** 0.5),
        kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4, group=groups)
    uniform = lambda low, high: b.constant(
        b.random.uniform(low, high, outputs).astype(np.float32))
    x = b.add(
        "BatchNormalization", x, uniform(0.7, 1.0), uniform(-0.1, 0.1), uniform(-0.1, 0.1),
        uniform(0.8, 1.2))
    if activation == "Clip":
        return b.add("Clip", x, b.zero, b.six)
    return b.add(activation, x) if activation else x


def classifier(b, x, features, classes=1000):
    x = b.add("Flatten", b.add("GlobalAveragePool", x))
    b.add("Gemm", x, b.floats(classes, features, scale=features ** -0.5),
          b.floats(classes, scale=0.1), transB=1)
    b.rename_last("output")
    return b.model({"input": (TensorProto.FLOAT, ["N", 3, 224, 224])},
                   {"output": (TensorProto.FLOAT, ["N", classes])})


def resnet50():
    b = Builder(50)
    x = convolution(b, "input", 3, 64, 7, 2)
    x = b.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    channels = 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        width = 64 << stage
        for block in range(blocks):
            stride = 2 if block == 0 and stage > 0 else 1
            y = convolution(b, x, channels, width, 1)
            y = convolution(b, y, width, width, 3, stride)
            y = convolution(b, y, width, 4 * width, 1, activation=None)
            if block == 0:
                x = convolution(b, x, channels, 4 * width, 1, stride, activation=None)
            x = b.add("Relu", b.add("Add", y, x))
            channels = 4 * width
    return classifier(b, x, channels)


def mobilenet_v2():
    b = Builder(2)
    b.zero, b.six = b.constant(np.float32(0)), b.constant(np.float32(6))
    x = convolution(b, "input", 3, 32, 3, 2, activation="Clip")
    channels = 32
    for expansion, outputs, blocks, stride in (
            (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
            (6, 160, 3, 2), (6, 320, 1, 1)):
        for block in range(blocks):
            y, wide = x, channels * expansion
            if expansion > 1:
                y = convolution(b, y, channels, wide, 1, activation="Clip")
            y = convolution(b, y, wide, wide, 3, stride if block == 0 else 1, wide, "Clip")
            y = convolution(b, y, wide, outputs, 1, activation=None)
            x = b.add("Add", x, y) if channels == outputs and block > 0 else y
            channels = outputs
    x = convolution(b, x, channels, 1280, 1, activation="Clip")
    return classifier(b, x, 1280)


# -- recurrent -------------------------------------------------------------------------------------

def recurrent(kind, steps=64, size=128):
    gates = {"LSTM": 4, "GRU": 3}[kind]
    b = Builder(gates)
    scale = size ** -0.5
    inputs = ["input", b.floats(1, gates * size, size, scale=scale),
              b.floats(1, gates * size, size, scale=scale),
              b.floats(1, 2 * gates * size, scale=scale)]
    attributes = {"hidden_size": size}
    if kind == "GRU":
        attributes["linear_before_reset"] = 1
    b.add(kind, *inputs, outputs=2, **attributes)
    b.nodes[-1].output[0] = "all"
    b.add("Squeeze", "all", b.constant(np.array([1], np.int64)))
    b.rename_last("output")
    return b.model({"input": (TensorProto.FLOAT, [steps, "N", size])},
                   {"output": (TensorProto.FLOAT, [steps, "N", size])})


# -- transformer -----------------------------------------------------------------------------------

def layer_norm(b, x, weight, bias):
    """As torch writes it before opset 17."""
    centred = b.add("Sub", x, b.add("ReduceMean", x, axes=[-1]))
    squares = b.add("Pow", centred, b.constant(np.float32(2)))
    variance = b.add("Add", b.add("ReduceMean", squares, axes=[-1]),
                     b.constant(np.float32(1e-12)))
    return b.add("Add", b.add("Mul", b.add("Div", centred, b.add("Sqrt", variance)),
                              b.constant(weight)), b.constant(bias))


def gelu(b, x):
    y = b.add("Erf", b.add("Div", x, b.constant(np.float32(2 ** 0.5))))
    y = b.add("Add", y, b.constant(np.float32(1)))
    return b.add("Mul", b.add("Mul", x, y), b.constant(np.float32(0.5)))


def bert(weights, heads=12):
    """A BERT encoder from its (safetensors) weights, as torch exports it: sizes read from shapes."""
    b = Builder(0)
    size = weights["embeddings.word_embeddings.weight"].shape[1]
    layers = 1 + max(int(k.split(".")[2]) for k in weights if k.startswith("encoder.layer."))

    def dense(x, name):
        return b.add("Add", b.constant(weights[name + ".bias"]),
                     b.add("MatMul", x, b.constant(np.ascontiguousarray(
                         weights[name + ".weight"].T))))

    def norm(x, name):
        return layer_norm(b, x, weights[name + ".weight"], weights[name + ".bias"])

    def split(x, order):
        dimension = lambda i: b.add(
            "Unsqueeze", b.add("Gather", b.add("Shape", x), b.constant(np.int64(i)), axis=0),
            b.constant(np.array([0], np.int64)))
        shape = b.add(
            "Concat", dimension(0), dimension(1), b.constant(np.array([heads], np.int64)),
            b.constant(np.array([size // heads], np.int64)), axis=0)
        return b.add("Transpose", b.add("Reshape", x, shape), perm=order)

    def embedding(kind, ids):
        return b.add("Gather", b.constant(weights[f"embeddings.{kind}_embeddings.weight"]), ids)

    mask = b.add("Unsqueeze", "attention_mask", b.constant(np.array([1, 2], np.int64)))
    mask = b.add("Sub", b.constant(np.float32(1)), b.add("Cast", mask, to=TensorProto.FLOAT))
    mask = b.add("Mul", mask, b.constant(np.float32(np.finfo(np.float32).min)))
    length = b.add("Gather", b.add("Shape", "input_ids"), b.constant(np.int64(1)), axis=0)
    length = b.add("Unsqueeze", length, b.constant(np.array([0], np.int64)))
    positions = b.add(
        "Slice", b.constant(np.arange(512, dtype=np.int64)[None]),
        b.constant(np.array([0], np.int64)), length, b.constant(np.array([1], np.int64)))
    x = b.add("Add", embedding("word", "input_ids"), embedding("token_type", "token_type_ids"))
    x = norm(b.add("Add", x, embedding("position", positions)), "embeddings.LayerNorm")
    for index in range(layers):
        layer = f"encoder.layer.{index}."
        query = dense(x, layer + "attention.self.query")
        key = split(dense(x, layer + "attention.self.key"), [0, 2, 3, 1])
        value = split(dense(x, layer + "attention.self.value"), [0, 2, 1, 3])
        query = split(query, [0, 2, 1, 3])
        scores = b.add("Div", b.add("MatMul", query, key),
                       b.constant(np.float32((size // heads) ** 0.5)))
        shares = b.add("Softmax", b.add("Add", scores, mask), axis=-1)
        context = b.add("Transpose", b.add("MatMul", shares, value), perm=[0, 2, 1, 3])
        context = b.add("Reshape", context, b.constant(np.array([0, 0, size], np.int64)))
        x = norm(b.add("Add", dense(context, layer + "attention.output.dense"), x),
                 layer + "attention.output.LayerNorm")
        y = gelu(b, dense(x, layer + "intermediate.dense"))
        x = norm(b.add("Add", dense(y, layer + "output.dense"), x), layer + "output.LayerNorm")
    b.add("Identity", x)
    b.rename_last("last_hidden_state")
    ids = (TensorProto.INT64, ["N", "T"])
    return b.model({"input_ids": ids, "attention_mask": ids, "token_type_ids": ids},
                   {"last_hidden_state": (TensorProto.FLOAT, ["N", "T", size])})


def save(model, path):
    onnx.checker.check_model(model)
    onnx.save(model, path)
