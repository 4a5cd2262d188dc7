"""RFC 9113 section 6.3: PRIORITY."""

import pytest

import http2_frames as h2
from http2_frames import Code, Type


@pytest.mark.parametrize("weight", [1, 256])
@pytest.mark.parametrize("exclusive", [False, True])
def test_priority_is_accepted(peer, weight, exclusive):
    peer.send(peer.post(1), h2.priority(1, 0, weight, exclusive))
    peer.expect_no_error()


@pytest.mark.parametrize("stream, dependency", [(1, 0), (2, 1), (1, 2), (5, 3)])
def test_priority_on_idle_streams_is_accepted(peer, stream, dependency):
    peer.send(h2.priority(stream, dependency))
    peer.expect_no_error()


def test_priority_on_a_closed_stream_is_accepted(peer):
    peer.send(peer.request(1))
    peer.expect_response(1)
    peer.send(h2.priority(1))
    peer.expect_no_error()


def test_priority_on_stream_0(peer):
    peer.send(h2.priority(0))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("size", [0, 4, 6])
def test_priority_of_another_length(peer, size):
    peer.send(peer.post(1), h2.frame(Type.PRIORITY, 0, 1, bytes(size)))
    peer.expect_stream_error(1, Code.FRAME_SIZE_ERROR)


@pytest.mark.parametrize("size", [4, 6])
def test_priority_of_another_length_on_an_idle_stream(peer, size):
    peer.send(h2.frame(Type.PRIORITY, 0, 1, bytes(size)))
    peer.expect_stream_error(1, Code.FRAME_SIZE_ERROR)
