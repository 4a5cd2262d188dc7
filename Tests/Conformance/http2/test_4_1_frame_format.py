"""RFC 9113 section 4.1: frame format."""

import struct

import pytest

import http2_frames as h2
from http2_frames import END_HEADERS, END_STREAM, Type


@pytest.mark.parametrize("stream", [0, 1, 77])
@pytest.mark.parametrize("type", [0x0A, 0x16, 0xFF])
def test_unknown_types_are_ignored(peer, type, stream):
    peer.send(h2.frame(type, 0xFF, stream, b"whatever"), h2.frame(type, 0, stream))
    peer.expect_no_error()
    peer.send(peer.request(1))
    peer.expect_response(1)


def test_undefined_flags_are_ignored(peer):
    block = h2.block(peer.fields())
    unused = 0xFF & ~(END_STREAM | END_HEADERS | h2.PADDED | h2.PRIORITY)
    peer.send(h2.headers(1, block, END_STREAM | END_HEADERS | unused))
    peer.expect_response(1)
    peer.send(h2.ping(b"flagged!", flags=0xFE))
    peer.read_until(lambda f: f.type == Type.PING and f.payload == b"flagged!")
    peer.send(h2.frame(Type.WINDOW_UPDATE, 0xFF, 0, struct.pack(">I", 1)))
    peer.send(h2.frame(Type.RST_STREAM, 0xFF, 1, struct.pack(">I", 8)))
    peer.expect_no_error()


@pytest.mark.parametrize("flags", [0x02, 0x10, 0xF6])
def test_undefined_flags_of_data_are_ignored(peer, flags):
    peer.send(peer.post(1), h2.data(1, b"test", flags & ~h2.PADDED | END_STREAM))
    peer.expect_response(1)


def test_reserved_bit_of_the_stream_identifier_is_ignored(peer):
    peer.send(h2.frame(Type.PING, 0, 1 << 31, b"reserved"))
    peer.read_until(lambda f: f.type == Type.PING and f.payload == b"reserved")
    peer.send(h2.headers((1 << 31) | 1, h2.block(peer.fields()), END_STREAM | END_HEADERS))
    peer.expect_response(1)


def test_reserved_bit_of_an_increment_is_ignored(peer):
    peer.send(h2.window_update(0, (1 << 31) | 1))
    peer.expect_no_error()


def test_frames_may_come_in_any_pieces(peer):
    for byte in peer.post(1) + h2.data(1, b"test", END_STREAM):
        peer.send(bytes([byte]))
    peer.expect_response(1)
