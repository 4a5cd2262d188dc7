"""h2load on a gRPC method, and the CPU time a server process spends meanwhile."""

import pathlib
import re
import subprocess
import tempfile

CONNECTIONS, STREAMS = 16, 32
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


def cpu_seconds(pid):
    """User and system time of all threads of a process, to the nanosecond."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def frame(message):
    return b"\0" + len(message).to_bytes(4, "big") + message


def percentile(log, share):
    """Of h2load's log: start, status and microseconds of each request."""
    times = sorted(int(line.split("\t")[2]) for line in log.splitlines())
    return times[min(len(times) - 1, int(len(times) * share))] if times else None


def run(url, message, requests, pid, headers=(), connections=CONNECTIONS, streams=STREAMS,
        pinned=()):
    """What h2load saw, and the CPU µs a request of `pid`; fails when a request fails.

    h2load looks at the HTTP status alone. That the answers are good is seen before and after by
    a gRPC client, and here by their size: an error has no message and so is shorter.
    """
    with tempfile.NamedTemporaryFile() as payload, tempfile.TemporaryDirectory() as logs:
        payload.write(frame(message))
        payload.flush()
        log = pathlib.Path(logs) / "requests"
        command = [*pinned, "h2load", "-n", str(requests), "-c", str(connections),
                   "-m", str(streams), "-t", "1", "-d", payload.name, "--log-file", str(log),
                   "-H", "content-type: application/grpc", "-H", "te: trailers"]
        for header in headers:
            command += ["-H", header]
        before = cpu_seconds(pid)
        output = subprocess.run(
            [*command, url], capture_output=True, text=True, timeout=120).stdout
        spent = cpu_seconds(pid) - before
        p99 = percentile(log.read_text(), 0.99) if log.exists() else None
    done = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
    rate = re.search(r"finished in .*, ([\d.]+) req/s", output)
    data = re.search(r"traffic: .* headers .*?, [\d.]+\w* \((\d+)\) data", output)
    mean = re.search(r"time for request:\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)\s", output)
    if not done or int(done.group(1)) != requests or not rate:
        raise RuntimeError(f"h2load on {url}: {output[-600:]}")
    return {
        "requestsPerSecond": round(float(rate.group(1))),
        "cpuMicroseconds": round(spent * 1e6 / requests, 2),
        "meanMicroseconds": round(float(mean.group(1)) * UNITS[mean.group(2)] * 1e6, 1),
        "p99Microseconds": p99,
        "answerBytes": int(data.group(1)) / requests if data else None,
    }
