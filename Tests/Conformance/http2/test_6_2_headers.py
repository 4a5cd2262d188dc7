"""RFC 9113 section 6.2: HEADERS."""

import pytest

import http2_frames as h2
from http2_frames import END_HEADERS, END_STREAM, PADDED, Code


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_headers_are_accepted(peer, method):
    peer.send(peer.request(1, method=method))
    assert peer.expect_response(1).body


@pytest.mark.parametrize("pad", [0, 1, 255])
def test_padded_headers_are_accepted(peer, pad):
    block = h2.padded(h2.block(peer.fields()), pad)
    peer.send(h2.headers(1, block, END_STREAM | END_HEADERS | PADDED))
    peer.expect_response(1)


def test_headers_with_priority_are_accepted(peer):
    block = h2.priority_fields(0, 200) + h2.block(peer.fields())
    peer.send(h2.headers(1, block, END_STREAM | END_HEADERS | h2.PRIORITY))
    peer.expect_response(1)


def test_padded_headers_with_priority_are_accepted(peer):
    block = h2.padded(h2.priority_fields(0, 200) + h2.block(peer.fields()), 8)
    peer.send(h2.headers(1, block, END_STREAM | END_HEADERS | PADDED | h2.PRIORITY))
    peer.expect_response(1)


def test_headers_without_end_headers_wait_for_continuation(peer):
    block = h2.block(peer.fields())
    peer.send(h2.headers(1, block, END_STREAM), h2.continuation(1, b""))
    peer.expect_response(1)


def test_headers_on_stream_0(peer):
    peer.send(h2.headers(0, h2.block(peer.fields()), END_STREAM | END_HEADERS))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("claimed", [1, 6, 255])
def test_padding_longer_than_the_payload(peer, claimed):
    block = h2.padded(b"", 0, claimed)
    peer.send(h2.headers(1, block, END_STREAM | END_HEADERS | PADDED))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_padding_that_covers_the_block(peer):
    block = h2.block(peer.fields())
    peer.send(h2.headers(
        1, h2.padded(block, 0, len(block) + 1), END_STREAM | END_HEADERS | PADDED))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_padding_that_reaches_into_the_priority_fields(peer):
    block = bytes([4]) + h2.priority_fields() + b"\0\0"
    peer.send(h2.headers(1, block, END_STREAM | END_HEADERS | PADDED | h2.PRIORITY))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_padded_headers_without_a_pad_length(peer):
    peer.send(h2.headers(1, b"", END_STREAM | END_HEADERS | PADDED))
    peer.expect_connection_error(Code.PROTOCOL_ERROR, Code.FRAME_SIZE_ERROR)


def test_headers_followed_by_another_frame_type(peer):
    peer.send(h2.headers(1, h2.block(peer.fields()), END_STREAM), h2.priority(1))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_headers_followed_by_headers_of_another_stream(peer):
    peer.send(h2.headers(1, h2.block(peer.fields()), END_STREAM), peer.request(3))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)
