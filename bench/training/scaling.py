"""Examples a second, loss and bytes a step on 5,000 digits with 1, 2 and 4 workers: parameter servers in each
mode, and MPI ranks where mpirun is there, in interleaved rounds beside one process.

scaling.py PROGRAM [--network cnn|wide] [--rounds 3] [--batch 32] [--epochs 4] [--counts 1,2,4]
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

import numpy

from networks import digits

MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none"}


def rows(counts):
    """Names of what is measured, with what is asked of the program."""
    yield "one process", 0, None
    for count in counts:
        for mode in ("synchronous", "asynchronous"):
            yield f"{count} workers, {mode}", count, ["--mode", mode]
    yield "2 workers, synchronous, bf16", 2, ["--mode", "synchronous", "--compression", "bf16"]
    yield "2 workers, synchronous, top 1 %", 2, ["--mode", "synchronous", "--compression", "top_k"]
    yield "2 workers, 2 servers", 2, ["--mode", "synchronous", "--servers", "2"]
    if shutil.which("mpirun"):
        for count in (count for count in counts if count > 1):
            yield f"{count} MPI ranks", count, None


def description(network):
    """The mission's CNN of 17,578 parameters, or dense layers of 1,796,010, where traffic counts for more."""
    value = json.loads((Path(__file__).parent / "cnn.json").read_text())
    if network == "wide":
        value["config"]["layers"][1:] = [
            {"class_name": "Flatten"},
            {"class_name": "Dense", "config": {"units": 1000, "activation": "relu"}},
            {"class_name": "Dense", "config": {"units": 1000, "activation": "relu"}},
            {"class_name": "Dense", "config": {"units": 10, "activation": "softmax"}}]
    return value


def bytes_a_step(notes):
    found = [re.search(r"(\d[\d,]*) bytes", note) for note in notes]
    return next((int(match.group(1).replace(",", "")) for match in found if match), None)


def measure(program, specification, data, examples, name, count, options):
    """Examples a second of the median epoch but the first, the last loss, and bytes a step."""
    if "MPI" in name:
        with tempfile.TemporaryDirectory() as folder:
            text = subprocess.run(
                ["mpirun", "--oversubscribe", "-np", str(count), program, "train", specification, "--data",
                 data, "--output", f"{folder}/model.onnx"],
                env=os.environ | MPI, capture_output=True, text=True, check=True).stdout
        epochs = re.findall(r"^\s*\d+/\d+\s+([\d.]+)\s+[\d.]+\s+(\d+)", text, re.MULTILINE)
        speeds = [float(speed) for _, speed in epochs]
        return statistics.median(speeds[1:]), float(epochs[-1][0]), bytes_a_step(text.splitlines())
    command = [program, "bench", "train", specification, "--data", data, "--json", "--threads", "1"]
    if count:
        command += ["--workers", str(count), "--threads", str(count), *options]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    speed = examples / statistics.median(found["epochs"][1:])
    return speed, found["metrics"]["loss"], bytes_a_step(found["notes"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--network", choices=["cnn", "wide"], default="cnn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--counts", default="1,2,4")
    arguments = parser.parse_args()
    x, y = digits()
    counts = [int(word) for word in arguments.counts.split(",")]
    value = description(arguments.network)
    value["fit"] |= {"batch_size": arguments.batch, "epochs": arguments.epochs}
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        specification, data = f"{folder}/network.json", f"{folder}/digits.npz"
        numpy.savez(data, x=x, y=y)
        Path(specification).write_text(json.dumps(value))
        for _ in range(arguments.rounds):
            for name, count, options in rows(counts):
                found.setdefault(name, []).append(
                    measure(arguments.program, specification, data, len(y), name, count, options))
    base = statistics.median(run[0] for run in found["one process"])
    print(f"{arguments.network + ', batch ' + str(arguments.batch):34} examples/s   ratio      loss  bytes/step")
    for name, runs in found.items():
        speed = statistics.median(run[0] for run in runs)
        loss, moved = runs[-1][1], runs[-1][2]
        print(f"{name:34} {speed:10,.0f} {speed / base:7.2f} "
              f"{'-' if loss is None else f'{loss:9.5f}'} {'-' if moved is None else f'{moved:,}':>11}")


if __name__ == "__main__":
    main()
