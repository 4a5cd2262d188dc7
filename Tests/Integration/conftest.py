import pathlib

import pytest
import tritonclient.grpc as triton

from installation import BINARY, ROOT, Installation

FIXTURES = ROOT / "Tests" / "Fixtures"
BUNDLED = ["digits", "diabetes", "breast-cancer", "wine"]
SAMPLES = sorted(path.parent.name for path in (FIXTURES / "models").glob("*/model.onnx"))


def pytest_sessionstart(session):
    if not pathlib.Path(BINARY).exists():
        pytest.exit(f"{BINARY} is missing: run `make build` or set MARTLET_BIN", returncode=1)


class Keys:
    """One tenant's keys, one for each role."""

    def __init__(self, installation, tenant):
        self.tenant = tenant
        self.infer = installation.create_key(tenant, "infer")
        self.deploy = installation.create_key(tenant, "deploy")
        self.manage = installation.create_key(tenant, "manage")


@pytest.fixture(scope="session")
def server():
    installation = Installation()
    try:
        yield installation.start()
    finally:
        installation.close()


@pytest.fixture(scope="session")
def keys(server):
    """The tenant that most tests act as, with every sample and bundled model deployed."""
    server.create_tenant("north")
    keys = Keys(server, "north")
    for name in BUNDLED:
        server.deploy(ROOT / "Models" / name, name, keys.deploy)
    for name in SAMPLES:
        server.deploy(FIXTURES / "models" / name, name, keys.deploy)
    return keys


@pytest.fixture(scope="session")
def other(server):
    """A second tenant, with a model of its own."""
    server.create_tenant("south")
    keys = Keys(server, "south")
    server.deploy(FIXTURES / "models" / "simple", "private", keys.deploy)
    return keys


def connect(server, key, module=triton):
    """A tritonclient over TLS with our authority; call with `headers=bearer(key)`."""
    return module.InferenceServerClient(
        server.address, ssl=True, root_certificates=str(server.ca_path))


def bearer(key):
    return {"authorization": f"Bearer {key}"}


@pytest.fixture
def client(server, keys):
    with connect(server, keys.infer) as client:
        yield client


@pytest.fixture
def headers(keys):
    return bearer(keys.infer)
