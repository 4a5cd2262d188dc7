"""Small models as Keras (by tf2onnx) and PyTorch write them, with the weights that layers of the same names
should begin with, in Keras's layout. Writes Tests/TrainingTests/Fixtures/initial; needs keras 3 on tensorflow,
tf2onnx and torch."""

import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from keras import layers as L  # noqa: E402

OUT = Path(__file__).resolve().parent.parent / "Fixtures" / "initial"
random = np.random.default_rng(11)


def of_keras():
    model = keras.Sequential([
        keras.Input((8, 8, 2)), L.Conv2D(4, 3, activation="relu", name="first"),
        L.DepthwiseConv2D(3, name="deep"), L.Flatten(name="flat"),
        L.Dense(6, activation="relu", name="hidden"), L.Dense(3, activation="softmax", name="head")])
    for weight in model.weights:
        weight.assign(random.normal(size=weight.shape) * 0.3)
    model(np.zeros((1, 8, 8, 2), np.float32))
    model.export(OUT / "keras.onnx", format="onnx", verbose=False)
    names = {"first": "first", "deep": "deep", "hidden": "hidden", "head": "head"}
    weights = {}
    for layer in model.layers:
        for weight in layer.weights:
            value = np.array(weight)
            if layer.name == "deep" and value.ndim == 4:
                value = value.reshape(3, 3, 1, 4)
            weights[f"{names[layer.name]}/{weight.name}"] = value
    np.savez(OUT / "keras.npz", **weights)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(2, 4, 3)
        self.norm = torch.nn.BatchNorm2d(4)
        self.hidden = torch.nn.Linear(4, 4)
        self.head = torch.nn.Linear(4, 3)

    def forward(self, x):
        x = torch.relu(self.norm(self.first(x))).mean((2, 3))
        return self.head(torch.relu(self.hidden(x)))


def of_torch():
    torch.manual_seed(3)
    model = Net()
    model(torch.randn(8, 2, 8, 8))
    torch.onnx.export(
        model, (torch.randn(2, 2, 8, 8),), OUT / "torch.onnx", dynamo=False, do_constant_folding=False,
        training=torch.onnx.TrainingMode.PRESERVE)
    state = {name: value.numpy() for name, value in model.eval().state_dict().items()}
    np.savez(OUT / "torch.npz", **{
        "first/kernel": state["first.weight"].transpose(2, 3, 1, 0), "first/bias": state["first.bias"],
        "norm/gamma": state["norm.weight"], "norm/beta": state["norm.bias"],
        "norm/moving_mean": state["norm.running_mean"],
        "norm/moving_variance": state["norm.running_var"],
        "hidden/kernel": state["hidden.weight"].T, "hidden/bias": state["hidden.bias"],
        "head/kernel": state["head.weight"].T, "head/bias": state["head.bias"]})


OUT.mkdir(exist_ok=True)
of_keras()
of_torch()
