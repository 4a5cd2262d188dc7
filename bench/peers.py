#!/usr/bin/env python3
"""The gateway beside bare TLS proxies before the same service. Usage: peers.py PROGRAM

Everybody terminates TLS, speaks HTTP/2 on both sides, and reaches the same echo server over mutual
TLS with the same certificate, on one thread pinned to one core; the load and the echo server have
the other. The gateway looks at each call's key, rights, rate and model besides, counts it and logs
it; the proxies do none of that.
"""

import contextlib
import pathlib
import statistics
import subprocess
import sys
import tempfile

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import load  # noqa: E402
from common import (  # noqa: E402
    IDENTITY, INFER, append_history, compiled, infer_message, print_machine)
from proxies import Proxy  # noqa: E402
from service import Gateway, Installation, Process, free_address, pinned  # noqa: E402

ROUNDS = 5
PROXIES = ("haproxy", "nghttpx", "nginx", "envoy")
LOADS = {  # connections × streams, floats in a message, requests in a round
    "small": (16, 16, 8, 30_000), "single": (1, 1, 8, 2_000), "large": (4, 4, 1 << 18, 300)}


def check(address, ca, headers=()):
    """A real client, through the proxy: what was sent comes back."""
    with grpc.secure_channel(address, grpc.ssl_channel_credentials(ca)) as channel:
        call = channel.unary_unary(INFER)
        for count in (8, 1 << 18):
            message = infer_message(count)
            if call(message, timeout=10, wait_for_ready=True, metadata=headers) != message:
                raise RuntimeError(f"{address} did not answer what was sent")


def measure(server, key, kind):
    connections, streams, count, requests = LOADS[kind]
    headers = [f"authorization: Bearer {key}"] if key else []
    return load.run(f"https://{server.address}{INFER}", infer_message(count), requests, server.pid,
                    headers, connections, streams, pinned(1))


def figures(runs):
    """The medians of one server's rounds."""
    def median(kind, name):
        return statistics.median(run[name] for run in runs[kind])
    return {
        "callsPerSecond": median("small", "requestsPerSecond"),
        "cpuMicroseconds": median("small", "cpuMicroseconds"),
        "p99Milliseconds": round(median("small", "p99Microseconds") / 1e3, 2),
        "meanOneByOneMicroseconds": median("single", "meanMicroseconds"),
        "largeMegabytesPerSecond": round(
            median("large", "requestsPerSecond") * len(infer_message(1 << 18)) / 1e6),
        "largeCpuMicroseconds": round(median("large", "cpuMicroseconds"))}


def table(found):
    columns = [("calls/s", "callsPerSecond", max), ("CPU µs", "cpuMicroseconds", min),
               ("p99 ms", "p99Milliseconds", min), ("1×1 mean µs", "meanOneByOneMicroseconds", min),
               ("1 MiB MB/s", "largeMegabytesPerSecond", max),
               ("1 MiB CPU µs", "largeCpuMicroseconds", min)]
    print(f"  {'':<10}" + "".join(f"{title:>14}" for title, _, _ in columns))
    for name, values in found.items():
        print(f"  {name:<10}" + "".join(f"{values[key]:>14,}" for _, key, _ in columns))
    print(f"  {'to the best':<10}", end="")
    for index, (_, key, best) in enumerate(columns):
        others = best(values[key] for name, values in found.items() if name != "gateway")
        print(f"{found['gateway'][key] / others:>{14 if index else 13}.2f}", end="")
    print("\n  gateway: key, rights, rate, model name, metrics and access log for each call; the"
          "\n  others: none of it. All: TLS in, mutual TLS out, one thread.")


def main(program):
    print_machine()
    echo = compiled("echo_server.c", "libnghttp2", "libssl", "libcrypto")
    runs = {}
    with contextlib.ExitStack() as stack:
        installation = stack.enter_context(Installation(program))
        tls = installation.data / "tls"
        key = installation.prepare(IDENTITY, requests_per_second=1_000_000)
        upstream = free_address()
        stack.enter_context(Process([*pinned(1), echo, upstream, tls / "model.pem",
                                     tls / "model.key", tls / "ca.pem"]))
        servers = {"gateway": stack.enter_context(
            Gateway(installation, upstream, prefix=pinned(0)))}
        for name in PROXIES:
            servers[name] = stack.enter_context(Proxy(
                name, free_address(), upstream, installation.directory, tls, pinned(0)))
        for name, server in servers.items():
            check(server.address, installation.ca,
                  [("authorization", f"Bearer {key}")] if name == "gateway" else [])
            getattr(server, "find_worker", lambda: None)()
            runs[name] = {kind: [] for kind in LOADS}
        for round in range(ROUNDS + 1):
            for kind in LOADS:
                for name, server in servers.items():
                    run = measure(server, key if name == "gateway" else None, kind)
                    if round:  # the first only warms
                        runs[name][kind].append(run)
    found = {name: figures(runs[name]) for name in servers}
    connections, streams, *_ = LOADS["small"]
    print(f"\nProxies, {connections} connections × {streams} streams of small unary calls, one call"
          f" at a time, and 1 MiB each way; medians of {ROUNDS} interleaved rounds")
    table(found)
    append_history({"proxies": found})


if __name__ == "__main__":
    tempfile.tempdir = "/tmp"  # sockets' paths must stay short
    main(str(pathlib.Path(sys.argv[1]).resolve()))
