#!/usr/bin/env python3
"""How long models take to load, and what they leave, beside ONNX Runtime.
Usage: startup.py PROGRAM [--models NAMES] [--cycles N] [--rounds N]; startup.py --peer MODEL CYCLES"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
import files  # noqa: E402
from common import ROOT, median, print_machine  # noqa: E402

MODELS = "minilm-l6,resnet50,minilm-l6-int8,mobilenet-v2"


def peer(path, cycles):
    """ONNX Runtime's sessions as `martlet bench startup` measures ours, one thread, without runs."""
    import onnxruntime as engine
    engine.set_default_logger_severity(3)
    options = engine.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1

    def resident():
        return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    before, times, grown, settled = resident(), [], 0, 0
    for cycle in range(cycles):
        if cycle == 10:
            settled = resident()
        started = time.perf_counter()
        session = engine.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        times.append((time.perf_counter() - started) * 1e3)
        if cycle == 0:
            grown = resident() - before
        del session
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"coldMilliseconds": times[0], "warmMilliseconds": median(times[1:]),
            "residentBytes": grown, "peakResidentBytes": peak - before,
            "emptyBytesAfterTen": settled, "emptyBytes": resident()}


def measured(*command):
    # Status 1 says that memory grew; the table shows by how much.
    result = subprocess.run([*map(str, command)], capture_output=True, text=True)
    if not result.stdout:
        sys.exit(result.stderr.strip())
    return json.loads(result.stdout)


def show(name, rows):
    middle = {key: median([row[key] for row in rows]) for key in rows[0]}
    growth = middle["emptyBytes"] / middle["emptyBytesAfterTen"] * 100 - 100
    print(f"    {name:<14} {middle['coldMilliseconds']:>9.1f} {middle['warmMilliseconds']:>9.1f} "
          f"{middle['residentBytes'] / 1e6:>9.0f} {middle['peakResidentBytes'] / 1e6:>9.0f} "
          f"{growth:>+8.1f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    cache = files.Cache(ROOT / ".build" / "bench" / "models", ROOT)
    print_machine()
    print(f"  {'':<16} {'cold ms':>9} {'warm ms':>9} {'MB':>9} {'MB at most':>10} "
          f"{'% left':>7}  ({given.cycles} cycles)")
    for name in given.models.split(","):
        path = cache.path(name)
        print(f"  {name}, {path.stat().st_size / 1e6:.0f} MB")
        ours, theirs = [], []
        for _ in range(given.rounds):
            ours.append(measured(given.program, "bench", "startup", "--model", path,
                                 "--cycles", given.cycles, "--json"))
            theirs.append(measured(sys.executable, __file__, "--peer", path, given.cycles))
        show("Martlet", ours)
        show("ONNX Runtime", theirs)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        print(json.dumps(peer(sys.argv[2], int(sys.argv[3]))))
    else:
        main()
