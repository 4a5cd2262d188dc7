"""RFC 7541 section 4: dynamic table management."""

import pytest

import http2_frames as h2
from http2_frames import END_HEADERS, END_STREAM, Code


def request(peer, stream, block):
    return h2.headers(stream, block, END_HEADERS | END_STREAM)


def test_size_update_at_the_end_of_a_block(peer):
    # 4.2: "MUST occur at the beginning of the first header block".
    peer.send(peer.request(1, h2.size_update(1)))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_size_update_between_fields(peer):
    fields = h2.block(peer.fields())
    peer.send(request(peer, 1, h2.literal("x-a", "1") + h2.size_update(0) + fields))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


@pytest.mark.parametrize("sizes", [[0], [4096], [100, 0], [0, 4096], [1, 2, 3]])
def test_size_updates_at_the_beginning_are_accepted(peer, sizes):
    updates = b"".join(map(h2.size_update, sizes))
    peer.send(request(peer, 1, updates + h2.block(peer.fields())))
    peer.expect_response(1)


def test_shrinking_evicts(peer):
    peer.send(peer.request(1, h2.literal("x-a", "1", 0x40)))
    peer.expect_response(1)
    peer.send(request(peer, 3, h2.size_update(0) + h2.block(peer.fields()) + h2.indexed(62)))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_oldest_entries_are_evicted_first(peer):
    # 32 bytes of overhead and 5 bytes: an entry of 37 bytes in a table of 74 has room for one more.
    peer.send(request(
        peer, 1, h2.size_update(74) + h2.block(peer.fields()) + h2.literal("x-a", "01", 0x40)
        + h2.literal("x-b", "02", 0x40) + h2.literal("x-c", "03", 0x40)))
    peer.expect_response(1)
    peer.send(peer.request(3, h2.indexed(62), h2.indexed(63)))
    peer.expect_response(3)
    peer.send(peer.request(5, h2.indexed(64)))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_entry_larger_than_the_table_empties_it(peer):
    # 4.4: "It is not an error".
    peer.send(peer.request(1, h2.literal("x-a", "1", 0x40), h2.literal("x-b", "v" * 5000, 0x40)))
    peer.expect_response(1)
    peer.send(peer.request(3, h2.indexed(62)))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_entry_may_be_named_by_one_that_it_evicts(peer):
    name = "x-" + "n" * 2000
    peer.send(peer.request(1, h2.literal(name, "v" * 1900, 0x40)))
    peer.expect_response(1)
    peer.send(peer.request(3, h2.integer(62, 6, 0x40) + h2.string("w" * 1950)))
    peer.expect_response(3)
    peer.send(peer.request(5, h2.indexed(62)))
    peer.expect_response(5)
