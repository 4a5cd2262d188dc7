#!/usr/bin/env python3
"""Everything `make bench` prints, in one run. Usage: run.py PROGRAM [PART...]"""

import json
import pathlib
import subprocess
import sys
import tempfile

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import calls  # noqa: E402
import front_door  # noqa: E402
import onnx_runtime  # noqa: E402
from common import ROOT, append_history, median, print_machine, verdict  # noqa: E402

MODEL = ROOT / "Models" / "digits" / "model.onnx"
ROUNDS = 3
# The first targets; docs/plan.md says where the figures stand.
TARGETS = {"sgemm": 90.0, "cnn1": 0.75}


def program(*arguments):
    result = subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=180)
    if result.returncode != 0:
        raise RuntimeError(f"martlet {' '.join(map(str, arguments))}: {result.stderr.strip()}")
    return json.loads(result.stdout)


def kernels():
    """SGEMM beside the peak that was measured in the same run."""
    found = program("bench", "kernels", "--json")
    peak = found["peakGflops"]
    print(f"\nSGEMM, float32, one thread, {found['isa']};"
          f" measured peak {peak:.1f} GFLOP/s")
    print(f"  {'size':>5}  {'GFLOP/s':>8}  {'of peak':>8}  target")
    medians = {"peakGflops": round(peak, 1)}
    for row in found["sgemm"]:
        if row.get("threads", 1) != 1:
            continue
        share = 100 * row["gflops"] / peak
        target = f"90 % {verdict(share >= TARGETS['sgemm'])}" if row["size"] >= 256 else "–"
        print(f"  {row['size']:>5}  {row['gflops']:>8.1f}  {share:>6.1f} %  {target}")
        medians[f"sgemm{row['size']}"] = round(row["gflops"], 1)
    return medians


def cnn():
    """The digits CNN in process, beside ONNX Runtime in process."""
    print(f"\nThe digits CNN in process, one thread, µs (median of {ROUNDS} alternating rounds)")
    print(f"  {'batch':>5}  {'martlet':>9}  {'ONNX Runtime':>12}  {'ratio':>6}  target")
    medians = {}
    for batch in (1, 32):
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(program(
                "bench", "serve", "--model", MODEL, "--batch", batch, "--threads", 1,
                "--json")["medianMicroseconds"])
            theirs.append(onnx_runtime.measure(str(MODEL), batch, 1)["medianMicroseconds"])
        ratio = median(ours) / median(theirs)
        target = f"0.75 {verdict(ratio <= TARGETS['cnn1'])}" if batch == 1 else "–"
        print(f"  {batch:>5}  {median(ours):>9.1f}  {median(theirs):>12.1f}  {ratio:>6.2f}"
              f"  {target}")
        medians[f"cnn{batch}"] = median(ours)
        medians[f"cnn{batch}OnnxRuntime"] = median(theirs)
    return medians


def main():
    print_machine()
    medians, missing = {}, []
    parts = {
        "kernels": kernels, "cnn": cnn, "calls": lambda: calls.measure(PROGRAM),
        **{name: lambda part=part: part(PROGRAM) for name, part in front_door.PARTS.items()}}
    for name in sys.argv[2:] or parts:
        try:
            medians.update(parts[name]())
        except (RuntimeError, OSError, KeyError, ValueError, AssertionError,
                subprocess.SubprocessError, grpc.RpcError) as error:
            print(f"  not measured: {error}")
            missing.append(name)
    if medians:
        append_history(medians)
    if missing:
        print(f"\nNot measured: {', '.join(missing)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
    tempfile.tempdir = "/tmp"  # sockets' paths must stay short
    sys.exit(main())
