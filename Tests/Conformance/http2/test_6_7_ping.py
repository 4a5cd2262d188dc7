"""RFC 9113 section 6.7: PING."""

import pytest

import http2_frames as h2
from http2_frames import ACK, Code, Type


@pytest.mark.parametrize("payload", [b"\0" * 8, b"\xff" * 8, b"h2 spec!"])
def test_ping_is_answered_with_its_payload(peer, payload):
    peer.send(h2.ping(payload))
    answer = peer.read_until(lambda f: f.type == Type.PING)
    assert answer.is_ack and answer.payload == payload and answer.stream == 0


def test_acknowledgement_is_not_answered(peer):
    peer.send(h2.ping(b"unasked!", ACK))
    peer.expect_alive()
    assert not [f for f in peer.frames if f.type == Type.PING and f.payload == b"unasked!"]


@pytest.mark.parametrize("flags", [0, ACK])
@pytest.mark.parametrize("stream", [1, 2])
def test_ping_on_a_stream(peer, stream, flags):
    peer.send(h2.ping(stream=stream, flags=flags))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("flags", [0, ACK])
@pytest.mark.parametrize("size", [0, 7, 9])
def test_ping_of_another_length(peer, size, flags):
    peer.send(h2.frame(Type.PING, flags, 0, bytes(size)))
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)


def test_ping_is_answered_while_a_response_waits_for_window(peer):
    peer.apply((h2.Setting.INITIAL_WINDOW_SIZE, 0))
    peer.send(peer.request(1))
    peer.expect_alive()
