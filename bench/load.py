"""h2load on a gRPC method, and the CPU time a server process spends meanwhile."""

import pathlib
import re
import subprocess
import tempfile

CONNECTIONS, STREAMS = 16, 32


def cpu_seconds(pid):
    """User and system time of all threads of a process, to the nanosecond."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def frame(message):
    return b"\0" + len(message).to_bytes(4, "big") + message


def run(url, message, requests, pid, headers=(), connections=CONNECTIONS, streams=STREAMS):
    """{rate per second, CPU µs per request of `pid`}; fails when a request fails.

    h2load looks at the HTTP status alone. That the answers are good is seen before and after by
    a gRPC client, and here by their size: an error has no message and so is shorter.
    """
    with tempfile.NamedTemporaryFile() as payload:
        payload.write(frame(message))
        payload.flush()
        command = ["h2load", "-n", str(requests), "-c", str(connections), "-m", str(streams),
                   "-t", "1", "-d", payload.name, "-H", "content-type: application/grpc",
                   "-H", "te: trailers"]
        for header in headers:
            command += ["-H", header]
        before = cpu_seconds(pid)
        output = subprocess.run(
            [*command, url], capture_output=True, text=True, timeout=120).stdout
        spent = cpu_seconds(pid) - before
    done = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
    rate = re.search(r"finished in .*, ([\d.]+) req/s", output)
    data = re.search(r"traffic: .* headers .*?, [\d.]+\w* \((\d+)\) data", output)
    if not done or int(done.group(1)) != requests or not rate:
        raise RuntimeError(f"h2load on {url}: {output[-600:]}")
    return {
        "requestsPerSecond": round(float(rate.group(1))),
        "cpuMicroseconds": round(spent * 1e6 / requests, 2),
        "answerBytes": int(data.group(1)) / requests if data else None,
    }
