import ssl
import subprocess
import threading
import urllib.parse

import pytest

from installation import BINARY, Installation, free_port
from peer import Peer, Target

# The gateway, a service's own port as the gateway sees it, and a bare server in clear and over TLS.
TARGETS = ["gateway-tls", "model-mtls", "rpc-clear", "rpc-tls"]


def pytest_addoption(parser):
    parser.addoption(
        "--server", help="test the server at this URL instead of ours, to check the tests by it")


def pytest_sessionstart(session):
    if not session.config.getoption("--server") and not BINARY.exists():
        pytest.exit(f"{BINARY} is missing: run `make build` or set MARTLET_BIN", returncode=1)


@pytest.fixture(scope="session")
def installation():
    installation = Installation(instances=1)
    try:
        yield installation.start()
    finally:
        installation.close()


def context(installation, role=None):
    """TLS that trusts the installation's authority; as a role when one is named."""
    context = ssl.create_default_context(cafile=str(installation.ca_path))
    # Roles are known by the URI in their certificates, not by a host's name.
    context.check_hostname = False
    context.set_alpn_protocols(["h2"])
    if role:
        folder = installation.data / "tls"
        context.load_cert_chain(folder / f"{role}.pem", folder / f"{role}.key")
    return context


class EchoServer:
    """`martlet bench rpc`: the RPC module's server and nothing else."""

    def __init__(self, *arguments):
        self.address = ("127.0.0.1", free_port())
        self.process = subprocess.Popen(
            [BINARY, "bench", "rpc", "--serve", "%s:%d" % self.address, *arguments],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("ready "), f"martlet bench rpc: {line!r}"
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def close(self):
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="session")
def targets(installation):
    def address(text):
        host, port = text.strip().rsplit(":", 1)
        return host, int(port)

    tls = installation.data / "tls"
    clear = EchoServer()
    secure = EchoServer("--certificate", tls / "gateway.pem", "--key", tls / "gateway.key")
    model = (installation.data / "run" / "model-0.address").read_text()
    yield {
        "gateway-tls": Target(
            "gateway-tls", address(installation.address), context(installation)),
        "model-mtls": Target("model-mtls", address(model), context(installation, "gateway")),
        "rpc-clear": Target("rpc-clear", clear.address),
        "rpc-tls": Target("rpc-tls", secure.address, context(installation)),
    }
    clear.close()
    secure.close()


def pytest_generate_tests(metafunc):
    if "target" in metafunc.fixturenames:
        url = metafunc.config.getoption("--server")
        metafunc.parametrize("target", [url] if url else TARGETS, indirect=True)


@pytest.fixture
def target(request):
    if request.param in TARGETS:
        return request.getfixturevalue("targets")[request.param]
    url = urllib.parse.urlsplit(request.param)
    tls = None
    if url.scheme == "https":
        tls = ssl._create_unverified_context()
        tls.set_alpn_protocols(["h2"])
    return Target(url.netloc, (url.hostname, url.port), tls, url.path)


@pytest.fixture
def raw(target):
    """A connection on which nothing was said yet."""
    peer = Peer(target)
    yield peer
    peer.close()


@pytest.fixture
def peer(raw):
    """A connection whose settings are exchanged and acknowledged."""
    return raw.handshake()
