"""RFC 9113 section 6.9: WINDOW_UPDATE."""

import pytest

import http2_frames as h2
from http2_frames import END_STREAM, Code, Setting, Type


@pytest.mark.parametrize("increment", [1, 65_535, h2.WINDOW_MAX - h2.WINDOW_BYTES])
def test_window_of_the_connection_can_grow(peer, increment):
    peer.send(h2.window_update(0, increment))
    peer.expect_no_error()


@pytest.mark.parametrize("increment", [1, h2.WINDOW_MAX - h2.WINDOW_BYTES])
def test_window_of_a_stream_can_grow(peer, increment):
    peer.send(peer.post(1), h2.window_update(1, increment))
    peer.expect_no_error()
    peer.send(h2.data(1, b"test", END_STREAM))
    peer.expect_response(1)


def test_increment_of_0_on_the_connection(peer):
    peer.send(h2.window_update(0, 0))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_increment_of_0_on_a_stream(peer):
    peer.send(peer.post(1), h2.window_update(1, 0))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


def test_increment_of_0_with_the_reserved_bit(peer):
    peer.send(h2.window_update(0, 1 << 31))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("stream", [0, 1])
@pytest.mark.parametrize("size", [0, 3, 5])
def test_window_update_of_another_length(peer, stream, size):
    peer.send(peer.post(1), h2.frame(Type.WINDOW_UPDATE, 0, stream, bytes(size)))
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)


def test_window_update_on_an_idle_stream(peer):
    peer.send(h2.window_update(1, 1))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_window_update_lets_a_response_go_on(peer):
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 0))
    peer.send(peer.request(1))
    peer.send(h2.window_update(1, 1))
    assert len(peer.expect_data(1).payload) == 1
    peer.send(h2.window_update(1, 100))
    assert len(peer.expect_response(1).body) > 1
