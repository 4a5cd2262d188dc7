"""TLS 1.2 renegotiation, which would make the server do the dear half of a handshake again."""

import subprocess

from siege import count


def test_renegotiation(siege):
    connections = count(2, 50)
    with siege.attack("TLS renegotiation") as row:
        for _ in range(connections):
            output = subprocess.run(
                ["openssl", "s_client", "-connect", "%s:%d" % siege.address(), "-alpn", "h2",
                 "-tls1_2"], input=b"R\n" * 20, capture_output=True, timeout=20)
            text = (output.stdout + output.stderr).decode(errors="replace")
            assert "RENEGOTIATING" in text and "no renegotiation" in text, text
        row.sent = f"{connections} connections"
        row.end = "no_renegotiation"
