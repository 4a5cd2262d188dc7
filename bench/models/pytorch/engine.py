"""ONNX models in PyTorch: converted by onnx2torch, traced and frozen; recurrent layers, which it does
not convert, as PyTorch's own modules with the model's weights."""

import warnings

import onnx
import torch
from onnx import numpy_helper

# The order of the gates in ONNX's weights, in PyTorch's order.
GATES = {"LSTM": [0, 2, 3, 1], "GRU": [1, 0, 2]}


class Recurrent(torch.nn.Module):
    """A graph of one LSTM or GRU over [steps, batch, features], its direction squeezed away."""

    def __init__(self, node, weights):
        super().__init__()
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "GRU" and not attributes.get("linear_before_reset"):
            raise NotImplementedError("GRU with the reset gate before the product")
        if attributes.get("direction", b"forward") != b"forward" or any(node.input[4:]):
            raise NotImplementedError(f"{node.op_type} with more than weights and biases")
        w, r, b = (torch.from_numpy(weights[name].copy()) for name in node.input[1:4])
        order, hidden = GATES[node.op_type], r.shape[2]
        ordered = lambda t: torch.cat([t.split(hidden)[gate] for gate in order])
        biases = b[0].split(len(order) * hidden)
        self.layer = getattr(torch.nn, node.op_type)(w.shape[2], hidden)
        with torch.no_grad():
            for name, values in (("weight_ih_l0", w[0]), ("weight_hh_l0", r[0]),
                                 ("bias_ih_l0", biases[0]), ("bias_hh_l0", biases[1])):
                getattr(self.layer, name).copy_(ordered(values))

    def forward(self, x):
        return self.layer(x)[0]


def constants_as_weights(model):
    """onnx2torch looks for a convolution's weights among the initialisers only."""
    kept = []
    for node in model.graph.node:
        value = next((a.t for a in node.attribute if a.name == "value"), None)
        if node.op_type == "Constant" and value is not None:
            value = onnx.TensorProto.FromString(value.SerializeToString())
            value.name = node.output[0]
            model.graph.initializer.append(value)
        else:
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    return model


def module(path):
    model = constants_as_weights(onnx.load(path))
    weights = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    inputs = [i.name for i in model.graph.input if i.name not in weights]
    outputs = [output.name for output in model.graph.output]
    nodes = model.graph.node
    if [node.op_type for node in nodes[1:]] == ["Squeeze"] and nodes[0].op_type in GATES:
        return Recurrent(nodes[0], weights), inputs, outputs
    from onnx2torch import convert
    return convert(model), inputs, outputs


def load(path, inputs, threads):
    """Functions that run the model and give its answers by name."""
    warnings.filterwarnings("ignore")
    torch.set_num_threads(threads)
    made, names, outputs = module(path)
    given = [torch.from_numpy(inputs[name]) for name in names]
    with torch.inference_mode():
        traced = torch.jit.freeze(torch.jit.trace(made.eval(), given))
        traced = torch.jit.optimize_for_inference(traced)

    def run():
        with torch.inference_mode():
            return traced(*given)

    def answers():
        found = run()
        found = found if isinstance(found, (tuple, list)) else [found]
        return {name: value.numpy() for name, value in zip(outputs, found)}

    return run, answers
