"""Models as ONNX Runtime's own tools leave them: optimised for transformers, quantised
dynamically, and quantised statically in both forms."""

import pathlib
import tempfile

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static)

import bert

# Quantised networks: a quantum of one layer is some per cent of the last one's.
QUANTISED = {"relative": 1e-2, "largest": 1e-2}


def write(suite, seed):
    random = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        transformer(suite, random, folder)
        network(suite, "cnn", cnn(random), {"x": images(random)}, random, folder)
        network(suite, "mlp", mlp(random), {"x": rows(random)}, random, folder)
        lstm(suite, random, folder)


def images(random):
    return random.standard_normal((2, 3, 16, 16)).astype(np.float32)


def rows(random):
    return random.standard_normal((4, 12)).astype(np.float32)


class Calibration(CalibrationDataReader):
    """A few inputs like the one that is asked."""

    def __init__(self, inputs, random):
        self.left = [{name: random.standard_normal(value.shape).astype(np.float32)
                      for name, value in inputs.items()} for _ in range(8)] + [inputs]

    def get_next(self):
        return self.left.pop() if self.left else None


def network(suite, name, model, inputs, random, folder):
    """A network as it is, and quantised in three ways."""
    path, to = folder / f"{name}.onnx", folder / "quantised.onnx"
    onnx.save(model, path)
    suite.add(name, model, inputs)
    quantize_dynamic(path, to)
    suite.add(f"{name}_dynamic", to.read_bytes(), inputs, QUANTISED)
    for form in QuantFormat:
        for activation, weight in [
                (QuantType.QUInt8, QuantType.QInt8), (QuantType.QInt8, QuantType.QInt8),
                (QuantType.QUInt8, QuantType.QUInt8)]:
            for channels in [False, True]:
                if channels and weight == QuantType.QUInt8:
                    continue
                tag = f"{form.name}_{activation.name}_{weight.name}".lower()
                quantize_static(
                    path, to, Calibration(inputs, random), quant_format=form,
                    activation_type=activation, weight_type=weight, per_channel=channels)
                suite.add(f"{name}_{tag}{'_channels' if channels else ''}", to.read_bytes(),
                          inputs, QUANTISED)


class Builder:
    """Nodes in a row, and their weights."""

    def __init__(self, random):
        self.random, self.nodes, self.weights = random, [], []

    def weight(self, *shape, scale=0.3):
        name = f"w{len(self.weights)}"
        array = (self.random.standard_normal(shape) * scale).astype(np.float32)
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def __call__(self, op_type, *inputs, outputs=1, **attributes):
        names = [f"{op_type}{len(self.nodes)}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(op_type, inputs, names, name=names[0], **attributes))
        return names[0] if outputs == 1 else names

    def model(self, shape, outputs, opset=17):
        graph = helper.make_graph(
            self.nodes, "network",
            [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
             for name in outputs], self.weights)
        return helper.make_model(
            graph, ir_version=9, opset_imports=[helper.make_opsetid("", opset)])


def cnn(random):
    """Every layer that the quantiser has a form for."""
    b = Builder(random)
    same = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    first = b("Relu", b("Conv", "x", b.weight(8, 3, 3, 3), b.weight(8), **same))
    second = b("Conv", first, b.weight(8, 1, 3, 3), b.weight(8), group=8, **same)
    joined = b("Add", first, b("LeakyRelu", second, alpha=0.1))
    pooled = b("MaxPool", joined, kernel_shape=[2, 2], strides=[2, 2])
    gate = b("Sigmoid", b("Conv", pooled, b.weight(8, 8, 1, 1), b.weight(8)))
    both = b("Concat", b("Mul", pooled, gate), pooled, axis=1)
    mean = b("AveragePool", both, kernel_shape=[2, 2], strides=[2, 2])
    flat = b("Flatten", b("GlobalAveragePool", mean))
    dense = b("Gemm", flat, b.weight(5, 16), b.weight(5), transB=1)
    return b.model(["batch", 3, 16, 16], [b("Softmax", dense, axis=-1)])


def mlp(random):
    b = Builder(random)
    hidden = b("Relu", b("Add", b("MatMul", "x", b.weight(12, 24)), b.weight(24)))
    hidden = b("Tanh", b("Gemm", hidden, b.weight(24, 16), b.weight(16)))
    return b.model(["batch", 12], [b("MatMul", hidden, b.weight(16, 4))])


def lstm(suite, random, folder):
    b = Builder(random)
    states = b("LSTM", "x", b.weight(2, 64, 12), b.weight(2, 64, 16), b.weight(2, 128), outputs=3,
               hidden_size=16, direction="bidirectional")
    path, to = folder / "lstm.onnx", folder / "quantised.onnx"
    model = b.model(["steps", "batch", 12], states)
    onnx.save(model, path)
    x = {"x": random.standard_normal((9, 2, 12)).astype(np.float32)}
    suite.add("lstm", model, x)
    quantize_dynamic(path, to)
    # ONNX Runtime quantises what meets the weights; here it keeps its digits.
    suite.add("lstm_dynamic", to.read_bytes(), x, {"relative": 3e-2, "largest": 3e-2})


def transformer(suite, random, folder):
    """BERT as exporters write it, joined by the optimiser, and quantised after that."""
    from onnxruntime.transformers import optimizer
    from onnxruntime.transformers.fusion_options import FusionOptions

    path, to = folder / "bert.onnx", folder / "quantised.onnx"
    for opset in [13, 17]:
        inputs = bert.inputs(random)
        onnx.save(bert.model(random, opset), path)
        suite.add(f"bert_{opset}", path.read_bytes(), inputs)
        for tag, change in [
                ("", {}), ("_multi", {"use_multi_head_attention": True}),
                ("_gelu", {"enable_gelu_approximation": True})]:
            options = FusionOptions("bert")
            for key, value in change.items():
                setattr(options, key, value)
            fused = optimizer.optimize_model(
                str(path), "bert", num_heads=bert.HEADS, hidden_size=bert.WIDTH,
                optimization_options=options, opt_level=0)
            name = f"bert_{opset}_optimized{tag}"
            kinds = {node.op_type for node in fused.model.graph.node}
            suite.notes[name] = "joined " + ", ".join(sorted(
                {node.op_type for node in fused.model.graph.node if node.domain}))
            if "SkipLayerNormalization" not in kinds:
                suite.skipped[name] = "the optimiser joined nothing"
                continue
            fused.save_model_to_file(str(to))
            suite.add(name, to.read_bytes(), inputs)
            quantised = folder / "fused_quantised.onnx"
            quantize_dynamic(
                to, quantised, extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})
            suite.add(f"{name}_dynamic", quantised.read_bytes(), inputs, QUANTISED)
        quantize_dynamic(path, to)
        suite.add(f"bert_{opset}_dynamic", to.read_bytes(), inputs, QUANTISED)
