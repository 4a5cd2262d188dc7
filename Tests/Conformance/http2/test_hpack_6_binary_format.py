"""RFC 7541 section 6: binary format."""

import pytest
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

import http2_frames as h2
from http2_frames import END_HEADERS, END_STREAM, Code

USER_AGENT = 58


def huffman(text):
    coded = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH).encode(text.encode())
    return h2.integer(len(coded), 7, 0x80) + coded


# --- 6.1 indexed field ---------------------------------------------------------------------------------

def test_indexed_field_is_accepted(peer):
    # accept-encoding: gzip, deflate
    peer.send(peer.request(1, h2.indexed(16)))
    peer.expect_response(1)


def test_indexed_pseudo_fields_are_accepted(peer):
    scheme = 7 if peer.target.tls else 6
    block = h2.indexed(2) + h2.indexed(scheme) + h2.integer(4, 4) + h2.string(
        peer.target.path) + h2.integer(1, 4) + h2.string("localhost")
    peer.send(h2.headers(1, block, END_HEADERS | END_STREAM))
    peer.expect_response(1)


def test_index_0(peer):
    peer.send(peer.request(1, b"\x80"))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


# --- 6.2 literal field ---------------------------------------------------------------------------------

FORMS = [(0x40, 6), (0x00, 4), (0x10, 4)]
FORM_IDS = ["incremental-indexing", "without-indexing", "never-indexed"]


@pytest.mark.parametrize("first, bits", FORMS, ids=FORM_IDS)
@pytest.mark.parametrize("text", [h2.string, huffman], ids=["plain", "huffman"])
def test_literal_with_an_indexed_name(peer, first, bits, text):
    peer.send(peer.request(1, h2.integer(USER_AGENT, bits, first) + text("conformance")))
    peer.expect_response(1)


@pytest.mark.parametrize("first, bits", FORMS, ids=FORM_IDS)
@pytest.mark.parametrize("text", [h2.string, huffman], ids=["plain", "huffman"])
def test_literal_with_a_new_name(peer, first, bits, text):
    peer.send(peer.request(1, bytes([first]) + text("x-test") + text("conformance")))
    peer.expect_response(1)


@pytest.mark.parametrize("first", [0x00, 0x10])
def test_literal_without_indexing_leaves_the_table_alone(peer, first):
    peer.send(peer.request(1, h2.literal("x-test", "1", first)))
    peer.expect_response(1)
    peer.send(peer.request(3, h2.indexed(62)))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_literal_with_indexing_enters_the_table(peer):
    peer.send(peer.request(1, h2.literal("x-test", "1", 0x40)))
    peer.expect_response(1)
    peer.send(peer.request(3, h2.indexed(62)))
    peer.expect_response(3)


# --- 6.3 dynamic table size update -------------------------------------------------------------------

@pytest.mark.parametrize("sizes", [[0], [0, 4096], [4096]])
def test_size_update_is_accepted(peer, sizes):
    updates = b"".join(map(h2.size_update, sizes))
    peer.send(h2.headers(
        1, updates + h2.block(peer.fields()), END_HEADERS | END_STREAM))
    peer.expect_response(1)


@pytest.mark.parametrize("size", [4097, 65_536, 1 << 30])
def test_size_update_over_the_limit(peer, size):
    limit = peer.settings.get(h2.Setting.HEADER_TABLE_SIZE, 4096)
    assert size > limit
    peer.send(h2.headers(
        1, h2.size_update(size) + h2.block(peer.fields()), END_HEADERS | END_STREAM))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)
