"""RFC 9113 section 4.2: frame size."""

import pytest

import http2_frames as h2
from http2_frames import END_HEADERS, END_STREAM, FRAME_BYTES_MAX, Code, Type


def test_data_of_the_full_size_is_accepted(peer):
    peer.send(peer.post(1), h2.data(1, bytes(FRAME_BYTES_MAX), END_STREAM))
    peer.expect_response(1)


def test_unknown_frame_of_the_full_size_is_accepted(peer):
    peer.send(h2.frame(0xF7, 0, 0, bytes(FRAME_BYTES_MAX)))
    peer.expect_no_error()


def test_oversized_data_is_an_error(peer):
    peer.send(peer.post(1), h2.data(1, bytes(FRAME_BYTES_MAX + 1), END_STREAM))
    peer.expect_stream_error(1, Code.FRAME_SIZE_ERROR)


@pytest.mark.parametrize("type, stream", [
    (Type.HEADERS, 1), (Type.CONTINUATION, 1), (Type.SETTINGS, 0), (Type.PING, 0),
    (Type.GOAWAY, 0), (Type.WINDOW_UPDATE, 0), (Type.PUSH_PROMISE, 1)])
def test_oversized_frame_that_changes_the_connection_is_a_connection_error(peer, type, stream):
    peer.send(h2.frame(type, END_HEADERS, stream, bytes(FRAME_BYTES_MAX + 1)))
    # A CONTINUATION or PUSH_PROMISE out of place is an error of its own, whichever is found first.
    codes = [Code.FRAME_SIZE_ERROR]
    if type in (Type.CONTINUATION, Type.PUSH_PROMISE):
        codes.append(Code.PROTOCOL_ERROR)
    peer.expect_connection_error(*codes)


def test_oversized_header_block_is_a_connection_error(peer):
    filler = [(f"x-filler-{i}", "x" * 4000) for i in range(5)]
    peer.send(h2.headers(1, h2.block([*peer.fields(), *filler]), END_STREAM | END_HEADERS))
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)


@pytest.mark.parametrize("type", [Type.DATA, Type.HEADERS, 0xF7])
def test_frame_of_16_megabytes_is_refused_from_its_header(peer, type):
    peer.send(peer.post(1))
    peer.send(h2.frame(type, 0, 1, b"", length=(1 << 24) - 1))
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)


@pytest.mark.parametrize("wrong", [
    h2.frame(Type.PRIORITY, 0, 1, bytes(4)),
    h2.frame(Type.PRIORITY, 0, 1, bytes(6)),
    h2.frame(Type.RST_STREAM, 0, 1, bytes(3)),
    h2.frame(Type.RST_STREAM, 0, 1, bytes(5)),
    h2.frame(Type.SETTINGS, 0, 0, bytes(3)),
    h2.frame(Type.SETTINGS, 0, 0, bytes(7)),
    h2.frame(Type.PING, 0, 0, bytes(6)),
    h2.frame(Type.PING, 0, 0, bytes(9)),
    h2.frame(Type.GOAWAY, 0, 0, bytes(7)),
    h2.frame(Type.WINDOW_UPDATE, 0, 0, bytes(3)),
    h2.frame(Type.WINDOW_UPDATE, 0, 1, bytes(5)),
], ids=lambda value: f"type-{value[3]}-{len(value) - 9}-bytes")
def test_frame_of_a_wrong_fixed_size_is_an_error(peer, wrong):
    peer.send(peer.post(1), wrong)
    if wrong[3] == Type.PRIORITY:
        peer.expect_stream_error(1, Code.FRAME_SIZE_ERROR)
    else:
        peer.expect_connection_error(Code.FRAME_SIZE_ERROR)


def test_headers_too_short_for_their_priority_fields(peer):
    peer.send(h2.headers(1, bytes(4), END_HEADERS | END_STREAM | h2.PRIORITY))
    peer.expect_connection_error(Code.FRAME_SIZE_ERROR)
