#!/usr/bin/env python3
"""Everything `make bench` prints, in one run. Usage: run.py PROGRAM"""

import contextlib
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

import grpc
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import load  # noqa: E402
import onnx_runtime  # noqa: E402
from service import Installation, Process, free_address  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODEL = ROOT / "Models" / "digits" / "model.onnx"
ROUNDS = 3
# The first targets; docs/plan.md says where the figures stand.
TARGETS = {"sgemm": 90.0, "cnn1": 0.75, "echo": 3.0, "gateway": 15.0}


def program(*arguments):
    result = subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=180)
    if result.returncode != 0:
        raise RuntimeError(f"martlet {' '.join(map(str, arguments))}: {result.stderr.strip()}")
    return json.loads(result.stdout)


def median(values):
    return statistics.median(values)


def verdict(good):
    return "met" if good else "missed"


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


ECHO = bytes(range(105))


def row(name, runs, target=""):
    rate = median([r["requestsPerSecond"] for r in runs])
    cpu = median([r["cpuMicroseconds"] for r in runs])
    note = ""
    if target:
        note = f"{TARGETS[target]:.0f} {verdict(cpu <= TARGETS[target])}"
    print(f"  {name:<46} {rate:>9,.0f}  {cpu:>12.2f}  {note}")
    return rate, cpu


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


def check_infer(installation, key, message):
    """The very message that h2load will send, once through a real client."""
    with grpc.secure_channel(installation.address, grpc.ssl_channel_credentials(
            installation.ca)) as channel:
        answer = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")(
            message, timeout=10, metadata=[("authorization", f"Bearer {key}")])
    if np.arange(8, dtype="<f4").tobytes() not in answer:
        raise RuntimeError("the gateway did not answer what was sent")


def calls():
    """Unary calls: our service's own port and grpcio's; then through the gateway."""
    print(f"\nUnary calls, h2load {load.CONNECTIONS} connections × {load.STREAMS} streams,"
          f" median of {ROUNDS} alternating rounds")
    print(f"  {'server':<46} {'calls/s':>9}  {'CPU µs/call':>12}  target")
    path = "/martlet.bench.Echo/Unary"
    servers = [  # name, command, calls in a round
        ("martlet service, async handler, clear", [PROGRAM, "bench", "rpc", "--serve"], 200_000),
        ("grpcio (Python) echo, clear", [sys.executable, ROOT / "bench" / "echo_server.py"],
         8_000)]
    if cpp := compiled("echo_server.cc", "grpc++"):
        servers.append(("gRPC C++ 1.51 echo, clear", [cpp], 100_000))
    runs, started = {name: [] for name, _, _ in servers}, []
    with contextlib.ExitStack() as stack:
        for name, command, calls_a_round in servers:
            address = free_address()
            process = stack.enter_context(Process([*command, address]))
            with grpc.insecure_channel(address) as channel:
                assert channel.unary_unary(path)(ECHO, timeout=5) == ECHO
            url = f"http://{address}{path}"
            load.run(url, ECHO, 5000, process.pid)  # warm
            started.append((name, url, calls_a_round, process.pid))
        for _ in range(ROUNDS):
            for name, url, calls_a_round, pid in started:
                runs[name].append(load.run(url, ECHO, calls_a_round, pid))
    figures = [row(name, runs[name], "" if i else "echo") for i, (name, _, _) in
               enumerate(servers)]
    direct, grpcio = figures[:2]

    with Installation(PROGRAM) as installation:
        key = installation.prepare(ROOT / "Tests" / "Fixtures" / "models" / "identity_fp32")
        message = infer_message()
        check_infer(installation, key, message)
        url = f"https://{installation.address}/inference.GRPCInferenceService/ModelInfer"
        headers = [f"authorization: Bearer {key}"]
        pid = installation.pid("gateway")
        load.run(url, message, 5000, pid, headers)
        through = [load.run(url, message, 60_000, pid, headers) for _ in range(ROUNDS)]
        check_infer(installation, key, message)
        alone = [load.run(url, message, 3_000, pid, headers, connections=1, streams=1)
                 for _ in range(ROUNDS)]
    gateway = row("gateway: TLS, key, rights, access log → model", through, "gateway")
    single = row("the same, one connection, one call at a time", alone)
    print(f"  the service answers at {direct[0] / grpcio[0]:.0f} times grpcio's rate,"
          f" for 1/{grpcio[1] / direct[1]:.0f} of its CPU time a call;"
          f" one call at a time through the gateway takes {1e6 / single[0]:.0f} µs")
    return {
        "echoPerSecond": direct[0], "echoCpuMicroseconds": direct[1],
        "grpcioPerSecond": grpcio[0], "grpcioCpuMicroseconds": grpcio[1],
        "gatewayPerSecond": gateway[0], "gatewayCpuMicroseconds": gateway[1],
        "gatewayOneByOnePerSecond": single[0],
        **({"grpcCppPerSecond": figures[2][0], "grpcCppCpuMicroseconds": figures[2][1]}
           if len(figures) > 2 else {}),
    }


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


def main():
    print_machine()
    medians, missing = {}, []
    for part in (kernels, cnn, calls):
        try:
            medians.update(part())
        except (RuntimeError, OSError, KeyError, ValueError, AssertionError,
                subprocess.SubprocessError, grpc.RpcError) as error:
            print(f"  not measured: {error}")
            missing.append(part.__name__)
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
