"""A small convolutional network in NumPy: forward, backward, Adam.

It exists so that the bundled `digits` model can be trained again anywhere in a few minutes,
without a deep-learning framework of several gigabytes. Arrays are float32; images are
N x C x H x W and weights are laid out as ONNX (and PyTorch) lay them out.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


class Conv3x3:
    """3x3 convolution, stride 1, no padding ("valid"), followed by ReLU."""

    def __init__(self, rng, channels_in, channels_out):
        fan_in = channels_in * 9
        self.weight = rng.normal(0, np.sqrt(2 / fan_in), (channels_out, channels_in, 3, 3))
        self.weight = self.weight.astype(np.float32)
        self.bias = np.zeros(channels_out, np.float32)
        self.parameters = ["weight", "bias"]

    def forward(self, x):
        count, channels, height, width = x.shape
        self.input_shape = x.shape
        windows = sliding_window_view(x, (3, 3), axis=(2, 3)).transpose(0, 2, 3, 1, 4, 5)
        self.columns = windows.reshape(-1, channels * 9)
        y = self.columns @ self.weight.reshape(len(self.weight), -1).T + self.bias
        self.mask = y > 0
        y = (y * self.mask).reshape(count, height - 2, width - 2, -1)
        return y.transpose(0, 3, 1, 2)

    def backward(self, gradient, needs_input_gradient=True):
        channels_out = len(self.weight)
        gradient = gradient.transpose(0, 2, 3, 1).reshape(-1, channels_out) * self.mask
        self.weight_gradient = (gradient.T @ self.columns).reshape(self.weight.shape)
        self.bias_gradient = gradient.sum(0)
        if not needs_input_gradient:
            return None
        count, channels, height, width = self.input_shape
        columns = (gradient @ self.weight.reshape(channels_out, -1)).reshape(
            count, height - 2, width - 2, channels, 3, 3)
        result = np.zeros(self.input_shape, np.float32)
        for i in range(3):
            for j in range(3):
                result[:, :, i:i + height - 2, j:j + width - 2] += (
                    columns[..., i, j].transpose(0, 3, 1, 2))
        return result


class MaxPool2x2:
    """2x2 maximum, stride 2; an odd last row or column is dropped, as ONNX does."""

    parameters = []

    def forward(self, x):
        count, channels, height, width = x.shape
        self.input_shape = x.shape
        h, w = height // 2, width // 2
        blocks = x[:, :, :h * 2, :w * 2].reshape(count, channels, h, 2, w, 2)
        blocks = blocks.transpose(0, 1, 2, 4, 3, 5).reshape(count, channels, h, w, 4)
        self.argmax = blocks.argmax(-1)
        return blocks.max(-1)

    def backward(self, gradient):
        count, channels, h, w = gradient.shape
        blocks = (self.argmax[..., None] == np.arange(4)) * gradient[..., None]
        blocks = blocks.reshape(count, channels, h, w, 2, 2).transpose(0, 1, 2, 4, 3, 5)
        result = np.zeros(self.input_shape, np.float32)
        result[:, :, :h * 2, :w * 2] = blocks.reshape(count, channels, h * 2, w * 2)
        return result


class Dense:
    """Fully connected layer on flattened input; the weight is outputs x inputs."""

    def __init__(self, rng, inputs, outputs):
        self.weight = rng.normal(0, np.sqrt(1 / inputs), (outputs, inputs)).astype(np.float32)
        self.bias = np.zeros(outputs, np.float32)
        self.parameters = ["weight", "bias"]

    def forward(self, x):
        self.input_shape = x.shape
        self.flat = x.reshape(len(x), -1)
        return self.flat @ self.weight.T + self.bias

    def backward(self, gradient):
        self.weight_gradient = gradient.T @ self.flat
        self.bias_gradient = gradient.sum(0)
        return (gradient @ self.weight).reshape(self.input_shape)


class Network:
    """Conv 32, pool, Conv 32, pool, Dense 10, softmax with cross-entropy."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.conv1 = Conv3x3(rng, 1, 32)
        self.pool1 = MaxPool2x2()
        self.conv2 = Conv3x3(rng, 32, 32)
        self.pool2 = MaxPool2x2()
        self.dense = Dense(rng, 32 * 5 * 5, 10)
        self.layers = [self.conv1, self.pool1, self.conv2, self.pool2, self.dense]

    def probabilities(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        x = np.exp(x - x.max(1, keepdims=True))
        return x / x.sum(1, keepdims=True)

    def backward(self, probabilities, labels):
        """Sets every layer's gradients; returns the mean cross-entropy."""
        rows = np.arange(len(labels))
        loss = -np.log(np.maximum(probabilities[rows, labels], 1e-12)).mean()
        gradient = probabilities.copy()
        gradient[rows, labels] -= 1
        gradient /= len(labels)
        gradient = self.pool2.backward(self.dense.backward(gradient))
        gradient = self.pool1.backward(self.conv2.backward(gradient))
        self.conv1.backward(gradient, needs_input_gradient=False)
        return float(loss)


class Adam:
    """Kingma and Ba 2015, algorithm 1, with the paper's default decay rates."""

    def __init__(self, layers):
        self.slots = [
            (layer, name, np.zeros_like(getattr(layer, name)), np.zeros_like(getattr(layer, name)))
            for layer in layers for name in layer.parameters]
        self.step_count = 0

    def step(self, rate):
        self.step_count += 1
        rate *= np.sqrt(1 - 0.999 ** self.step_count) / (1 - 0.9 ** self.step_count)
        for layer, name, mean, square in self.slots:
            gradient = getattr(layer, name + "_gradient")
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient * gradient - square)
            parameter = getattr(layer, name)
            parameter -= np.float32(rate) * mean / (np.sqrt(square) + 1e-8)
