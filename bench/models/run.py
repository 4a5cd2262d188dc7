#!/usr/bin/env python3
"""Models of every class beside ONNX Runtime, OpenVINO and PyTorch, alternately, in one run.
Usage: run.py PROGRAM [--rows TEXT] [--threads 1,2] [--seconds S] [--rounds N] [--peers NAMES]"""

import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
import exact  # noqa: E402
import files  # noqa: E402
import work  # noqa: E402
from common import ROOT, append_history, median, print_machine  # noqa: E402
from rows import ROWS  # noqa: E402


# Peers that are shown beside ONNX Runtime where they run a model.
OTHERS = ("openvino", "pytorch")


class Failure(Exception):
    pass


def called(*command):
    result = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=600)
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines() or [f"status {result.returncode}"]
        raise Failure(lines[-1][:200])
    return json.loads(result.stdout)


def ours(path, inputs, output, threads, seconds):
    return called(PROGRAM, "bench", "serve", "--model", path, "--inputs", inputs, "--output", output,
                  "--threads", threads, "--seconds", seconds, "--json")


def peer(name):
    return lambda path, inputs, output, threads, seconds: called(
        sys.executable, HERE / "peers.py", name, path, inputs, output, threads, seconds)


def difference(answers, expected):
    """The largest difference of an output over its largest magnitude."""
    worst = 0.0
    for name, right in expected.items():
        if name not in answers:
            return math.inf
        left = answers[name]
        if left.shape != right.shape:
            return math.inf
        if right.size and right.dtype.kind == "f":
            scale = max(float(np.abs(right).max()), 1e-30)
            worst = max(worst, float(np.abs(left.astype(np.float64) - right).max()) / scale)
        elif right.size:
            # Labels: the share that differs.
            worst = max(worst, float((left != right).mean()))
    return worst


def measure(row, cache, threads, given, engines, folder):
    path = cache.path(row.model)
    arrays = row.inputs(np.random.default_rng(7))
    inputs = folder / "inputs.npz"
    np.savez(inputs, **arrays)
    times, resident, failures = {}, {}, {}
    for _ in range(given.rounds):
        for name, engine in engines.items():
            if name in failures:
                continue
            try:
                found = engine(path, inputs, folder / f"{name}.npz", threads, given.seconds)
            except (Failure, subprocess.SubprocessError) as failure:
                failures[name] = str(failure)
                continue
            times.setdefault(name, []).append(found["medianMicroseconds"])
            resident[name] = found["residentBytes"]
    times = {name: median(values) for name, values in times.items()}
    apart = {}
    if "martlet" in times and "onnxruntime" in times:
        expected = np.load(folder / "onnxruntime.npz")
        apart = {name: difference(np.load(folder / f"{name}.npz"), expected)
                 for name in times if name != "onnxruntime"}
        far = apart["martlet"]
        if far > row.tolerance and row.explains:
            # Whoever is right, the answers differ, and the row does not count; this says who.
            answers = exact.answers(path, arrays)
            failures["double precision"] = (
                f"ours is {difference(np.load(folder / 'martlet.npz'), answers):.1e} off, ONNX Runtime's "
                f"{difference(expected, answers):.1e} (decision 87)")
    return times, resident, apart, work.operations(path, arrays), failures


def other(name, row, times, apart):
    """A peer's time for the table; marked when it answers otherwise."""
    if name not in times:
        return f"{'–':>10} "
    return f"{times[name]:>10.1f}" + (" " if apart.get(name, math.inf) <= row.tolerance else "!")


def line(row, times, resident, apart, operations, failures):
    """Prints a row; its ratio if it counts."""
    mine, theirs = times.get("martlet"), times.get("onnxruntime")
    if mine is None or theirs is None:
        print(f"  {row.name:<24} not measured: {failures}")
        return None
    rate = f"{operations / mine / 1e3:7.1f}" if operations else "      –"
    far = apart["martlet"]
    good = far <= row.tolerance
    memory = f"{resident['martlet'] / 1e6:.0f}/{resident['onnxruntime'] / 1e6:.0f}"
    print(f"  {row.name:<24} {mine:>10.1f} {theirs:>10.1f} {mine / theirs:>6.2f} {rate} "
          f"{far:>9.1e}{' ' if good else '!'} {memory:>9} "
          + " ".join(other(name, row, times, apart) for name in OTHERS), flush=True)
    if "double precision" in failures:
        print(f"    beside double precision {failures['double precision']}")
    return mine / theirs if good else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--rows", default="", help="only rows whose names contain this text")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--seconds", type=float, default=0.6, help="per engine and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", default=",".join(OTHERS),
                        help="which of these besides ONNX Runtime; empty for none")
    given = parser.parse_args()
    global PROGRAM
    PROGRAM = pathlib.Path(given.program).resolve()
    cache = files.Cache(ROOT / ".build" / "bench" / "models", ROOT)
    engines = {"martlet": ours, "onnxruntime": peer("onnxruntime")}
    for name in filter(None, given.peers.split(",")):
        engines[name] = peer(name)
    rows = [row for row in ROWS if given.rows.lower() in row.name.lower()]
    print_machine()
    medians, failed = {}, []
    for threads in map(int, given.threads.split(",")):
        print(f"\nModels, {threads} thread(s), µs (median of {given.rounds} alternating rounds); ! is an "
              f"answer too far off")
        print(f"  {'model':<24} {'martlet':>10} {'ONNX Rt':>10} {'ratio':>6} GFLOP/s "
              f"{'difference':>10} {'RSS MB':>9} {'OpenVINO':>11} {'PyTorch':>11}")
        ratios = []
        for row in rows:
            with tempfile.TemporaryDirectory(dir="/tmp") as folder:
                found = measure(
                    row, cache, threads, given, engines, pathlib.Path(folder))
            ratio = line(row, *found)
            if ratio is None:
                failed.append(row.name)
            else:
                ratios.append(ratio)
                medians[f"{row.name}, {threads}"] = [
                    round(found[0][name], 1) for name in ("martlet", "onnxruntime")]
        if ratios:
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            print(f"  geometric mean of {len(ratios)} ratios: {mean:.2f} (target 0.70); "
                  f"{sum(r > 1 for r in ratios)} above 1.0 (target 0)")
            medians[f"geometric mean, {threads}"] = round(mean, 3)
    if medians and not given.rows:
        append_history(medians)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
