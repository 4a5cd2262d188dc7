"""What TLS scanners of others find on the gateway's port and on a service's: nothing.

A scanner that sees no certificate role is given the gateway's, because a service talks to nobody else.
"""

import json
import pathlib
import shutil
import subprocess
import sys

import pytest

from installation import Installation

# Findings about where a certificate comes from, not about what our ports do:
# a development authority publishes no revocation list and has no OCSP responder, and `localhost`
# has no DNS records.
DEPLOYMENT = {"cert_revocation", "DNS_CAArecord"}
SSLYZE = pathlib.Path(sys.executable).with_name("sslyze")


@pytest.fixture(scope="module")
def world():
    it = Installation(instances=1)
    try:
        yield it.start()
    finally:
        it.close()


def port(world, role):
    """`localhost:PORT` of a role, and what a client of it has to show."""
    if role == "gateway":
        return f"localhost:{world.port}", []
    address = (world.data / "run" / f"{role}.address").read_text().strip()
    folder = world.data / "tls"
    return (f"localhost:{address.rsplit(':', 1)[1]}",
            [folder / "gateway.pem", folder / "gateway.key"])


def sslyze(world, role, *options, report):
    target, identity = port(world, role)
    shown = ["--cert", identity[0], "--key", identity[1]] if identity else []
    result = subprocess.run(
        [SSLYZE, *options, *shown, "--json_out", report, "--certinfo_ca_file", world.ca_path,
         target], capture_output=True, text=True, timeout=300)
    scan = json.loads(report.read_text())["server_scan_results"][0]
    assert scan["connectivity_status"] == "COMPLETED", result.stdout
    return result, scan["scan_result"]


# Services speak TLS 1.3 only, so that they are held to the stricter profile.
@pytest.mark.parametrize("role,profile", [
    ("gateway", "intermediate"), ("model-0", "modern"), ("auth", "modern")])
def test_sslyze_finds_nothing(world, tmp_path, role, profile):
    result, scan = sslyze(
        world, role, f"--mozilla_config={profile}", report=tmp_path / "report.json")
    assert "OK - Compliant" in result.stdout and result.returncode == 0, result.stdout[-4000:]
    assert "FAILED - Not compliant" not in result.stdout
    # The profile looks at versions, suites, curves and certificates; the rest is looked at here.
    found = {name: entry["result"] for name, entry in scan.items() if entry.get("result")}
    assert not found["heartbleed"]["is_vulnerable_to_heartbleed"]
    assert not found["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"]
    assert not found["tls_compression"]["supports_compression"]
    assert "VULNERABLE" not in found["robot"]["robot_result"].replace("NOT_VULNERABLE", "")
    renegotiation = found["session_renegotiation"]
    assert not renegotiation["is_vulnerable_to_client_renegotiation_dos"]
    if role == "gateway":
        assert renegotiation["supports_secure_renegotiation"]
        assert found["tls_fallback_scsv"]["supports_fallback_scsv"]
        assert found["tls_extended_master_secret"]["supports_ems_extension"]


def test_sessions_are_resumed_by_tickets_every_time(world, tmp_path):
    _, scan = sslyze(world, "gateway", "--resum", "--resum_attempts=20",
                     report=tmp_path / "report.json")
    result = scan["session_resumption"]["result"]
    assert result["tls_ticket_successful_resumptions_count"] == 20
    assert result["session_id_successful_resumptions_count"] == 0


@pytest.mark.skipif(not shutil.which("sslscan"), reason="the Debian package sslscan is missing")
@pytest.mark.parametrize("role", ["gateway", "model-0"])
def test_sslscan_sees_what_is_meant(world, role):
    target, identity = port(world, role)
    shown = [f"--certs={identity[0]}", f"--pk={identity[1]}"] if identity else []
    output = subprocess.run(
        ["sslscan", "--no-colour", "--show-cipher-ids", *shown, target], capture_output=True,
        text=True, timeout=120).stdout
    versions = dict(line.split() for line in output.splitlines()
                    if line.startswith(("SSLv", "TLSv")) and len(line.split()) == 2)
    assert versions == {
        "SSLv2": "disabled", "SSLv3": "disabled", "TLSv1.0": "disabled", "TLSv1.1": "disabled",
        "TLSv1.2": "enabled" if role == "gateway" else "disabled", "TLSv1.3": "enabled"}
    suites = [line for line in output.splitlines() if line.startswith(("Preferred", "Accepted"))]
    assert suites and all("GCM" in line or "CHACHA20" in line for line in suites), output
    assert "Session renegotiation not supported" in output or role != "gateway"


@pytest.mark.skipif(not shutil.which("testssl"), reason="the Debian package testssl.sh is missing")
def test_testssl_finds_nothing(world, tmp_path):
    target, _ = port(world, "gateway")
    report = tmp_path / "report.json"
    # Protocols, suites, forward secrecy, preferences, server defaults, vulnerabilities: not the
    # suites one by one and not the simulated clients, which take most of the time.
    subprocess.run(
        ["testssl", "--quiet", "--color", "0", "--add-ca", world.ca_path, "--jsonfile", report,
         "-p", "-s", "-f", "-P", "-S", "-U", target], capture_output=True, timeout=500)
    findings = json.loads(report.read_text())
    assert len(findings) > 50
    bad = [(f["id"], f["severity"], f["finding"]) for f in findings
           if f["severity"] not in ("OK", "INFO", "DEBUG") and f["id"] not in DEPLOYMENT]
    assert bad == []
