"""RFC 9113 section 6.5: SETTINGS."""

import pytest

import http2_frames as h2
from http2_frames import ACK, Code, Setting, Type


def test_empty_settings_are_acknowledged(peer):
    peer.send(h2.settings())
    ack = peer.read_until(lambda f: f.type == Type.SETTINGS)
    assert ack.is_ack and ack.payload == b"" and ack.stream == 0


@pytest.mark.parametrize("count", [1, 3])
def test_each_frame_is_acknowledged_once(peer, count):
    peer.send(*[h2.settings((Setting.ENABLE_PUSH, 0))] * count)
    before = peer.expect_alive()
    assert len([f for f in before if f.type == Type.SETTINGS and f.is_ack]) == count


def test_acknowledgement_with_a_payload(peer):
    peer.send(h2.settings((Setting.ENABLE_PUSH, 0), flags=ACK))
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)


@pytest.mark.parametrize("flags", [0, ACK])
@pytest.mark.parametrize("stream", [1, 2])
def test_settings_on_a_stream(peer, stream, flags):
    peer.send(h2.settings(flags=flags, stream=stream))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("size", [1, 3, 5, 7])
def test_length_that_is_no_multiple_of_6(peer, size):
    peer.send(h2.frame(Type.SETTINGS, 0, 0, bytes(size)))
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)


def test_our_own_settings_are_within_their_limits(peer):
    settings = peer.settings
    assert settings.get(Setting.ENABLE_PUSH, 0) == 0
    assert settings.get(Setting.INITIAL_WINDOW_SIZE, 0) <= h2.WINDOW_MAX
    assert h2.FRAME_BYTES_MAX <= settings.get(Setting.MAX_FRAME_SIZE, 1 << 14) < 1 << 24


def test_header_list_limit_is_announced(peer):
    assert peer.settings[Setting.MAX_HEADER_LIST_SIZE] >= 4096
