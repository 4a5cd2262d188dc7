"""Starts `martlet up` on a directory of its own and drives it with the command line.

Everything a test knows about the product comes through what users have: the command line, the
files that `martlet up` promises (tls/ca.pem, admin.key, run/*.pid) and the gateway's port.
"""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import grpc
import psutil

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("MARTLET_BIN", ROOT / ".build" / "release" / "martlet"))
READY_SECONDS_MAX = 30
API_KEY = re.compile(r"mk_[A-Za-z0-9_\-]{20,}")


def free_port():
    """A loopback port below the range that outgoing connections use."""
    while True:
        port = random.randint(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def wait_until(condition, seconds, what):
    """Polls `condition` until it is true; fails with a sentence after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


class CommandFailed(AssertionError):
    def __init__(self, command, result):
        super().__init__(
            f"{' '.join(map(str, command[1:4]))} … ended with {result.returncode}:"
            f" {result.stderr.strip()}")
        self.code, self.stderr = result.returncode, result.stderr


class Installation:
    """One `martlet up`: its processes, its directory, its administrator."""

    def __init__(self, instances=2, limits=None, own_session=True):
        self.own_session = own_session
        # Temporary paths are short because Unix sockets' paths are limited to 107 bytes.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="martlet-"))
        self.data = self.directory / "data"
        self.instances = instances
        self.arguments = []
        if limits:
            path = self.directory / "limits.yaml"
            path.write_text("".join(f"{name}: {value}\n" for name, value in limits.items()))
            self.arguments = ["--limits", path]
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.process = None
        self.log = self.directory / "up.log"

    # --- processes ---------------------------------------------------------------------------

    def start(self):
        started = time.monotonic()
        self.process = subprocess.Popen(
            [BINARY, "up", "--data", self.data, "--listen", self.address,
             "--instances", str(self.instances), *self.arguments],
            stdout=subprocess.PIPE, stderr=open(self.log, "ab"), text=True,
            start_new_session=self.own_session)
        ready = threading.Event()
        self.output = []

        def read(stream):
            for line in stream:
                self.output.append(line.rstrip("\n"))
                if line.startswith("ready https://"):
                    ready.set()
            ready.set()

        threading.Thread(target=read, args=[self.process.stdout], daemon=True).start()
        if not ready.wait(READY_SECONDS_MAX) or self.process.poll() is not None:
            raise AssertionError(
                f"martlet up was not ready: {self.output} {self.log.read_text()[-2000:]}")
        self.ready_seconds = time.monotonic() - started
        return self

    def stop(self, seconds=15):
        """SIGTERM, as an operator stops it; returns the exit code."""
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def close(self):
        children = []
        if self.process is not None and self.process.poll() is None:
            children = psutil.Process(self.process.pid).children(recursive=True)
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for child in children:
            if child.is_running():
                child.kill()
        if not os.environ.get("MARTLET_KEEP"):
            shutil.rmtree(self.directory, ignore_errors=True)

    def pid(self, role):
        """The process id of `gateway`, `auth`, `model-0`, …"""
        return int((self.data / "run" / f"{role}.pid").read_text())

    def roles(self):
        return ["gateway", "auth"] + [f"model-{i}" for i in range(self.instances)]

    def resident_bytes(self, role):
        return psutil.Process(self.pid(role)).memory_info().rss

    def kill(self, role):
        """SIGKILL; returns the process id that died."""
        pid = self.pid(role)
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_restarted(self, role, dead_pid, seconds=10):
        def restarted():
            try:
                pid = self.pid(role)
            except (OSError, ValueError):
                return None
            return pid if pid != dead_pid and psutil.pid_exists(pid) else None
        return wait_until(restarted, seconds, f"{role} to be started again")

    # --- command line ------------------------------------------------------------------------

    @property
    def ca_path(self):
        return self.data / "tls" / "ca.pem"

    @property
    def ca(self):
        return self.ca_path.read_bytes()

    @property
    def admin_key(self):
        return (self.data / "admin.key").read_text().strip()

    def environment(self, key=None):
        return {**os.environ, "MARTLET_ADDRESS": self.address, "MARTLET_CA": str(self.ca_path),
                "MARTLET_API_KEY": key or self.admin_key}

    def run(self, *arguments, key=None, check=True, timeout=60):
        command = [str(BINARY), *map(str, arguments)]
        result = subprocess.run(
            command, env=self.environment(key), capture_output=True, text=True, timeout=timeout)
        if check and result.returncode != 0:
            raise CommandFailed(command, result)
        return result

    def json(self, *arguments, key=None):
        return json.loads(self.run(*arguments, "--json", key=key).stdout)

    def create_tenant(self, name):
        self.run("tenant", "create", name)

    def create_key(self, tenant, role="infer", *arguments, key=None):
        output = self.run(
            "key", "create", "--tenant", tenant, "--role", role, *arguments, key=key).stdout
        return API_KEY.search(output).group(0)

    def deploy(self, path, name, key):
        self.run("model", "deploy", path, "--name", name, key=key)

    # --- channels ----------------------------------------------------------------------------

    def channel(self, key=None, options=()):
        """A grpcio channel that trusts our authority and sends `key` with every call."""
        credentials = grpc.ssl_channel_credentials(root_certificates=self.ca)
        if key:
            credentials = grpc.composite_channel_credentials(
                credentials, grpc.access_token_call_credentials(key))
        options = [("grpc.max_receive_message_length", -1),
                   ("grpc.max_send_message_length", -1),
                   # Channels of one process otherwise share connections.
                   ("grpc.use_local_subchannel_pool", 1), *options]
        return grpc.secure_channel(self.address, credentials, options=options)
