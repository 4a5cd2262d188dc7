"""Slowloris in a header block, and in the head of an HTTP/1.1 request."""

import socket
import time

import http2_frames as h2
from siege import count


def test_slow_headers(impatient):
    connections = count(10, 200)
    seen = impatient.limit_count("headers")
    with impatient.attack("slowloris: a header block") as row:
        peers = [impatient.peer() for _ in range(connections)]
        for peer in peers:
            peer.send(h2.headers(1, h2.block([(":method", "POST")]), flags=0))
        for i in range(4):
            # Not more than are allowed at all.
            time.sleep(0.4)
            for peer in peers:
                peer.send(h2.continuation(1, h2.literal(f"x-{i}", "y"), flags=0))
        for peer in peers:
            peer.expect_close()
            peer.close()
        row.sent = f"{connections} connections, a CONTINUATION now and then"
        row.end = "connection closed"
    assert impatient.limit_count("headers") == seen + connections


def test_slow_head_of_http1(impatient):
    connections = count(10, 200)
    context = impatient.context()
    context.set_alpn_protocols(["http/1.1"])
    with impatient.attack("slowloris: an HTTP/1.1 head") as row:
        clients = [context.wrap_socket(socket.create_connection(impatient.address(), timeout=20),
                                       server_hostname="localhost") for _ in range(connections)]
        for client in clients:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        for i in range(6):
            time.sleep(0.4)
            for client in clients:
                try:
                    client.sendall(b"X-%d: y\r\n" % i)
                except OSError:
                    pass
        for client in clients:
            received = b""
            try:
                while data := client.recv(4_096):
                    received += data
            except ConnectionError:
                pass
            assert b" 200 " not in received and (not received or b" 408 " in received), received
            client.close()
        row.sent = f"{connections} connections, a field every 0.4 s"
        row.end = "408, closed"
