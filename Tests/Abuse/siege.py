"""A gateway under attack: how the attackers reach it, and what the attack costs it and others."""

import contextlib
import dataclasses
import os
import pathlib
import ssl
import time

import psutil
from tritonclient.grpc import service_pb2

import http2_frames as h2
from bystander import Bystander
from installation import Installation, wait_until
from metrics import metric, operator
from peer import Peer, Target
from raw_http2 import frame

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Fixtures" / "models"
INFER = "/inference.GRPCInferenceService/ModelInfer"
STREAM = "/inference.GRPCInferenceService/ModelStreamInfer"
IS_FULL = os.environ.get("MARTLET_ABUSE") == "full"
# Undisturbed for so long, for comparison.
BEFORE_SECONDS = 3.0 if IS_FULL else 0.2
# Free lists and the allocator keep something; it does not grow with the length of an attack.
KEPT_BYTES_MAX = 24 << 20
MIB = 1 << 20


def count(short, full):
    """How often: some for `make test`, many for `make abuse`."""
    return full if IS_FULL else short


@dataclasses.dataclass
class Row:
    """One line of the table."""

    attack: str
    sent: str = ""
    end: str = ""
    seconds: float = 0
    calls: tuple = ()
    medians: tuple = ()
    p99s: tuple = ()
    processor: tuple = ()
    resident: tuple = ()


class Siege:
    """An installation, one tenant that behaves and one that does not."""

    def __init__(self, rows, limits=None):
        self.rows = rows
        self.installation = Installation(instances=1, limits=limits).start()
        self.keys = {}
        for tenant in ("good", "bad"):
            self.installation.create_tenant(tenant)
            deploy = self.installation.create_key(tenant, "deploy")
            self.installation.deploy(FIXTURES / "identity_fp32", "identity", deploy)
            self.keys[tenant] = self.installation.create_key(tenant, "infer")
            if tenant == "good":
                self.installation.deploy(FIXTURES / "simple", "simple", deploy)
        self.key = self.keys["bad"]
        self.bystander = Bystander(self.installation, self.keys["good"])
        # What everybody's first calls fill once.
        with contextlib.closing(self.peer()) as peer:
            peer.send(*self.call(1))
            peer.expect_response()

    def close(self):
        self.bystander.close()
        self.installation.close()

    # --- the attacker's means ----------------------------------------------------------------

    def context(self):
        context = ssl.create_default_context(cafile=str(self.installation.ca_path))
        context.check_hostname = False
        context.set_alpn_protocols(["h2"])
        return context

    def address(self, role="gateway"):
        if role == "gateway":
            return ("127.0.0.1", self.installation.port)
        host, port = (self.installation.data / "run" / f"{role}.address").read_text().strip() \
            .rsplit(":", 1)
        return host, int(port)

    def raw(self):
        """A TLS connection on which nothing was said."""
        return Peer(Target("gateway", self.address(), self.context(), INFER))

    def peer(self, *settings):
        """A connection whose settings are exchanged."""
        return self.raw().handshake(*settings)

    def head(self, stream, path=INFER, extra=(), key=None, end=False):
        """The HEADERS frame of a gRPC call with the attacker's own, good key."""
        fields = [(":method", "POST"), (":scheme", "https"), (":path", path),
                  (":authority", "localhost"), ("content-type", "application/grpc"),
                  ("te", "trailers"), ("authorization", f"Bearer {key or self.key}"), *extra]
        return h2.headers(stream, h2.block(fields), h2.END_HEADERS | (h2.END_STREAM if end else 0))

    def call(self, stream, floats=16, **options):
        """The frames of a whole call: `floats` numbers, which come back."""
        body = frame(message(floats))
        parts = [body[i:i + h2.FRAME_BYTES_MAX] for i in range(0, len(body), h2.FRAME_BYTES_MAX)]
        last = len(parts) - 1
        return [self.head(stream, **options),
                *(h2.data(stream, part, h2.END_STREAM if i == last else 0)
                  for i, part in enumerate(parts))]

    def counted(self, name, **labels):
        """The sum of one of the gateway's metrics."""
        return metric(operator(self.installation, "gateway"), name, **labels)

    def limit_count(self, name):
        """How often a limit of connections was met, or a call refused."""
        return self.counted("martlet_rpc_limit_total", limit=name) \
            + self.counted("martlet_gateway_rejected_total", reason=name)

    # --- the measurement ---------------------------------------------------------------------

    @contextlib.contextmanager
    def attack(self, title, sent="", role="gateway", kept=KEPT_BYTES_MAX):
        """Measures while it lasts and demands afterwards: the processes live, the well-behaved
        client noticed no failure, descriptors and memory are back."""
        pids = {name: self.installation.pid(name) for name in self.installation.roles()}
        process = psutil.Process(pids[role])
        resident, descriptors = process.memory_info().rss, self._descriptors(process, role)
        before = self._measure(process, BEFORE_SECONDS)
        # Peaks of resident memory are counted from here on.
        pathlib.Path(f"/proc/{process.pid}/clear_refs").write_text("5")
        row = Row(title, sent)
        started, spent = time.monotonic(), _seconds(process)
        self.bystander.figures()
        yield row
        row.seconds = time.monotonic() - started
        during = self.bystander.figures()
        processor = (_seconds(process) - spent) / row.seconds
        for name, pid in pids.items():
            assert self.installation.pid(name) == pid and psutil.pid_exists(pid), f"{name} died"
        assert not during["failures"], during["failures"][:3]
        peak = _peak(process)
        # A connection of its own may come or go meanwhile.
        wait_until(lambda: self._descriptors(process, role) <= descriptors + 4, 20,
                   "descriptors to be closed")
        try:
            wait_until(lambda: process.memory_info().rss <= resident + kept, 15, "memory")
        except AssertionError:
            grown = process.memory_info().rss - resident
            raise AssertionError(
                f"{title}: expected at most {kept >> 20} MiB more resident memory than before,"
                f" got {grown / MIB:.1f}") from None
        self._settle(process, resident)
        last = self.bystander.figures()
        assert not last["failures"], last["failures"][:3]
        row.calls = (_rate(before), _rate(during))
        row.medians = (before["median"], during["median"])
        row.p99s = (before["p99"], during["p99"])
        row.processor = (before["processor"], processor)
        row.resident = (resident / MIB, peak / MIB, process.memory_info().rss / MIB)
        self.rows.append(row)

    def _settle(self, process, resident):
        """What the table shows as kept is what stays: a process looks at its heap every five
        seconds."""
        end = time.monotonic() + (6 if IS_FULL else 0)
        while process.memory_info().rss > resident + 2 * MIB and time.monotonic() < end:
            time.sleep(0.2)

    def _descriptors(self, process, role):
        """Open descriptors but those of connections to services, which stay for a while."""
        count = process.num_fds()
        if role == "gateway":
            count -= self.counted("martlet_gateway_upstream_connections")
        return count

    def _measure(self, process, seconds):
        self.bystander.figures()
        spent = _seconds(process)
        time.sleep(seconds)
        figures = self.bystander.figures()
        figures["processor"] = (_seconds(process) - spent) / figures["seconds"]
        return figures


