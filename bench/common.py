"""What all benchmarks share: peers to compile, messages to send, figures to print and keep."""

import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
INFER = "/inference.GRPCInferenceService/ModelInfer"
IDENTITY = ROOT / "Tests" / "Fixtures" / "models" / "identity_fp32"


def median(values):
    return statistics.median(values)


def verdict(good):
    return "met" if good else "missed"


def compiled(source, *packages):
    """A peer's server, compiled; None where a library that it needs is not installed."""
    source = ROOT / "bench" / source
    target = ROOT / ".build" / "bench" / source.name.replace(".", "_")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", *packages], capture_output=True,
                           text=True)
    if flags.returncode != 0:
        return None
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        target.parent.mkdir(parents=True, exist_ok=True)
        compiler = ["gcc"] if source.suffix == ".c" else ["g++", "-std=c++17"]
        subprocess.run([*compiler, "-O2", source, "-o", target, *flags.stdout.split()],
                       check=True)
    return target


def infer_message(count=8):
    """ModelInfer of some floats; eight are a real request of about the echo's size."""
    # Hand-made, so that the bench needs no generated code: names, then the raw tensors.
    def varint(value):
        low = bytes([value & 0x7F])
        return low if value < 0x80 else bytes([value & 0x7F | 0x80]) + varint(value >> 7)

    def field(number, payload):
        if isinstance(payload, str):
            payload = payload.encode()
        return varint(number << 3 | 2) + varint(len(payload)) + payload
    tensor = field(1, "INPUT0") + field(2, "FP32") + field(3, varint(1) + varint(count))
    raw = np.arange(count, dtype="<f4").tobytes()
    return field(1, "identity_fp32") + field(5, tensor) + field(7, raw)


def machine():
    model = next((line.split(":", 1)[1].strip() for line in
                  pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    return {"cpu": model, "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}


def commit():
    def git(*arguments):
        return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True,
                              text=True).stdout.strip()
    dirty = git("status", "--porcelain", "--untracked-files=no", "--", ":!bench/history.jsonl")
    return git("rev-parse", "--short", "HEAD") + ("+" if dirty else "")


def print_machine():
    here = machine()
    print(f"{here['cpu']}, {here['cores']} cores, load {here['load']}, commit {commit()}")


def append_history(medians):
    entry = {
        "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": commit(), "machine": machine(), "medians": medians}
    with open(ROOT / "bench" / "history.jsonl", "a") as history:
        history.write(json.dumps(entry) + "\n")
