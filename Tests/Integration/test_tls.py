"""What the TLS ports speak and refuse, as clients of others see it; certificates that change."""

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.request

import grpc
import pytest
from tritonclient.grpc import service_pb2_grpc

from conftest import FIXTURES, Keys
from installation import BINARY, ROOT, Installation, free_port, wait_until
from metrics import metric, operator
from test_kill import Load, request

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def world():
    it = Installation(instances=2)
    try:
        it.start()
        it.create_tenant("north")
        it.keys = Keys(it, "north")
        it.deploy(ROOT / "Models" / "digits", "digits", it.keys.deploy)
        yield it
    finally:
        it.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Good and bad certificates, and an OCSP response made now."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run([FIXTURES / "tls" / "make.sh", folder], check=True, timeout=60)
    return folder


class Gateway:
    """A second gateway in front of the same services, with TLS settings of its own."""

    def __init__(self, world, folder, **tls):
        self.port, self.address = free_port(), None
        self.address = f"{HOST}:{self.port}"
        self.operator = f"{HOST}:{free_port()}"
        self.log, self.access = folder / f"{self.port}.log", folder / f"{self.port}.access"
        identity = world.data / "tls"
        run = world.data / "run"
        config = folder / f"{self.port}.yaml"
        config.write_text(json.dumps({
            "listen": self.address, "operator": self.operator,
            "tls": {key: str(value) for key, value in tls.items()},
            "identity": {"certificate": str(identity / "gateway.pem"),
                         "key": str(identity / "gateway.key"),
                         "authority": str(identity / "ca.pem")},
            "auth": [(run / "auth.address").read_text().strip()],
            "models": [(run / "model-0.address").read_text().strip()],
            "accessLog": str(self.access)}))
        self.process = subprocess.Popen(
            [BINARY, "gateway", "--config", config], stderr=open(self.log, "ab"))
        wait_until(lambda: status(f"http://{self.operator}/readyz") == 200, 15, self.log.read_text)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(15) == 0


