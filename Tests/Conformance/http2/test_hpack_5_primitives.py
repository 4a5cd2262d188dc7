"""RFC 7541 section 5: integers and string literals."""

import pytest
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

import http2_frames as h2
from http2_frames import Code


def huffman(text):
    return HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH).encode(text.encode("latin-1"))


def coded(value):
    """A literal field whose value is said to be Huffman-coded."""
    return b"\x00" + h2.string("x-test") + h2.integer(len(value), 7, 0x80) + value


# --- 5.1 integers ------------------------------------------------------------------------------------

@pytest.mark.parametrize("size", [0, 126, 127, 128, 254, 255, 1000])
def test_lengths_around_the_prefix_are_read(peer, size):
    peer.send(peer.request(1, h2.literal("x-test", "v" * size)))
    peer.expect_response(1)


def test_integer_with_needless_zero_bytes_is_read(peer):
    # 127 + 3, followed by zeros: a longer representation of the same number.
    field = b"\x00" + h2.string("x-test") + b"\x7f\x83\x80\x00" + b"v" * 130
    peer.send(peer.request(1, field))
    peer.expect_response(1)


@pytest.mark.parametrize("integer", [
    b"\xff" * 12, b"\xff\xff\xff\xff\xff\xff\x0f", b"\xff\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"])
def test_integer_that_overflows_as_an_index(peer, integer):
    peer.send(peer.request(1, integer))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


@pytest.mark.parametrize("integer", [
    b"\x7f" + b"\xff" * 11, b"\x7f\xff\xff\xff\xff\xff\xff\x0f", b"\x7f\xff\xff\xff\xff\x07"])
def test_integer_that_overflows_as_a_length(peer, integer):
    peer.send(peer.request(1, b"\x00" + h2.string("x-test") + integer + b"value"))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_unfinished_integer(peer):
    peer.send(peer.request(1, b"\xff\x80"))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


# --- 5.2 string literals -------------------------------------------------------------------------------

@pytest.mark.parametrize("text", ["", "a", "www.example.com", "".join(map(chr, range(32, 127)))])
def test_huffman_coded_value_is_read(peer, text):
    peer.send(peer.request(1, coded(huffman(text.strip()))))
    peer.expect_response(1)


def test_huffman_coded_name_is_read(peer):
    name = huffman("x-test")
    peer.send(peer.request(1, b"\x00" + h2.integer(len(name), 7, 0x80) + name + h2.string("v")))
    peer.expect_response(1)


def test_padding_longer_than_7_bits(peer):
    peer.send(peer.request(1, coded(huffman("test") + b"\xff")))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_padding_of_zeros(peer):
    # "a" is 00011: the three bits that fill the byte must be ones.
    peer.send(peer.request(1, coded(b"\x18")))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


@pytest.mark.parametrize("value", [b"\xff\xff\xff\xfc", b"\xff\xff\xff\xff", b"\x1f\xff\xff\xff\xff"])
def test_end_of_string_symbol(peer, value):
    peer.send(peer.request(1, coded(value)))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


@pytest.mark.parametrize("field", [
    b"\x00" + h2.string("x-test") + b"\x7f\x10" + b"short",
    b"\x00\x10x-test", b"\x40\x06x-te", b"\x00" + h2.string("x-test")],
    ids=["value", "name", "name-ends", "no-value"])
def test_string_longer_than_the_block(peer, field):
    peer.send(peer.request(1, field))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)
