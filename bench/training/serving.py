"""What a training takes from those who ask models of the same service: latencies and rates of the digits
network through the gateway (TLS, key, one image a request), without and with a training under way in the same
process, and what the requests leave to the training. Rounds are interleaved, medians are printed.

serving.py PROGRAM [--rounds 3] [--seconds 4]
"""

import argparse
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Integration"))
sys.path.insert(0, str(ROOT / "bench"))
# Name, connections, streams of each, requests a second of each connection (0: as fast as answers come).
LOADS = [("200 a second", 4, 1, 50), ("2,000 a second", 4, 8, 500), ("one after another", 1, 1, 0),
         ("as fast as they come", 16, 8, 0)]


def request():
    """The first bundled sample as a ModelInferRequest, in gRPC's frame."""
    import load
    import numpy
    from tritonclient.grpc import service_pb2

    image = numpy.load(ROOT / "Models/digits/samples/inputs.npy")[:1].astype("float32")
    message = service_pb2.ModelInferRequest(model_name="digits", raw_input_contents=[image.tobytes()])
    message.inputs.add(name="input", datatype="FP32", shape=image.shape)
    return load.frame(message.SerializeToString())


def measure(installation, key, payload, load, seconds):
    """Milliseconds at p50, p99 and p99.9, and requests a second."""
    _, connections, streams, rate = load
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "requests"
        command = ["h2load", "-D", str(seconds), "--warm-up-time", "1", "-c", str(connections), "-m",
                   str(streams), "-t", "1", "-d", str(payload), "--log-file", str(log),
                   "-H", "content-type: application/grpc", "-H", "te: trailers",
                   "-H", f"authorization: Bearer {key}"]
        if rate:
            command += ["--rps", str(rate)]
        command.append(f"https://{installation.address}/inference.GRPCInferenceService/ModelInfer")
        output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
        lines = [line.split("\t") for line in log.read_text().splitlines()]
    times = sorted(int(microseconds) / 1000 for _, status, microseconds in lines if status == "200")
    # An answer of a few bytes says that a request failed: its HTTP status is 200 all the same.
    data = re.search(r"traffic: .* \((\d+)\) data", output)
    if not times or len(times) < len(lines) or not data or int(data.group(1)) < 40 * len(times):
        raise RuntimeError(f"requests failed: {output[-800:]}")
    return [times[len(times) // 2], times[len(times) * 99 // 100], times[len(times) * 999 // 1000],
            len(times) / seconds]


class Training:
    """A job of the mission's network that goes on until it is cancelled."""

    def __init__(self, installation, key, folder):
        self.installation, self.key = installation, key
        self.log = folder / "training.jsonl"
        self.process = subprocess.Popen(
            [os.environ["MARTLET_BIN"], "train", folder / "spec.json", "--data", folder / "digits.npz",
             "--name", "trained", "--log", self.log, "--json"], env=installation.environment(key),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while len(self.lines()) < 3:
            if self.process.poll() is not None:
                raise RuntimeError("the training ended")
            time.sleep(0.05)

    def lines(self):
        if not self.log.exists():
            return []
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.endswith("}")]
        return [line for line in lines if "step" in line]

    def rate(self, begin, end):
        """Examples a second between two times in milliseconds."""
        seen = [line for line in self.lines() if begin <= line["time_ms"] <= end]
        if len(seen) < 2:
            return 0.0
        first, last = seen[0], seen[-1]
        steps = (last["epoch"] - first["epoch"]) * first["steps"] + last["step"] - first["step"]
        return 32 * steps / (last["time_ms"] - first["time_ms"]) * 1000

    def end(self):
        jobs = self.installation.json("train", "list", key=self.key)
        for job in jobs:
            if job["state"] == "RUNNING":
                self.installation.run("train", "cancel", job["id"], key=self.key)
        self.process.wait(60)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("--seconds", default=4, type=int)
    options = parser.parse_args()
    os.environ["MARTLET_BIN"] = str(pathlib.Path(options.program).resolve())
    import networks
    import numpy
    from installation import Installation

    # Linux shares the cores among sessions before it looks at priorities: in one of its own, the training
    # would have the whole session's share against h2load (sched_autogroup_enabled).
    installation = Installation(instances=1, own_session=False)
    found = {(load[0], with_training): [] for load in LOADS for with_training in (False, True)}
    rates = {load[0]: [] for load in LOADS}
    undisturbed = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        x, y = networks.digits()
        numpy.savez(folder / "digits.npz", x=x, y=y)
        description = json.loads((ROOT / "bench/training/cnn.json").read_text())
        description["fit"]["epochs"] = 100_000
        (folder / "spec.json").write_text(json.dumps(description))
        payload = folder / "request"
        payload.write_bytes(request())
        try:
            installation.start()
            installation.create_tenant("bench")
            key = installation.create_key("bench", "deploy")
            installation.deploy(ROOT / "Models/digits", "digits", key)
            for _ in range(options.rounds):
                for load in LOADS:
                    found[load[0], False].append(measure(installation, key, payload, load, options.seconds))
                training = Training(installation, key, folder)
                begin = time.time() * 1000
                time.sleep(options.seconds)
                undisturbed.append(training.rate(begin, time.time() * 1000))
                for load in LOADS:
                    begin = time.time() * 1000 + 1000
                    found[load[0], True].append(measure(installation, key, payload, load, options.seconds))
                    rates[load[0]].append(training.rate(begin, time.time() * 1000))
                training.end()
        finally:
            installation.close()
    alone = statistics.median(undisturbed)
    print(f"Digits through the gateway, milliseconds; medians of {options.rounds} rounds of {options.seconds} s. "
          f"The training alone: {alone:,.0f} examples/s", flush=True)
    print(f"{'requests':22}{'':10}{'p50':>8}{'p99':>8}{'p99.9':>8}{'a second':>10}{'trained/s':>11}")
    for load in LOADS:
        for with_training in (False, True):
            values = [statistics.median(column) for column in zip(*found[load[0], with_training])]
            left = statistics.median(rates[load[0]]) if with_training else 0
            print(f"{load[0] if not with_training else '':22}{'training' if with_training else 'alone':10}"
                  f"{values[0]:8.2f}{values[1]:8.2f}{values[2]:8.2f}{values[3]:10,.0f}"
                  + (f"{left:11,.0f}" if with_training else ""), flush=True)


if __name__ == "__main__":
    sys.exit(main())
