"""RFC 9113 section 9.1: connection management."""

import http2_frames as h2


def test_connection_serves_many_requests(peer):
    for stream in range(1, 61, 2):
        peer.send(peer.request(stream))
        peer.expect_response(stream)
    peer.expect_no_error()


def test_requests_may_be_interleaved(peer):
    streams = range(1, 21, 2)
    peer.send(*(peer.post(stream) for stream in streams))
    peer.send(*(h2.data(stream, b"te") for stream in streams))
    peer.send(*(h2.data(stream, b"st", h2.END_STREAM) for stream in reversed(streams)))
    for stream in streams:
        peer.expect_response(stream)


def test_connections_are_independent(raw, target):
    other = type(raw)(target).handshake()
    raw.send(b"nonsense that is no preface at all")
    raw.expect_close()
    other.send(other.request(1))
    other.expect_response(1)
    other.close()
