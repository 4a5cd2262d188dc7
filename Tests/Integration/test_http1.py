"""HTTP/1.1 on the gateway's TLS port: curl, clients without ALPN, and what nobody should send."""

import http.client
import ssl
import subprocess

import pytest

import raw_http1


def curl(server, *arguments):
    """(status, HTTP version, body) of one request."""
    result = subprocess.run(
        ["curl", "--silent", "--show-error", "--cacert", str(server.ca_path), "--max-time", "10",
         "--write-out", "\n%{http_code} %{http_version}", *arguments],
        capture_output=True, text=True, check=True)
    body, _, last = result.stdout.rpartition("\n")
    status, version = last.split()
    return int(status), version, body


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_health_is_open_to_curl(server, version):
    url = f"https://{server.address}/healthz"
    option = {"1.1": "--http1.1", "2": "--http2"}[version]
    assert curl(server, option, url)[:2] == (200, version)
    assert curl(server, option, f"https://{server.address}/nothing")[:2] == (404, version)


def test_clients_without_alpn_speak_http_1_1(server):
    context = ssl.create_default_context(cafile=str(server.ca_path))
    host, port = server.address.rsplit(":", 1)
    connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=10)
    for _ in range(3):  # on one connection
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        assert response.status == 200
        assert response.read()
    connection.close()


def test_a_protocol_that_is_not_served_is_refused_in_the_handshake(server):
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        raw_http1.exchange(server, b"", alpn=("h3", "spdy/3"))


def test_old_clients_get_an_answer_and_the_end(server):
    answer = raw_http1.exchange(server, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close" in answer


SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = b"POST /healthz HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize("data", [
    HEAD + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nG",
    HEAD + b"Content-Length: 0\r\nContent-Length: 4\r\n\r\nabcd",
    HEAD + b"Content-Length: 4, 4\r\n\r\nabcd",
    HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"X: 1\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"X: 1\rContent-Length: 4\r\n\r\nabcd",
    HEAD + b"X: 1\nContent-Length: 4\r\n\r\nabcd",
    HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"GET http://a/healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: x-api-key\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x00\x00",
])
def test_what_may_be_read_in_two_ways_ends_the_connection(server, data):
    answer = raw_http1.exchange(server, data + SMUGGLED)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ", b"HTTP/1.1 505 ")), answer
    assert answer.count(b"HTTP/1.1 ") == 1, "what followed was not read"
    assert b"connection: close\r\n" in answer


def test_oversized_heads_are_refused(server):
    fields = b"".join(b"x-%d: %s\r\n" % (i, b"v" * 1000) for i in range(40))
    answer = raw_http1.exchange(server, b"GET / HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_requests_sent_ahead_are_answered_in_order(server):
    data = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\n" * 50
    with raw_http1.connect(server) as connection:
        connection.sendall(data + b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = raw_http1.read_to_end(connection)
    statuses = [line.split()[1] for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1")]
    assert statuses == [b"200", b"404"] * 50 + [b"200"]
