"""Processes that the benchmarks start and stop: an installation, or one server."""

import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import tempfile


def free_address():
    """A loopback port below the range that outgoing connections use."""
    while True:
        port = random.randint(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return f"127.0.0.1:{port}"
            except OSError:
                continue


def pinned(core):
    """A command's prefix that keeps it on one core, where there are several."""
    return ("taskset", "-c", str(core % os.cpu_count()))


class Process:
    """A server that prints a line starting with `ready` when it serves. What it logs is shown when
    it does not."""

    def __init__(self, command, environment=None):
        self.command = [str(part) for part in command]
        self.environment = {**os.environ, **(environment or {})}

    def __enter__(self):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=self.log, text=True, env=self.environment)
        for line in self.process.stdout:
            if line.startswith("ready"):
                self.pid = self.process.pid
                return self
        code = self.process.wait()
        self.log.seek(0)
        raise RuntimeError(
            f"{' '.join(self.command)} ended with {code}: {self.log.read()[-1000:].strip()}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()


class Installation:
    """`martlet up` in a directory of its own."""

    def __init__(self, program, instances=1):
        self.program, self.address = program, free_address()
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="martlet-bench-"))
        self.data = self.directory / "data"
        self.process = Process([program, "up", "--data", self.data, "--listen", self.address,
                                "--instances", instances])

    def __enter__(self):
        self.process.__enter__()
        return self

    def __exit__(self, *arguments):
        self.process.__exit__(*arguments)
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def ca(self):
        return (self.data / "tls" / "ca.pem").read_bytes()

    def pid(self, role):
        return int((self.data / "run" / f"{role}.pid").read_text())

    def run(self, *arguments, key=None):
        environment = {
            **os.environ, "MARTLET_ADDRESS": self.address,
            "MARTLET_CA": str(self.data / "tls" / "ca.pem"),
            "MARTLET_API_KEY": key or (self.data / "admin.key").read_text().strip()}
        result = subprocess.run([self.program, *map(str, arguments)], env=environment,
                                capture_output=True, text=True, timeout=60)
        if result.returncode != 0:
            raise RuntimeError(f"martlet {arguments[0]}: {result.stderr.strip()}")
        return result.stdout

    def prepare(self, model, requests_per_second=0):
        """A tenant with `model` deployed under its folder's name; returns a key to use it."""
        self.run("tenant", "create", "bench", "--requests-per-second", requests_per_second)
        deploy, infer = [
            re.search(r"mk_\S+", self.run(
                "key", "create", "--tenant", "bench", "--role", role)).group(0)
            for role in ("deploy", "infer")]
        self.run("model", "deploy", model, "--name", pathlib.Path(model).name, key=deploy)
        return infer


class Gateway(Process):
    """One more gateway of an installation, before a service that it does not know of."""

    def __init__(self, installation, upstream, threads=1, prefix=(), program=None):
        self.address, self.operator = free_address(), free_address()
        tls, directory = installation.data / "tls", installation.directory
        identity = {"certificate": str(tls / "gateway.pem"), "key": str(tls / "gateway.key")}
        path = directory / f"gateway-{self.address}.json"
        path.write_text(json.dumps({
            "listen": self.address, "operator": self.operator, "tls": identity,
            "identity": {**identity, "authority": str(tls / "ca.pem")},
            "auth": [(installation.data / "run" / "auth.address").read_text().strip()],
            "models": [upstream], "accessLog": str(directory / "access.jsonl"),
            "threads": threads}))
        super().__init__([*prefix, program or installation.program, "gateway", "--config", path],
                         {"MARTLET_READY_FD": "1"})
