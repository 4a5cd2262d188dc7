"""Slowloris before there is a connection: nobody speaks, or a byte at a time."""

import socket
import time

from http2_frames import PREFACE
from siege import count


def client_hello(siege):
    """The first flight of a TLS client."""
    import ssl
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = siege.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def is_closed(plain):
    try:
        while plain.recv(1 << 16):
            pass
        return True
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_slow_handshake(impatient):
    each = count(30, 600)
    hello = client_hello(impatient)
    seen = impatient.limit_count("handshake") + impatient.limit_count("handshakes_per_loop")
    with impatient.attack("slowloris: TLS handshake") as row:
        sockets = [socket.create_connection(impatient.address(), timeout=20)
                   for _ in range(3 * each)]
        silent, halves, drips = sockets[:each], sockets[each:2 * each], sockets[2 * each:]
        for plain in halves:
            plain.sendall(hello[:len(hello) // 2])
        for at in range(8):
            for plain in drips:
                try:
                    plain.sendall(hello[at:at + 1])
                except ConnectionError:
                    pass
            time.sleep(0.3)
        assert all(is_closed(plain) for plain in silent + halves + drips)
        for plain in sockets:
            plain.close()
        row.sent = f"{3 * each} connections: silent, half a ClientHello, a byte at a time"
        row.end = "closed"
    assert impatient.limit_count("handshake") + impatient.limit_count("handshakes_per_loop") \
        >= seen + 3 * each


def test_slow_preface(impatient):
    connections = count(10, 200)
    with impatient.attack("slowloris: HTTP/2 preface") as row:
        peers = [impatient.raw() for _ in range(connections)]
        for peer in peers:
            peer.send(PREFACE[:7])
        for peer in peers:
            peer.expect_close()
            peer.close()
        row.sent = f"{connections} connections, 7 bytes of the preface"
        row.end = "closed"
