"""Handshakes with a service's own port by who has no certificate of ours."""

import socket
import ssl
import subprocess

import pytest

from siege import count


@pytest.fixture(scope="module")
def rogue(tmp_path_factory):
    """A certificate that says it is the gateway's, signed by itself."""
    folder = tmp_path_factory.mktemp("rogue")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem", "-days", "2",
         "-subj", "/CN=martlet gateway", "-addext",
         "subjectAltName=URI:spiffe://martlet/role/gateway,DNS:localhost"],
        check=True, capture_output=True)
    return folder / "certificate.pem", folder / "key.pem"


@pytest.mark.parametrize("role", ["model-0", "auth"])
def test_bad_certificates(siege, rogue, role):
    handshakes = count(20, 2_000)
    contexts = [siege.context(), siege.context()]
    contexts[1].load_cert_chain(*rogue)
    with siege.attack(f"bad certificates at {role}", role=role) as row:
        for i in range(handshakes):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                plain = socket.create_connection(siege.address(role), timeout=20)
                with contexts[i % 2].wrap_socket(plain, server_hostname="localhost") as secure:
                    # With TLS 1.3 a client learns of its refusal when it reads.
                    if not secure.recv(1):
                        raise ConnectionError
        row.sent = f"{handshakes:,} handshakes: no certificate, a self-signed one"
        row.end = "alert"
