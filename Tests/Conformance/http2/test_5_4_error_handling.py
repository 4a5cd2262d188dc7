"""RFC 9113 section 5.4: error handling."""

import http2_frames as h2
from http2_frames import END_STREAM, Code, Type


def test_connection_error_closes_the_connection(peer):
    peer.send(h2.frame(Type.PING, 0, 0, bytes(6)))
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)


def test_goaway_names_the_last_stream_that_was_looked_at(peer):
    peer.send(peer.request(1), peer.request(3))
    peer.expect_response(1)
    peer.expect_response(3)
    peer.send(h2.window_update(0, 0))
    goaway = peer.read_until(lambda f: f.type == Type.GOAWAY)
    assert int.from_bytes(goaway.payload[:4], "big") == 3
    assert goaway.code == Code.PROTOCOL_ERROR
    peer.expect_close()


def test_what_follows_a_connection_error_is_not_answered(peer):
    peer.send(h2.window_update(0, 0), peer.request(1))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)
    assert not [f for f in peer.frames if f.stream == 1]


def test_goaway_arrives_although_more_was_sent_than_read(peer):
    # Closing a socket with unread bytes would take the GOAWAY along.
    peer.send(h2.window_update(0, 0), *[h2.ping()] * 20_000)
    peer.expect_connection_error(Code.PROTOCOL_ERROR)
    assert not peer.was_reset


def test_stream_error_leaves_the_other_streams_alone(peer):
    peer.send(peer.post(1), peer.request(3, h2.literal("Upper", "case")))
    peer.expect_reset(3, Code.PROTOCOL_ERROR)
    peer.send(h2.data(1, b"test", END_STREAM))
    peer.expect_response(1)


def test_rst_stream_is_not_answered_with_rst_stream(peer):
    peer.send(peer.post(1), h2.rst_stream(1, Code.PROTOCOL_ERROR))
    peer.expect_no_error()


def test_no_frame_follows_our_reset(peer):
    peer.send(peer.request(1, h2.literal("Upper", "case"), end=False))
    peer.expect_reset(1, Code.PROTOCOL_ERROR)
    peer.send(h2.data(1, b"late", END_STREAM))
    assert not [f for f in peer.expect_alive() if f.stream == 1]


def test_connection_that_ends_in_a_frame_does_no_harm(raw, target):
    raw.handshake()
    raw.send(h2.frame(Type.HEADERS, 0, 1, b"\x82", length=100))
    raw.close()
    other = type(raw)(target).handshake()
    other.send(other.request(1))
    other.expect_response(1)
    other.close()
