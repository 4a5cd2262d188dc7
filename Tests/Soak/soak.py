#!/usr/bin/env python3
"""Load at 70 % of capacity while things go wrong. Usage: soak.py PROGRAM [MINUTES] [SEED] [FAULT,FAULT…|none]

Two model services; a client that asks the digits model at a steady rate and compares every answer
with the first. Meanwhile, one after the other and drawn from the seed: instances and the auth service
are killed, instances are paused and drained, certificates and their keys replaced, keys revoked, the
model loaded anew. It must hold that

- no call fails and no answer deviates (inference is idempotent);
- no stream is left open when the load has ended;
- memory of what was never restarted, and its descriptors, do not grow after the first minute;
- a revoked key is refused within a second.
"""

import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

import grpc
import numpy as np
import psutil

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Tests" / "Integration"), str(ROOT / "bench")]
if len(sys.argv) > 1:
    os.environ["MARTLET_BIN"] = str(pathlib.Path(sys.argv[1]).resolve())
MINUTES = float(sys.argv[2]) if len(sys.argv) > 2 else 10
SEED = int(sys.argv[3]) if len(sys.argv) > 3 and sys.argv[3] else random.SystemRandom().randrange(1 << 32)

from common import append_history, print_machine  # noqa: E402
from installation import BINARY, Installation, wait_until  # noqa: E402
from test_kill import DIGIT, request  # noqa: E402
from tritonclient.grpc import service_pb2_grpc  # noqa: E402

# To find what a kind of fault leaves behind: by the names of `Faults`.
ONLY = sys.argv[4].split(",") if len(sys.argv) > 4 else None
INSTANCES = 2
SHARE = 0.7
SAMPLE_SECONDS = 2
# Growth that counts as none: what an allocator keeps for the next burst, and for each.
MEMORY_GROWTH_MAX, MEMORY_NOISE_BYTES = 1.05, 2 << 20


def load(installation, key, seconds, rate=0.0):
    return subprocess.Popen(
        [BINARY, "bench", "load", "digits", "--model-version", "1",
         "--input", f"input={installation.directory / 'digit.npy'}",
         "--connections", "4", "--calls", "32", "--seconds", str(seconds), "--rate", str(rate),
         "--json"],
        env=installation.environment(key), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)


def result(process):
    output, errors = process.communicate()
    if not output:
        raise RuntimeError(f"the load ended with {process.returncode}: {errors.strip()}")
    return json.loads(output)


