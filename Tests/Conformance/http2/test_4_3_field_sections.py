"""RFC 9113 section 4.3: field section compression and decompression."""

import pytest

import http2_frames as h2
from http2_frames import END_HEADERS, END_STREAM, Code, Type


@pytest.mark.parametrize("block", [b"\x40\x01", b"\x40\x01a", b"\xff\xff", b"\x0f", b"\x00\x03ab"])
def test_block_that_cannot_be_decoded_is_a_connection_error(peer, block):
    peer.send(h2.headers(1, h2.block(peer.fields()) + block, END_HEADERS | END_STREAM))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_undecodable_trailers_are_a_connection_error(peer):
    peer.send(peer.post(1), h2.data(1, b"test"), h2.headers(1, b"\x80", END_HEADERS | END_STREAM))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_undecodable_block_of_a_stream_that_was_reset_is_still_decoded(peer):
    # The compression state is shared: a block is decoded even when nobody wants the fields.
    peer.send(peer.request(1, h2.literal("Upper", "case"), end=False))
    peer.read_until(lambda f: f.type == Type.RST_STREAM)
    peer.send(h2.headers(1, b"\x80", END_HEADERS | END_STREAM))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_state_is_kept_over_a_refused_request(peer):
    # The refused request puts a field into the dynamic table, which the next one uses.
    peer.send(peer.request(1, h2.literal("x-kept", "yes", 0x40), h2.literal("Upper", "case")))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)
    peer.send(peer.request(3, h2.indexed(62)))
    peer.expect_response(3)


@pytest.mark.parametrize("between", [
    h2.priority(1), h2.data(1, b"x"), h2.ping(), h2.settings(), h2.window_update(0, 1),
    h2.rst_stream(1), h2.goaway(), h2.frame(0xF7, 0, 1)],
    ids=["priority", "data", "ping", "settings", "window-update", "rst", "goaway", "unknown"])
def test_nothing_may_come_between_headers_and_continuation(peer, between):
    block = h2.block(peer.fields())
    peer.send(h2.headers(1, block[:10], END_STREAM), between, h2.continuation(1, block[10:]))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_headers_of_another_stream_may_not_come_between(peer):
    block = h2.block(peer.fields())
    peer.send(h2.headers(1, block[:10], END_STREAM), peer.request(3))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_block_may_be_cut_anywhere(peer):
    block = h2.block(peer.fields())
    for stream, cut in enumerate([0, 1, 7, len(block)]):
        stream = 2 * stream + 1
        peer.send(
            h2.headers(stream, block[:cut], END_STREAM), h2.continuation(stream, block[cut:]))
        peer.expect_response(stream)
