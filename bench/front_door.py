"""What the gateway costs besides a call: memory, its start, many keys and models, several loops."""

import pathlib
import socket
import ssl
import subprocess
import tempfile
import time

import grpc

import load
from common import IDENTITY, INFER, compiled, infer_message, median, verdict
from service import Gateway, Installation, Process, free_address, pinned

STARTS = 7
IDLE_CONNECTIONS = 2_000
MANY_KEYS, MANY_TENANTS, MANY_MODELS, FEW = 10_000, 1_000, 1_000, 10
ROUNDS = 3


def resident_kib(pid):
    return next(int(line.split()[1]) for line in
                pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                if line.startswith("VmRSS"))


def model_address(installation):
    return (installation.data / "run" / "model-0.address").read_text().strip()


def start(program):
    """From exec to ready, with its services up; and what it holds when nobody calls."""
    times, resident = [], []
    with Installation(program) as installation:
        for _ in range(STARTS):
            began = time.monotonic()
            with Gateway(installation, model_address(installation)) as gateway:
                times.append((time.monotonic() - began) * 1e3)
                time.sleep(1)
                resident.append(resident_kib(gateway.pid) / 1024)
    took, holds = median(times), median(resident)
    print(f"\nGateway's start to ready {took:.0f} ms (≤ 50: {verdict(took <= 50)});"
          f" resident when idle {holds:.1f} MB (≤ 15: {verdict(holds <= 15)})")
    return {"gatewayStartMilliseconds": round(took), "gatewayIdleMegabytes": round(holds, 1)}


def open_idle(address, authority):
    """A client that has said hello and waits: TLS, the preface, SETTINGS both ways."""
    context = ssl.create_default_context(cafile=authority)
    context.set_alpn_protocols(["h2"])
    host, port = address.split(":")
    client = context.wrap_socket(
        socket.create_connection((host, int(port)), timeout=10), server_hostname=host)
    client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
                   + bytes([0, 0, 0, 4, 1, 0, 0, 0, 0]))
    client.recv(4096)
    return client


def idle_connections(program):
    """What a connection without calls costs."""
    with Installation(program) as installation, Gateway(
            installation, model_address(installation)) as gateway:
        authority = installation.data / "tls" / "ca.pem"
        # What the first ones make for all does not count.
        clients = [open_idle(gateway.address, authority) for _ in range(50)]
        time.sleep(2)
        before = resident_kib(gateway.pid)
        clients += [open_idle(gateway.address, authority) for _ in range(IDLE_CONNECTIONS)]
        time.sleep(5)
        each = (resident_kib(gateway.pid) - before) / IDLE_CONNECTIONS
        for client in clients:
            client.close()
    print(f"\nAn idle TLS connection holds {each:.1f} KiB (≤ 40: {verdict(each <= 40)}),"
          f" {IDLE_CONNECTIONS} of them")
    return {"idleConnectionKib": round(each, 1)}


def field(number, payload):
    return bytes([number << 3 | 2, len(payload)]) + payload


def make_keys(installation, tenants, keys):
    """That many tenants with so many keys altogether; the keys' secrets."""
    admin = (installation.data / "admin.key").read_text().strip()
    metadata = [("authorization", f"Bearer {admin}")]
    made = []
    with grpc.secure_channel(installation.address, grpc.ssl_channel_credentials(
            installation.ca)) as channel:
        create_tenant = channel.unary_unary("/martlet.v1.Tenants/CreateTenant")
        create_key = channel.unary_unary("/martlet.v1.Keys/CreateKey")
        for i in range(tenants):
            quota = field(2, bytes([1 << 3, 0xC0, 0x84, 0x3D]))  # 1,000,000 requests per second
            create_tenant(field(1, b"tenant-%d" % i) + quota, metadata=metadata, timeout=10)
        calls = []
        for i in range(keys):
            calls.append(create_key.future(
                field(1, b"tenant-%d" % (i % tenants)), metadata=metadata, timeout=60))
            if len(calls) == 64 or i == keys - 1:
                made += [secret(call.result()) for call in calls]
                calls = []
    return made


def secret(answer):
    """The key in a CreateKeyResponse: the one text that begins like a key."""
    begin = answer.index(b"mk_")
    return answer[begin:begin + answer[begin - 1]].decode()


def scale(program):
    """The same load from ten keys and from ten thousand: what the tables cost a call."""
    echo = compiled("echo_server.c", "libnghttp2", "libssl", "libcrypto")
    client = compiled("load_many.c", "libnghttp2", "libssl", "libcrypto")
    runs = {"few": [], "many": []}
    with Installation(program) as installation, tempfile.TemporaryDirectory() as folder:
        tls, upstream = installation.data / "tls", free_address()
        keys = make_keys(installation, MANY_TENANTS, MANY_KEYS)
        files = {"few": keys[:FEW], "many": keys}
        for name, chosen in files.items():
            (pathlib.Path(folder) / name).write_text("\n".join(chosen) + "\n")
        with Process([*pinned(1), echo, upstream, tls / "model.pem", tls / "model.key",
                      tls / "ca.pem"]), Gateway(installation, upstream, prefix=pinned(0)) as gateway:
            for turn in range(ROUNDS + 1):
                for name, models in (("few", FEW), ("many", MANY_MODELS)):
                    before = load.cpu_seconds(gateway.pid)
                    subprocess.run(
                        [*pinned(1), client, gateway.address, pathlib.Path(folder) / name,
                         str(models), "16", "16", str(3 * MANY_KEYS)],
                        check=True, stdout=subprocess.DEVNULL, timeout=120)
                    if turn:  # the first fills the gateway's cache
                        runs[name].append((load.cpu_seconds(gateway.pid) - before) * 1e6
                                          / (3 * MANY_KEYS))
    few, many = median(runs["few"]), median(runs["many"])
    print(f"\nCPU µs a call with {FEW} keys, tenants and models {few:.2f}; with {MANY_KEYS:,} keys,"
          f" {MANY_TENANTS:,} tenants and {MANY_MODELS:,} models {many:.2f}:"
          f" × {many / few:.2f} (≤ 1.10: {verdict(many <= 1.1 * few)})")
    return {"fewKeysCpuMicroseconds": round(few, 2), "manyKeysCpuMicroseconds": round(many, 2)}


def loop_seconds(pid):
    """CPU seconds by event loop."""
    return {task.name: int((task / "schedstat").read_text().split()[0]) / 1e9
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
            if (task / "comm").read_text().startswith("loop")}


def balance(program):
    """How evenly two loops share the connections of one load."""
    with Installation(program) as installation:
        key = installation.prepare(IDENTITY)
        with Gateway(installation, model_address(installation), threads=2) as gateway:
            before = loop_seconds(gateway.pid)
            load.run(f"https://{gateway.address}{INFER}", infer_message(), 60_000, gateway.pid,
                     [f"authorization: Bearer {key}"], 16, 16)
            spent = sorted(after - before.get(name, 0)
                           for name, after in loop_seconds(gateway.pid).items())
    ratio = spent[-1] / spent[-2]
    print(f"\nTwo loops, 16 connections: the busier one works {ratio:.2f} times as much"
          f" (≤ 1.15: {verdict(ratio <= 1.15)})")
    return {"twoLoopsRatio": round(ratio, 2)}


PARTS = {"start": start, "idle": idle_connections, "scale": scale, "balance": balance}