class Faults:
    """Each returns when the installation is whole again."""

    def __init__(self, installation, deploy_key, draw):
        self.installation, self.deploy_key, self.draw = installation, deploy_key, draw
        self.revocations = []

    def instance(self):
        return f"model-{self.draw.randrange(INSTANCES)}"

    def ready_instances(self):
        return gauge(self.installation, 'martlet_gateway_upstreams_ready{service="model"}')

    def whole(self):
        wait_until(lambda: self.ready_instances() == INSTANCES, 60, "all instances to be ready")

    def kill_instance(self):
        role = self.instance()
        self.installation.wait_restarted(role, self.installation.kill(role), 30)
        self.whole()

    def pause_instance(self):
        pid = self.installation.pid(self.instance())
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(self.draw.uniform(0.5, 8))
        finally:
            os.kill(pid, signal.SIGCONT)
        self.whole()

    def drain_instance(self):
        role = self.instance()
        pid = self.installation.pid(role)
        os.kill(pid, signal.SIGTERM)
        self.installation.wait_restarted(role, pid, 30)
        self.whole()

    def kill_auth(self):
        self.installation.wait_restarted("auth", self.installation.kill("auth"), 30)

    def replace_certificates(self):
        """New keys and certificates for every role, of the same authority."""
        folder = self.installation.data / "tls"
        for role in ("gateway", "auth", "model"):
            new = {kind: folder / f".{role}.{kind}" for kind in ("key", "csr", "pem")}
            names = f"DNS:localhost,IP:127.0.0.1,IP:::1,URI:spiffe://martlet/role/{role}"
            openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", f"/O=Martlet/CN=martlet {role}", "-keyout", new["key"],
                    "-out", new["csr"], "-addext", f"subjectAltName={names}",
                    "-addext", "extendedKeyUsage=serverAuth,clientAuth")
            openssl("x509", "-req", "-in", new["csr"], "-CA", folder / "ca.pem", "-CAkey",
                    folder / "ca.key", "-copy_extensions", "copyall", "-days", "30",
                    "-set_serial", str(self.draw.getrandbits(63)), "-out", new["pem"])
            new["csr"].unlink()
            new["pem"].rename(folder / f"{role}.pem")
            new["key"].rename(folder / f"{role}.key")
        time.sleep(3)  # files count as changed when they have been quiet for a second

    def revoke_key(self):
        """Made, used, revoked: refused within a second."""
        key = self.installation.create_key("north", "infer")
        with self.installation.channel(key) as channel:
            stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
            stub.ModelInfer(request(), timeout=30)
            self.installation.run("key", "revoke", key.removeprefix("mk_")[:12])
            revoked = time.monotonic()
            while True:
                try:
                    stub.ModelInfer(request(), timeout=30)
                except grpc.RpcError as error:
                    if error.code() == grpc.StatusCode.UNAUTHENTICATED:
                        break
                    raise
                if time.monotonic() - revoked > 10:
                    break
            self.revocations.append(time.monotonic() - revoked)

    def reload_model(self):
        self.installation.run("model", "load", "digits", key=self.deploy_key)

    ALL = (kill_instance, pause_instance, drain_instance, kill_auth, replace_certificates,
           revoke_key, reload_model)
    CHOSEN = [fault for fault in ALL if ONLY is None or fault.__name__ in ONLY]


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def gauge(installation, name):
    address = (installation.data / "run" / "gateway.operator").read_text().strip()
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(name):
                return float(line.rsplit(" ", 1)[1])
    raise RuntimeError(f"the gateway has no metric {name}")


