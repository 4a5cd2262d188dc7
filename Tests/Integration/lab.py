"""A whole installation with a second gateway in front of a conformance suite's service.

The suites' servers are reached in clear on loopback; the gateway adds TLS and the API key.
"""

import json
import socket
import subprocess
import time

from installation import BINARY, Installation, free_port


def wait_for_port(port, process, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"{process.args[0]} does not listen on {port}")


class Lab:
    """Use with `with`; everything it started has ended afterwards."""

    def __init__(self, installation=None, tenant="suite"):
        self.processes, self.tenant = [], tenant
        self.is_owner = installation is None
        self.installation = installation or Installation(instances=1)

    def __enter__(self):
        if self.is_owner:
            self.installation.start()
        self.installation.create_tenant(self.tenant)
        self.key = self.installation.create_key(self.tenant, "infer")
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            self.stop(process)
        if self.is_owner:
            self.installation.close()

    @property
    def ca(self):
        return str(self.installation.ca_path)

    @property
    def certificate(self):
        """Options that make `martlet testserver` speak TLS with a name of our authority's."""
        tls = self.installation.data / "tls"
        return ["--tls-cert", tls / "gateway.pem", "--tls-key", tls / "gateway.key"]

    def stop(self, process):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process in self.processes:
            self.processes.remove(process)

    def start(self, command, port, log):
        """Starts a server that shall listen on a port; what it prints goes to a file."""
        path = self.installation.directory / log
        process = subprocess.Popen(
            [str(part) for part in command], stdout=open(path, "ab"), stderr=subprocess.STDOUT)
        self.processes.append(process)
        wait_for_port(port, process)
        return process

    def test_server(self, *arguments):
        """Our own `martlet testserver`; returns its port."""
        port = free_port()
        self.start([BINARY, "testserver", "--listen", f"127.0.0.1:{port}", *arguments], port,
                   "testserver.log")
        return port

    def gateway(self, *ports, **settings):
        """A gateway in front of test services on these ports; returns its port. `settings` are
        further keys of its file."""
        data, port = self.installation.data, free_port()
        address = lambda role: (data / "run" / f"{role}.address").read_text().strip()  # noqa: E731
        tls = data / "tls"
        lines = [
            f"listen: 127.0.0.1:{port}",
            f"tls: {{certificate: {tls}/gateway.pem, key: {tls}/gateway.key}}",
            f"identity: {{certificate: {tls}/gateway.pem, key: {tls}/gateway.key,"
            f" authority: {tls}/ca.pem}}",
            f"auth: ['{address('auth')}']",
            f"models: ['{address('model-0')}']",
            f"accessLog: {self.installation.directory}/access-{port}.jsonl",
            f"testServices: {[f'127.0.0.1:{p}' for p in ports]}",
        ] + [f"{key}: {json.dumps(value)}" for key, value in settings.items()]
        path = self.installation.directory / f"gateway-{port}.yaml"
        path.write_text("\n".join(lines) + "\n")
        self.start([BINARY, "gateway", "--config", path], port, f"gateway-{port}.log")
        return port
