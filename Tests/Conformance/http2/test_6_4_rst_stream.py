"""RFC 9113 section 6.4: RST_STREAM."""

import pytest

import http2_frames as h2
from http2_frames import Code, Type


@pytest.mark.parametrize("code", [0, 8, 11, 0xFF, 0xFFFFFFFF])
def test_rst_stream_is_accepted_with_any_code(peer, code):
    peer.send(peer.post(1), h2.rst_stream(1, code))
    peer.expect_no_error()
    peer.send(peer.request(3))
    peer.expect_response(3)


def test_second_rst_stream_is_tolerated(peer):
    peer.send(peer.post(1), h2.rst_stream(1), h2.rst_stream(1))
    peer.expect_alive()


def test_rst_stream_on_stream_0(peer):
    peer.send(h2.rst_stream(0))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("stream", [1, 2, 99])
def test_rst_stream_on_an_idle_stream(peer, stream):
    peer.send(h2.rst_stream(stream))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("size", [0, 3, 5])
def test_rst_stream_of_another_length(peer, size):
    peer.send(peer.post(1), h2.frame(Type.RST_STREAM, 0, 1, bytes(size)))
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)
