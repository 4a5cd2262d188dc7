"""RFC 9113 section 6.1: DATA."""

import pytest

import http2_frames as h2
from http2_frames import END_STREAM, PADDED, Code, Type


def test_data_is_accepted(peer):
    peer.send(peer.post(1), h2.data(1, b"test", END_STREAM))
    peer.expect_response(1)


def test_several_frames_are_accepted(peer):
    peer.send(peer.post(1), h2.data(1, b"te"), h2.data(1), h2.data(1, b"st", END_STREAM))
    peer.expect_response(1)


@pytest.mark.parametrize("payload, pad", [(b"test", 6), (b"test", 0), (b"", 0), (b"", 255)])
def test_padded_data_is_accepted(peer, payload, pad):
    peer.send(peer.post(1), h2.data(1, h2.padded(payload, pad), END_STREAM | PADDED))
    peer.expect_response(1)


def test_empty_data_ends_a_stream(peer):
    peer.send(peer.post(1), h2.data(1, b"", END_STREAM))
    peer.expect_response(1)


def test_data_on_stream_0(peer):
    peer.send(h2.data(0, b"test", END_STREAM))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_data_on_a_stream_that_is_not_open(peer):
    peer.send(peer.request(1), h2.data(1, b"test", END_STREAM))
    peer.expect_stream_error(1, Code.STREAM_CLOSED)


@pytest.mark.parametrize("payload, claimed", [(b"test", 5), (b"test", 255), (b"", 1)])
def test_padding_longer_than_the_payload(peer, payload, claimed):
    peer.send(
        peer.post(1), h2.data(1, h2.padded(payload, 0, claimed), END_STREAM | PADDED))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_padded_data_without_a_pad_length(peer):
    peer.send(peer.post(1), h2.data(1, b"", END_STREAM | PADDED))
    # Too small for the Pad Length field: a size error as well.
    peer.expect_connection_error(Code.PROTOCOL_ERROR, Code.FRAME_SIZE_ERROR)


def test_padding_counts_for_flow_control_and_is_given_back(peer):
    peer.send(peer.post(1))
    window = peer.settings.get(h2.Setting.INITIAL_WINDOW_SIZE, h2.WINDOW_BYTES)
    # Padding uses the stream's window up; the server has to give it back. One byte of data in each
    # frame, as frames without are counted as a flood.
    left = window
    sent = 0
    frame = h2.data(1, h2.padded(b"x", 254), PADDED)
    while sent < window + 65_536:
        while left < 256:
            update = peer.read_until(
                lambda f: f.type == Type.WINDOW_UPDATE and f.stream == 1)
            left += int.from_bytes(update.payload, "big")
        count = min(left // 256, 64)
        peer.send(frame * count)
        left -= 256 * count
        sent += 256 * count
    peer.send(h2.data(1, b"", END_STREAM))
    peer.expect_response(1)
