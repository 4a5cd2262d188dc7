"""RFC 9113 section 5.5: extending HTTP/2."""

import pytest

import http2_frames as h2
from http2_frames import Code, Type


def test_unknown_frame_types_are_discarded(peer):
    peer.send(h2.frame(0xF7, 0xA5, 0, b"unknown"), h2.frame(0xF7, 0xA5, 1, b"unknown"))
    peer.expect_no_error()


def test_unknown_settings_are_ignored(peer):
    peer.send(h2.settings((0xFF, 1), (0, 5), (0xF000, 0xFFFFFFFF)))
    peer.read_until(lambda f: f.type == Type.SETTINGS and f.is_ack)
    peer.expect_no_error()


@pytest.mark.parametrize("type", [0x0A, 0x0C, 0x10, 0xF7])
def test_extension_frame_within_a_field_block_is_a_connection_error(peer, type):
    block = h2.block(peer.fields())
    peer.send(
        h2.headers(1, block[:10], h2.END_STREAM), h2.frame(type, 0, 0, b"unknown"),
        h2.continuation(1, block[10:]))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_priority_update_and_other_known_extensions_are_tolerated(peer):
    # RFC 9218's PRIORITY_UPDATE, RFC 7838's ALTSVC, RFC 8336's ORIGIN.
    peer.send(
        h2.frame(0x10, 0, 0, b"\0\0\0\1u=1"), h2.frame(0x0A, 0, 0, b"\0\0"),
        h2.frame(0x0C, 0, 0, b""))
    peer.expect_no_error()
