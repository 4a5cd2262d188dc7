"""RFC 9113 section 6.5.2: defined settings."""

import pytest

import http2_frames as h2
from http2_frames import Code, Setting, Type


def acknowledged(peer, *pairs):
    peer.send(h2.settings(*pairs))
    peer.read_until(lambda f: f.type == Type.SETTINGS and f.is_ack)
    peer.expect_no_error()


@pytest.mark.parametrize("setting, value", [
    (Setting.HEADER_TABLE_SIZE, 0), (Setting.HEADER_TABLE_SIZE, 4096),
    (Setting.HEADER_TABLE_SIZE, 0xFFFFFFFF),
    (Setting.ENABLE_PUSH, 0), (Setting.ENABLE_PUSH, 1),
    (Setting.MAX_CONCURRENT_STREAMS, 0), (Setting.MAX_CONCURRENT_STREAMS, 100),
    (Setting.MAX_CONCURRENT_STREAMS, 0xFFFFFFFF),
    (Setting.INITIAL_WINDOW_SIZE, 0), (Setting.INITIAL_WINDOW_SIZE, h2.WINDOW_MAX),
    (Setting.MAX_FRAME_SIZE, 16_384), (Setting.MAX_FRAME_SIZE, 16_777_215),
    (Setting.MAX_HEADER_LIST_SIZE, 0), (Setting.MAX_HEADER_LIST_SIZE, 0xFFFFFFFF)])
def test_value_within_its_range_is_accepted(peer, setting, value):
    acknowledged(peer, (setting, value))


@pytest.mark.parametrize("value", [2, 0xFFFFFFFF])
def test_enable_push_other_than_0_or_1(peer, value):
    peer.send(h2.settings((Setting.ENABLE_PUSH, value)))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("value", [1 << 31, 0xFFFFFFFF])
def test_initial_window_over_its_maximum(peer, value):
    peer.send(h2.settings((Setting.INITIAL_WINDOW_SIZE, value)))
    peer.expect_connection_error(Code.FLOW_CONTROL_ERROR)


@pytest.mark.parametrize("value", [0, 16_383, 16_777_216, 0xFFFFFFFF])
def test_max_frame_size_out_of_range(peer, value):
    peer.send(h2.settings((Setting.MAX_FRAME_SIZE, value)))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_unknown_setting_is_ignored(peer):
    acknowledged(peer, (0xFF, 1), (0xFFFF, 0xFFFFFFFF))


def test_invalid_value_behind_a_valid_one_is_found(peer):
    peer.send(h2.settings((Setting.ENABLE_PUSH, 0), (Setting.MAX_FRAME_SIZE, 1)))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("size", [0, 32, 4096])
def test_header_table_size_is_obeyed(peer, size):
    # Our decoder refuses an encoder that uses more than it was allowed.
    peer.decoder.max_allowed_table_size = max(size, 1)
    peer.apply((Setting.HEADER_TABLE_SIZE, size))
    peer.decoder.max_allowed_table_size = size
    for stream in (1, 3, 5):
        peer.send(peer.request(stream))
        peer.expect_response(stream)
    assert peer.decoder.header_table.maxsize <= size


def test_frames_respect_our_max_frame_size(peer):
    # `Peer.read` fails on a frame over 16,384 bytes, the size that nobody changed.
    peer.send(peer.request(1))
    peer.expect_response(1)
