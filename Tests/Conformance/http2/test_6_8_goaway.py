"""RFC 9113 section 6.8: GOAWAY."""

import pytest

import http2_frames as h2
from http2_frames import END_STREAM, Code, Setting, Type


@pytest.mark.parametrize("debug", [b"", b"because I say so", bytes(1000)])
def test_connection_closes_when_nothing_is_open(peer, debug):
    peer.send(h2.goaway(0, Code.NO_ERROR, debug))
    peer.expect_close()
    assert all(f.code == Code.NO_ERROR for f in peer.frames if f.type == Type.GOAWAY)


def test_open_requests_are_answered_first(peer):
    peer.send(peer.post(1), h2.goaway(), h2.data(1, b"test", END_STREAM))
    peer.expect_response(1)
    peer.expect_close()


def test_waiting_response_is_sent_first(peer):
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 0))
    peer.send(peer.request(1), h2.goaway())
    peer.expect_alive()
    peer.send(h2.window_update(1, 1000))
    peer.expect_response(1)
    peer.expect_close()


@pytest.mark.parametrize("stream", [1, 2])
def test_goaway_on_a_stream(peer, stream):
    peer.send(h2.goaway(stream=stream))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("size", [0, 4, 7])
def test_goaway_that_is_too_short(peer, size):
    peer.send(h2.frame(Type.GOAWAY, 0, 0, bytes(size)))
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)