def status(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status
    except OSError as error:
        return getattr(error, "code", None)


@contextlib.contextmanager
def gateway(world, folder, **tls):
    running = Gateway(world, folder, **tls)
    try:
        yield running
    finally:
        running.close()


def s_client(address, *options, input=b"", timeout=10):
    """What openssl says of a connection."""
    result = subprocess.run(
        ["openssl", "s_client", "-connect", address, "-alpn", "h2", *options], input=input,
        capture_output=True, timeout=timeout)
    return (result.stdout + result.stderr).decode(errors="replace")


def connects(address, *options):
    return "Cipher is (NONE)" not in s_client(address, *options, "-brief", timeout=10) \
        and "CONNECTION ESTABLISHED" in s_client(address, *options, "-brief")


def context(ca, version=None, certificate=None):
    it = ssl.create_default_context(cafile=ca)
    it.set_alpn_protocols(["h2"])
    if version:
        it.minimum_version = it.maximum_version = version
    if certificate:
        it.load_cert_chain(certificate, certificate.parent / "leaf.key")
    return it


@contextlib.contextmanager
def tls(address, it, session=None):
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain:
        with it.wrap_socket(plain, server_hostname="localhost", session=session) as connection:
            yield connection


def serial(address, ca):
    it = context(ca)
    with tls(address, it) as connection:
        return connection.getpeercert()["serialNumber"]


# --- versions, suites, groups ----------------------------------------------------------------

@pytest.mark.parametrize("option,works", [
    ("-tls1_3", True), ("-tls1_2", True), ("-tls1_1", False), ("-tls1", False)])
def test_versions(world, option, works):
    assert connects(world.address, option, "-cipher", "ALL:@SECLEVEL=0") == works


@pytest.mark.parametrize("suite,works", [
    ("ECDHE-ECDSA-AES128-GCM-SHA256", True), ("ECDHE-ECDSA-AES256-GCM-SHA384", True),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", True), ("ECDHE-ECDSA-AES128-SHA256", False),
    ("ECDHE-ECDSA-AES256-SHA", False), ("ECDHE-ECDSA-AES128-CCM", False), ("AES128-SHA", False),
    ("ECDHE-ECDSA-NULL-SHA", False), ("AECDH-AES128-SHA", False)])
def test_suites_of_tls_1_2_are_aead_only(world, suite, works):
    assert connects(world.address, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0") == works


@pytest.mark.parametrize("suite,works", [
    ("TLS_AES_128_GCM_SHA256", True), ("TLS_AES_256_GCM_SHA384", True),
    ("TLS_CHACHA20_POLY1305_SHA256", True), ("TLS_AES_128_CCM_8_SHA256", False)])
def test_suites_of_tls_1_3(world, suite, works):
    assert connects(world.address, "-tls1_3", "-ciphersuites", suite) == works


@pytest.mark.parametrize("group,works", [
    ("X25519", True), ("P-256", True), ("P-384", False), ("P-521", False)])
def test_groups(world, group, works):
    assert connects(world.address, "-groups", group) == works


def test_neither_compression_nor_renegotiation(world):
    output = s_client(world.address, "-tls1_2", input=b"R\n")
    assert "Compression: NONE" in output
    assert "RENEGOTIATING" in output and "no renegotiation" in output


# --- sessions --------------------------------------------------------------------------------

def resumes(address, it, session):
    """Whether the server takes the session, and the one it gives instead."""
    with tls(address, it, session) as connection:
        connection.recv(1)  # tickets of TLS 1.3 come with the first bytes
        return connection.session_reused, connection.session


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_resume_also_after_the_certificate_has_changed(world, certificates, version):
    server, key = certificates / "resume.pem", certificates / "leaf.key"
    server.write_bytes((certificates / "gateway.pem").read_bytes())
    with gateway(world, certificates, certificate=server, key=key) as front:
        it = context(certificates / "ca.pem", version)
        reused, session = resumes(front.address, it, None)
        assert not reused and session.has_ticket
        assert session.ticket_lifetime_hint == 7200
        reused, session = resumes(front.address, it, session)
        assert reused
        before = metric(front.operator, "martlet_tls_handshakes_total", kind="resumed")
        assert before >= 1
        server.write_bytes((certificates / "other.pem").read_bytes())
        front.process.send_signal(signal.SIGHUP)
        wait_until(lambda: metric(front.operator, "martlet_tls_reloads_total",
                                  certificate="server", result="success"), 5, "the reload")
        reused, _ = resumes(front.address, it, session)
        assert reused


def test_gateways_that_share_ticket_keys_resume_each_others_sessions(world, certificates):
    ours = dict(certificate=certificates / "gateway.pem", key=certificates / "leaf.key")
    keys = certificates / "tickets"
    keys.write_bytes(os.urandom(80))
    it = context(certificates / "ca.pem")
    with gateway(world, certificates, ticketKeys=keys, **ours) as one, \
            gateway(world, certificates, ticketKeys=keys, **ours) as two, \
            gateway(world, certificates, **ours) as stranger:
        _, session = resumes(one.address, it, None)
        assert not resumes(stranger.address, it, session)[0]
        reused, session = resumes(two.address, it, session)
        assert reused
        # A new first key encrypts, the old one still decrypts; then it is gone.
        keys.write_bytes(os.urandom(80) + keys.read_bytes())
        one.process.send_signal(signal.SIGHUP)
        wait_until(lambda: metric(one.operator, "martlet_tls_reloads_total",
                                  certificate="server", result="success"), 5, "the reload")
        reused, renewed = resumes(one.address, it, session)
        assert reused
        keys.write_bytes(keys.read_bytes()[:80])
        one.process.send_signal(signal.SIGHUP)
        wait_until(lambda: metric(one.operator, "martlet_tls_reloads_total",
                                  certificate="server", result="success") >= 2, 5, "the reload")
        assert resumes(one.address, it, renewed)[0]
        assert not resumes(one.address, it, session)[0]


# --- OCSP, client certificates ---------------------------------------------------------------

def test_an_ocsp_response_is_stapled_for_who_asks(world, certificates):
    with gateway(world, certificates, certificate=certificates / "gateway.pem",
                 key=certificates / "leaf.key", ocsp=certificates / "ocsp-good.der") as front:
        output = s_client(front.address, "-status", "-CAfile", certificates / "ca.pem")
        assert "OCSP Response Status: successful" in output and "Cert Status: good" in output
        assert "OCSP response" not in s_client(front.address)
        # One that is about another certificate is not sent.
        (certificates / "ocsp-good.der").write_bytes(
            (certificates / "ocsp-other.der").read_bytes())
        front.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "OCSP response: no response sent" in s_client(front.address, "-status"),
                   5, "the other response to be refused")
        wait_until(lambda: "is about another certificate" in front.log.read_text(), 5, "the line")


def infer(front, ca, key=None, certificate=None):
    credentials = grpc.ssl_channel_credentials(
        ca.read_bytes(), *((ca.parent / "leaf.key").read_bytes(), certificate.read_bytes())
        if certificate else ())
    metadata = [("authorization", f"Bearer {key}")] if key else []
    with grpc.secure_channel(f"localhost:{front.port}", credentials) as channel:
        service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer(
            request(), timeout=5, metadata=metadata)


def test_a_client_certificate_is_a_second_factor(world, certificates):
    ca = certificates / "ca.pem"
    with gateway(world, certificates, certificate=certificates / "gateway.pem",
                 key=certificates / "leaf.key", clientAuthority=ca) as front:
        infer(front, ca, world.keys.infer, certificates / "other.pem")
        with pytest.raises(grpc.RpcError) as refused:
            infer(front, ca, None, certificates / "other.pem")
        assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
        for certificate in [None, certificates / "gateway-expired.pem",
                            certificates / "gateway-stranger.pem"]:
            with pytest.raises(grpc.RpcError) as refused:
                infer(front, ca, world.keys.infer, certificate)
            assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        # The command line can show one too.
        shown = ["--client-certificate", certificates / "other.pem",
                 "--client-key", certificates / "leaf.key"]
        address = ["--address", f"localhost:{front.port}", "--ca", ca]
        world.run("model", "list", *address, *shown, key=world.keys.infer)
        assert world.run("model", "list", *address, key=world.keys.infer, check=False).returncode
        # No session goes on without the certificate being looked at again.
        it = context(ca, certificate=certificates / "other.pem")
        _, session = resumes(front.address, it, None)
        assert session is None or not session.has_ticket
    lines = [json.loads(line) for line in front.access.read_text().splitlines()]
    assert {line["client_subject"] for line in lines} == {"/CN=test other"}
    assert all(len(line["client_certificate"]) == 64 for line in lines)
    text = front.log.read_text()
    for reason in ("no_certificate", "expired", "unknown_authority"):
        assert f'"reason":"{reason}"' in text


def test_an_unknown_key_in_the_tls_section_is_an_error(tmp_path):
    config = tmp_path / "gateway.yaml"
    config.write_text("listen: 127.0.0.1:1\ntls: {certificate: a, key: b, clientAuthorty: c}\n")
    result = subprocess.run([BINARY, "gateway", "--config", config], capture_output=True, text=True)
    assert result.returncode == 78 and "unknown key 'tls.clientAuthorty'" in result.stderr


# --- bad certificates at the services' ports -------------------------------------------------

@pytest.mark.parametrize("role", ["auth", "model-0"])
def test_services_refuse_bad_certificates_with_one_clear_line(world, certificates, role):
    address = (world.data / "run" / f"{role}.address").read_text().strip()
    ours = world.data / "tls"
    log = world.data / "log" / f"{role}.log"
    # Gateways and model services call auth, gateways call model services.
    wrong = "auth"
    attempts = {
        "no_certificate": [],
        "unknown_authority": ["-cert", certificates / "gateway.pem",
                              "-key", certificates / "leaf.key"],
        "self_signed": ["-cert", certificates / "gateway-selfsigned.pem",
                        "-key", certificates / "leaf.key"],
        "wrong_role": ["-cert", ours / f"{wrong}.pem", "-key", ours / f"{wrong}.key"],
    }
    for reason, options in attempts.items():
        for _ in range(15):
            s_client(address, *options)
        wait_until(lambda: f'"reason":"{reason}"' in log.read_text(), 5, f"{reason} in the log")
        lines = [line for line in log.read_text().splitlines() if f'"reason":"{reason}"' in line]
        assert len(lines) <= 10 and json.loads(lines[0])["detail"]
        assert metric(operator(world, role), "martlet_tls_handshake_failures_total",
                      reason=reason) >= 15
    assert metric(operator(world, "gateway"), "martlet_gateway_upstreams_ready") >= 3


# --- certificates that change ----------------------------------------------------------------

def issue(folder, role):
    """A new certificate and key for a role, each renamed into place: the key first."""
    run = lambda *command: subprocess.run(  # noqa: E731
        command, cwd=folder, check=True, capture_output=True, timeout=30)
    run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-out", "new.key")
    run("openssl", "req", "-new", "-key", "new.key", "-subj", f"/CN=renewed {role}",
        "-out", "new.csr")
    (folder / "new.ext").write_text(
        "basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\n"
        "extendedKeyUsage=serverAuth,clientAuth\n"
        f"subjectAltName=DNS:localhost,IP:127.0.0.1,URI:spiffe://martlet/role/{role}\n")
    run("openssl", "x509", "-req", "-in", "new.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
        "-days", "30", "-sha256", "-extfile", "new.ext", "-out", "new.pem")
    os.replace(folder / "new.key", folder / f"{role}.key")
    os.replace(folder / "new.pem", folder / f"{role}.pem")


def test_a_broken_pair_keeps_the_old_one(world):
    folder = world.data / "tls"
    before = serial(world.address, world.ca_path)
    key = (folder / "gateway.key").read_bytes()
    failures = metric(operator(world, "gateway"), "martlet_tls_reloads_total", result="failure")
    (folder / "gateway.key").write_bytes((folder / "model.key").read_bytes())
    try:
        wait_until(lambda: metric(operator(world, "gateway"), "martlet_tls_reloads_total",
                                  result="failure") > failures, 10, "the failure to be counted")
        assert serial(world.address, world.ca_path) == before
        log = world.data / "log" / "gateway.log"
        sentence = "new certificates cannot be used; the old ones stay"
        # It is counted before it is written.
        wait_until(lambda: sentence in log.read_text(), 5, "a line in the log")
    finally:
        (folder / "gateway.key").write_bytes(key)


class FreshConnections(threading.Thread):
    """Calls on a new connection each: full handshakes with whatever certificate there is."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.stopping = world, threading.Event()
        self.failures, self.serials, self.count = [], set(), 0

    def run(self):
        while not self.stopping.is_set():
            try:
                with self.world.channel(
                        self.world.keys.infer,
                        options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
                    service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer(
                        request(), timeout=10)
                self.count += 1
                self.serials.add(serial(self.world.address, self.world.ca_path))
            except (grpc.RpcError, OSError) as error:
                self.failures.append(error)


def test_certificates_of_every_role_rotate_under_load_without_a_failed_call(world):
    folder = world.data / "tls"
    fresh = FreshConnections(world)
    with Load(world) as load:
        fresh.start()
        for turn in range(3):
            done = {role: metric(operator(world, role), "martlet_tls_reloads_total",
                                 certificate="server", result="success")
                    for role in world.roles()}
            for role in ("auth", "model", "gateway"):
                issue(folder, role)
            if turn == 1:
                os.kill(world.process.pid, signal.SIGHUP)
            for role in world.roles():
                wait_until(
                    lambda: metric(operator(world, role), "martlet_tls_reloads_total",
                                   certificate="server", result="success") > done[role],
                    10, f"{role} to load its new certificate")
            # New connections between the roles, with the new certificates on both sides.
            dead = world.kill(f"model-{turn % 2}")
            world.wait_restarted(f"model-{turn % 2}", dead)
            load.run_for(1.0)
        fresh.stopping.set()
        fresh.join(15)
    assert load.failures() == []
    assert fresh.failures == [] and fresh.count > 20
    assert len(fresh.serials) >= 3
    left = metric(operator(world, "gateway"), "martlet_tls_certificate_not_after_seconds",
                  certificate="server") - time.time()
    assert 29 * 86_400 < left < 31 * 86_400
