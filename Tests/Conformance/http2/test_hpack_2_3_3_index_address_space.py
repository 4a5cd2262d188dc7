"""RFC 7541 section 2.3.3: index address space."""

import pytest

import http2_frames as h2
from http2_frames import Code


@pytest.mark.parametrize("index", [62, 70, 127, 1000, 1 << 31])
def test_indexed_field_beyond_the_tables(peer, index):
    peer.send(peer.request(1, h2.indexed(index)))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


@pytest.mark.parametrize("first, bits", [(0x40, 6), (0x00, 4), (0x10, 4)])
def test_literal_with_a_name_beyond_the_tables(peer, first, bits):
    peer.send(peer.request(1, h2.integer(70, bits, first) + h2.string("value")))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_whole_static_table_is_known(peer):
    # Every entry as a name: pseudo-fields and connection-specific ones would be malformed, so
    # those of ordinary fields.
    names = [15, 16, 17, 18, 19, 20, 23, 24, 25, 26, 31, 33, 50, 51, 58, 61]
    peer.send(peer.request(1, b"".join(h2.integer(i, 4) + h2.string("v") for i in names)))
    peer.expect_response(1)


def test_newest_entry_has_the_lowest_index(peer):
    peer.send(peer.request(1, h2.literal("x-a", "1", 0x40), h2.literal("x-b", "2", 0x40)))
    peer.expect_response(1)
    peer.send(peer.request(3, h2.indexed(62), h2.indexed(63)))
    peer.expect_response(3)
    peer.send(peer.request(5, h2.indexed(64)))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)
