"""Unary calls: our service's own port beside the same server in C, gRPC C++ and grpcio; then
through the gateway."""

import contextlib
import pathlib
import subprocess
import sys
import tempfile

import grpc
import numpy as np

import load
from common import IDENTITY, INFER, ROOT, compiled, infer_message, median, verdict
from service import Installation, Process, free_address

ROUNDS = 3
ECHO = bytes(range(105))
ON_LOOP, ASYNC = "/martlet.bench.Echo/OnLoop", "/martlet.bench.Echo/Unary"


def row(name, runs, target=lambda cpu: ""):
    rate = median([r["requestsPerSecond"] for r in runs])
    cpu = median([r["cpuMicroseconds"] for r in runs])
    print(f"  {name:<46} {rate:>9,.0f}  {cpu:>12.2f}  {target(cpu)}")
    return rate, cpu


def check_infer(installation, key, message):
    """The very message that h2load will send, once through a real client."""
    with grpc.secure_channel(installation.address, grpc.ssl_channel_credentials(
            installation.ca)) as channel:
        answer = channel.unary_unary(INFER)(
            message, timeout=10, metadata=[("authorization", f"Bearer {key}")])
    if np.arange(8, dtype="<f4").tobytes() not in answer:
        raise RuntimeError("the gateway did not answer what was sent")


def make_certificate(directory):
    """For this run alone: a certificate and its key."""
    certificate, key = directory / "echo.pem", directory / "echo.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
        check=True, capture_output=True)
    return certificate, key


def servers(program, certificate, key):
    """(name, whether with TLS, path, calls in a round, command for an address)."""
    def ours(address):
        return [program, "bench", "rpc", "--serve", address]

    def ours_tls(address):
        return [*ours(address), "--certificate", certificate, "--key", key]
    c = compiled("echo_server.c", "libnghttp2", "libssl", "libcrypto")
    cpp = compiled("echo_server.cc", "grpc++")
    python = [sys.executable, ROOT / "bench" / "echo_server.py"]
    found = [
        ("c", "C on nghttp2 and OpenSSL, callback, TLS", True, ON_LOOP, 200_000,
         lambda address: [c, address, certificate, key]),
        ("callback", "martlet service, callback handler, TLS", True, ON_LOOP, 200_000, ours_tls),
        ("async", "martlet service, async handler, TLS", True, ASYNC, 200_000, ours_tls),
        ("clear", "martlet service, async handler, clear", False, ASYNC, 200_000, ours),
        ("grpcio", "grpcio (Python) echo, clear", False, ASYNC, 8_000,
         lambda address: [*python, address])]
    if cpp:
        found.insert(3, ("cpp", "gRPC C++ 1.51 echo, TLS", True, ASYNC, 60_000,
                         lambda address: [cpp, address, certificate, key]))
    return found


def echo(program):
    runs = {}
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="martlet-echo-"))
        certificate, key = make_certificate(pathlib.Path(directory))
        credentials = grpc.ssl_channel_credentials(certificate.read_bytes())
        started = []
        for short, name, is_tls, path, count, command in servers(program, certificate, key):
            address = free_address()
            process = stack.enter_context(Process(command(address)))
            with (grpc.secure_channel(address, credentials) if is_tls
                  else grpc.insecure_channel(address)) as channel:
                if channel.unary_unary(path)(ECHO, timeout=5) != ECHO:
                    raise RuntimeError(f"{name} did not answer what was sent")
            url = f"{'https' if is_tls else 'http'}://{address}{path}"
            load.run(url, ECHO, 5000, process.pid)  # warm
            started.append((short, name, url, count, process.pid))
            runs[short] = []
        for _ in range(ROUNDS):
            for short, _, url, count, pid in started:
                runs[short].append(load.run(url, ECHO, count, pid))
    figures = {}

    def target(short):
        yardstick = figures["c"][1] if "c" in figures else 0
        return {
            "callback": lambda cpu: f"≤ 1.15 × C: {cpu / yardstick:.2f},"
                                    f" {verdict(cpu <= 1.15 * yardstick)}",
            "async": lambda cpu: f"≤ 3: {verdict(cpu <= 3)}",
            "cpp": lambda cpu: f"≥ 3 × callback: {cpu / figures['callback'][1]:.1f},"
                               f" {verdict(cpu >= 3 * figures['callback'][1])}",
        }.get(short, lambda cpu: "")
    for short, name, *_ in started:
        figures[short] = row(name, runs[short], target(short))
    return figures


def measure(program):
    print(f"\nUnary calls, h2load {load.CONNECTIONS} connections × {load.STREAMS} streams,"
          f" median of {ROUNDS} alternating rounds")
    print(f"  {'server':<46} {'calls/s':>9}  {'CPU µs/call':>12}  target")
    figures = echo(program)
    with Installation(program) as installation:
        key = installation.prepare(IDENTITY)
        message = infer_message()
        check_infer(installation, key, message)
        url, headers = f"https://{installation.address}{INFER}", [f"authorization: Bearer {key}"]
        pid = installation.pid("gateway")
        load.run(url, message, 5000, pid, headers)
        through = [load.run(url, message, 60_000, pid, headers) for _ in range(ROUNDS)]
        check_infer(installation, key, message)
        alone = [load.run(url, message, 3_000, pid, headers, connections=1, streams=1)
                 for _ in range(ROUNDS)]
    gateway = row("gateway: TLS, key, rights, access log → model", through)
    single = row("the same, one connection, one call at a time", alone)
    print(f"  one call at a time through the gateway takes {1e6 / single[0]:.0f} µs")
    medians = {"gatewayPerSecond": gateway[0], "gatewayCpuMicroseconds": gateway[1],
               "gatewayOneByOnePerSecond": single[0]}
    names = {"c": "echoC", "callback": "echoCallbackTls", "async": "echoAsyncTls",
             "clear": "echo", "grpcio": "grpcio", "cpp": "grpcCppTls"}
    for short, (rate, cpu) in figures.items():
        medians[f"{names[short]}PerSecond"] = rate
        medians[f"{names[short]}CpuMicroseconds"] = cpu
    return medians