class Samples(threading.Thread):
    """Memory and descriptors of the gateway, which nothing restarts: bytes that are resident, those of them
    that no file is behind, those that the heap uses, and those that it keeps."""

    COLUMNS = ("resident", "anonymous", "heap used", "heap held")

    def __init__(self, installation):
        super().__init__(daemon=True)
        self.installation, self.rows, self.ending = installation, [], threading.Event()
        self.process = psutil.Process(installation.pid("gateway"))
        self.began = time.monotonic()

    def descriptors(self):
        return self.process.num_fds()

    def now(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        kilobytes = {line.split(":")[0]: line.split()[1] for line in status.splitlines() if "kB" in line}
        return (1024 * int(kilobytes["VmRSS"]), 1024 * int(kilobytes["RssAnon"]),
                gauge(self.installation, "martlet_heap_used_bytes"),
                gauge(self.installation, "martlet_heap_held_bytes"))

    def run(self):
        while not self.ending.wait(SAMPLE_SECONDS):
            self.rows.append((time.monotonic() - self.began, *self.now()))

    def between(self, begin, end):
        """The median of each column."""
        rows = [row[1:] for row in self.rows if begin <= row[0] < end]
        return [statistics.median(column) for column in zip(*rows)]


def soak(installation):
    installation.create_tenant("north")
    deploy_key = installation.create_key("north", "deploy")
    key = installation.create_key("north", "infer")
    installation.deploy(ROOT / "Models" / "digits", "digits", deploy_key)
    np.save(installation.directory / "digit.npy", DIGIT)
    descriptors_idle = psutil.Process(installation.pid("gateway")).num_fds()
    capacity = result(load(installation, key, 10))["callsPerSecond"]
    rate = SHARE * capacity
    print(f"capacity with the client beside it {capacity:.0f} calls/s; {rate:.0f} for"
          f" {MINUTES:g} minutes; seed {SEED}", flush=True)

    draw, seconds = random.Random(SEED), 60 * MINUTES
    faults = Faults(installation, deploy_key, draw)
    gateway = installation.pid("gateway")
    samples = Samples(installation)
    samples.start()
    running = load(installation, key, seconds, rate)
    counts = {fault.__name__: 0 for fault in Faults.CHOSEN}
    while Faults.CHOSEN and time.monotonic() - samples.began < seconds - 15:
        # Each once before any twice.
        fault = draw.choice([f for f in Faults.CHOSEN
                             if counts[f.__name__] == min(counts.values())])
        began = time.monotonic()
        fault(faults)
        counts[fault.__name__] += 1
        print(f"  {began - samples.began:6.1f} s  {fault.__name__.replace('_', ' ')},"
              f" whole after {time.monotonic() - began:.1f} s", flush=True)
        time.sleep(draw.uniform(0.5, 3))
    told = result(running)
    samples.ending.set()

    wait_until(lambda: gauge(installation, "martlet_gateway_open_calls") == 0, 30,
               "the gateway's streams to end")
    # Connections that the load asked for are given back after half a minute.
    wait_until(lambda: samples.descriptors() <= descriptors_idle + 8, 60,
               f"descriptors to come back from {samples.descriptors()} to {descriptors_idle}")
    memory = [samples.between(60 * minute, 60 * minute + 60) for minute in range(int(MINUTES))]
    return report(told, counts, faults, memory, installation.pid("gateway") == gateway)


def report(told, counts, faults, memory, same_gateway):
    first, last = memory[min(1, len(memory) - 1)][0], memory[-1][0]
    times = told["milliseconds"]
    slowest = max(faults.revocations, default=0)
    print(f"\n{told['calls']} calls: {told['statuses']}, {told['deviating']} deviating answers")
    print(f"ms: p50 {times['p50']:.2f}, p99 {times['p99']:.2f}, p99.9 {times['p999']:.1f},"
          f" max {times['max']:.0f}")
    print("faults: " + ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in counts.items()))
    for number, name in enumerate(Samples.COLUMNS):
        print(f"gateway's memory, {name + ',':15} MB by minute: "
              + " ".join(f"{row[number] / 1e6:.1f}" for row in memory))
    print(f"gateway's resident memory {first / 1e6:.1f} MB in the second minute,"
          f" {last / 1e6:.1f} MB in the last; no stream left open, descriptors as before")
    print(f"slowest revocation {slowest:.2f} s")
    wrong = []
    if set(told["statuses"]) != {"OK"} or told["deviating"]:
        wrong.append(f"calls failed: {told['failures'][:5]}")
    if last > MEMORY_GROWTH_MAX * first + MEMORY_NOISE_BYTES:
        wrong.append("the gateway's memory grew")
    if slowest > 1:
        wrong.append(f"a revoked key was taken for {slowest:.2f} s")
    if not same_gateway:
        wrong.append("the gateway was restarted")
    if not all(counts.values()):
        wrong.append("there was no time for every fault: give it more minutes")
    append_history({"soak": {
        "minutes": MINUTES, "seed": SEED, "calls": told["calls"], "statuses": told["statuses"],
        "faults": sum(counts.values()), "p99Milliseconds": round(times["p99"], 2),
        "residentMegabytes": [round(first / 1e6, 1), round(last / 1e6, 1)]}})
    for sentence in wrong:
        print(f"FAILED: {sentence}")
    return 1 if wrong else 0


def main():
    print_machine()
    installation = Installation(instances=INSTANCES)
    try:
        installation.start()
        return soak(installation)
    except Exception:
        print(f"seed {SEED}", file=sys.stderr)
        raise
    finally:
        installation.close()


if __name__ == "__main__":
    sys.exit(main())
