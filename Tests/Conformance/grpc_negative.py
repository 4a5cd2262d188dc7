"""gRPC's negative HTTP/2 server: what it sends breaks clients; here our client directly, and the
gateway as a client of it, with the official expectations of each case.

Usage: grpc_negative.py [CASE ...]
"""

import concurrent.futures
import subprocess
import sys
import time

from report import finish, table

import grpc
from installation import BINARY, ROOT, free_port
from lab import Lab

SERVER = ROOT / ".build" / "interop" / "http2_test" / "http2_test_server.py"
# The order of the server's ports.
CASES = ["data_frame_padding", "goaway", "max_streams", "no_df_padding_sanity_test", "ping",
         "rst_after_data", "rst_after_header", "rst_during_data"]
Code = grpc.StatusCode
PATH = "/grpc.testing.TestService/UnaryCall"
REQUEST_BYTES, RESPONSE_BYTES = 271828, 314159


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


# SimpleRequest: response_size is field 2, payload field 3 with its body in field 2.
BODY = b"\x12" + varint(REQUEST_BYTES) + bytes(REQUEST_BYTES)
REQUEST = b"\x10" + varint(RESPONSE_BYTES) + b"\x1a" + varint(len(BODY)) + BODY


class Gateway:
    """grpcio, through the gateway."""

    def __init__(self, lab, port):
        credentials = grpc.composite_channel_credentials(
            grpc.ssl_channel_credentials(lab.installation.ca),
            grpc.access_token_call_credentials(lab.key))
        self.channel = grpc.secure_channel(
            f"127.0.0.1:{lab.gateway(port)}", credentials,
            options=[("grpc.use_local_subchannel_pool", 1)])
        self.method = self.channel.unary_unary(PATH)

    def call(self):
        try:
            return Code.OK, len(self.method(REQUEST, timeout=30))
        except grpc.RpcError as error:
            return error.code(), 0

    def close(self):
        self.channel.close()


def expect(code, size=None):
    def check(outcome):
        if outcome[0] != code:
            return f"expected {code.name}, got {outcome[0].name}"
        if size and not size <= outcome[1] <= size + 32:
            return f"expected {size} bytes, got {outcome[1]}"
        return None
    return check


def run(case, client):
    """Makes the calls of a case as the official client does; returns what was wrong, or None."""
    good = expect(Code.OK, RESPONSE_BYTES)
    if case.startswith("rst_"):
        return expect(Code.INTERNAL)(client.call())
    if case == "goaway":
        first = good(client.call())
        time.sleep(1)
        return first or good(client.call())
    if case == "max_streams":
        first = good(client.call())
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            rest = [good(outcome) for outcome in pool.map(lambda _: client.call(), range(10))]
        return first or next((problem for problem in rest if problem), None)
    return good(client.call())


def ours(case, port):
    result = subprocess.run(
        [str(BINARY), "interop-client", "--server", f"127.0.0.1:{port}", "--negative", case],
        capture_output=True, text=True, timeout=120)
    return None if result.returncode == 0 else (result.stdout + result.stderr).strip()


def complaints(log):
    """Assertions of the server that failed, such as PINGs that nobody answered."""
    return [line for line in log.read_text().splitlines()
            if "AssertionError" in line or "Error:" in line]


def main():
    cases = sys.argv[1:] or CASES
    rows, details = {case: {} for case in cases}, []
    with Lab() as lab:
        base = free_port()
        lab.start([sys.executable, SERVER, "--base_port", base], base, "negative.log")
        log = lab.installation.directory / "negative.log"
        for case in cases:
            port = base + CASES.index(case)
            gateway = Gateway(lab, port)
            for route, attempt in (
                    ("our client", lambda: ours(case, port)),
                    ("gateway", lambda: run(case, gateway))):
                problem = attempt()
                rows[case][route] = "pass" if problem is None else "FAIL"
                if problem:
                    details.append(f"{case}, {route}: {problem}")
            gateway.close()
        for process in list(lab.processes):
            lab.stop(process)
        for line in complaints(log):
            details.append(f"the server: {line}")
    failed = table(rows, ["our client", "gateway"])
    print("\n".join(details))
    unheard = [line for line in details if line.startswith("the server")]
    finish(2 * len(cases) - failed, failed + len(unheard))


main()