def message(floats):
    """A request for `identity` of so many numbers."""
    return service_pb2.ModelInferRequest(
        model_name="identity",
        inputs=[service_pb2.ModelInferRequest.InferInputTensor(
            name="INPUT0", datatype="FP32", shape=[1, floats])],
        raw_input_contents=[bytes(4 * floats)]).SerializeToString()


def _seconds(process):
    """CPU time of all threads, to the nanosecond."""
    total = 0
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except FileNotFoundError:
            pass  # ended meanwhile
    return total / 1e9


def _rate(figures):
    return figures["calls"] / figures["seconds"]


def _peak(process):
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10


# --- the table -----------------------------------------------------------------------------------

HEAD = ["attack", "sent", "how it ends for the attacker", "s", "good calls/s", "median ms", "p99 ms",
        "CPU %", "RSS MiB: before, peak, after"]


def table(rows):
    """Markdown: numbers before and while it lasts."""
    def pair(values, scale=1, digits=1):
        return " → ".join("–" if v is None else f"{v * scale:.{digits}f}" for v in values)

    lines = [HEAD, ["---"] * len(HEAD)]
    for row in rows:
        lines.append([
            row.attack, row.sent, row.end, f"{row.seconds:.1f}", pair(row.calls, digits=0),
            pair(row.medians, 1e3), pair(row.p99s, 1e3), pair(row.processor, 100, 0),
            ", ".join(f"{v:.1f}" for v in row.resident)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
