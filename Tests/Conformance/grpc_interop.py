"""gRPC's interoperability cases: its own C++ client and server against ours, directly and through
the gateway. Usage: grpc_interop.py [CASE ...]
"""

import concurrent.futures
import os
import subprocess
import sys

from report import finish, table

from installation import BINARY, ROOT, free_port
from lab import Lab

CASES = """empty_unary large_unary client_compressed_unary server_compressed_unary client_streaming
server_streaming client_compressed_streaming server_compressed_streaming slow_consumer half_duplex
ping_pong cancel_after_begin cancel_after_first_response timeout_on_sleeping_server empty_stream
status_code_and_message special_status_message custom_metadata unimplemented_method
unimplemented_service rpc_soak channel_soak""".split()
OFFICIAL = ROOT / ".build" / "interop" / "bin"
SOAK = ["--soak_iterations=50", "--soak_overall_timeout_seconds=60",
        "--soak_per_iteration_max_acceptable_latency_ms=2000"]


def run(command, environment=None):
    try:
        result = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, timeout=120,
            env={**os.environ, **(environment or {})})
    except subprocess.TimeoutExpired:
        return "hung", "no end within 120 s"
    return "pass" if result.returncode == 0 else "FAIL", result.stdout + result.stderr


def official(case, port, lab=None):
    command = [OFFICIAL / "interop_client", "--server_host=127.0.0.1", f"--server_port={port}",
               f"--test_case={case}", *SOAK]
    if lab is None:
        return run(command)
    return run([*command, "--use_tls", f"--additional_metadata=authorization:Bearer {lab.key}"],
               {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": lab.ca})


def ours(case, port, lab=None):
    command = [BINARY, "interop-client", "--case", case, "--server", f"127.0.0.1:{port}",
               "--soak-iterations", "50"]
    if lab is not None:
        command += ["--ca", lab.ca, "--additional-metadata", f"authorization:Bearer {lab.key}"]
    return run(command)


def main():
    cases = sys.argv[1:] or CASES
    with Lab() as lab:
        our_port, their_port = lab.test_server(), free_port()
        lab.start([OFFICIAL / "interop_server", f"--port={their_port}"], their_port, "official.log")
        routes = {
            "official>ours": (official, our_port, None),
            "official>gateway>ours": (official, lab.gateway(our_port), lab),
            "ours>official": (ours, their_port, None),
            "ours>gateway>official": (ours, lab.gateway(their_port), lab),
        }
        rows = {case: {} for case in cases}
        failures = []
        # Two at a time: most cases wait for each other's messages.
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            pending = {
                pool.submit(client, case, port, front): (case, route)
                for case in cases for route, (client, port, front) in routes.items()}
            for future in concurrent.futures.as_completed(pending):
                case, route = pending[future]
                rows[case][route], output = future.result()
                if rows[case][route] != "pass":
                    failures.append((case, route, output))
        failed = table(rows, list(routes))
        for case, route, output in failures:
            print(f"--- {case}, {route}\n{output[-2000:]}")
    finish(len(cases) * len(routes) - failed, failed)


main()
