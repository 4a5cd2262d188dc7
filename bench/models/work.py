"""Floating-point operations of a model's products and convolutions, for GFLOP/s."""

import math

import onnx


def operations(path, inputs):
    """2 × multiplications; None where shapes cannot be inferred, or nothing multiplies."""
    model = onnx.load(path)
    weights = {w.name: list(w.dims) for w in model.graph.initializer}
    given = [i for i in model.graph.input if i.name in inputs]
    for value in given:
        shape = value.type.tensor_type.shape
        del shape.dim[:]
        for size in inputs[value.name].shape:
            shape.dim.add().dim_value = size
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    try:
        graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    except Exception:  # a type of the standard's newer versions: no figure
        return None
    shapes = dict(weights)
    for value in [*graph.value_info, *graph.input, *graph.output]:
        sizes = [d.dim_value for d in value.type.tensor_type.shape.dim]
        shapes.setdefault(value.name, sizes)
    total = 0
    for node in graph.node:
        try:
            total += _node(node, shapes)
        except (KeyError, IndexError):
            return None
    return total or None


def _node(node, shapes):
    sizes = lambda i: shapes[node.input[i]]
    if node.op_type in ("Conv", "QLinearConv"):
        weight = sizes(1 if node.op_type == "Conv" else 3)
        return 2 * math.prod(_known(shapes[node.output[0]])) * math.prod(weight[1:])
    if node.op_type == "ConvTranspose":
        return 2 * math.prod(_known(sizes(0))) * math.prod(sizes(1)[1:])
    if node.op_type == "Gemm":
        return 2 * math.prod(_known(shapes[node.output[0]])) * _inner(node, sizes(0))
    if node.op_type in ("MatMul", "MatMulInteger"):
        return 2 * math.prod(_known(shapes[node.output[0]])) * sizes(0)[-1]
    if node.op_type in ("LSTM", "GRU"):
        steps, batch, _ = _known(sizes(0))
        return 2 * steps * batch * (math.prod(sizes(1)) + math.prod(sizes(2)))
    return 0


def _inner(node, left):
    turned = any(a.name == "transA" and a.i for a in node.attribute)
    return left[0] if turned else left[1]


def _known(shape):
    if not shape or 0 in shape:
        raise KeyError("a size that is not known")
    return shape
