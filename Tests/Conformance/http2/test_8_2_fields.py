"""RFC 9113 section 8.2: HTTP fields."""

import pytest

import http2_frames as h2
from http2_frames import END_HEADERS, END_STREAM, Code

# 8.2.1: "MUST NOT contain characters in the ranges 0x00-0x20, 0x41-0x5a, or 0x7f-0xff".
BAD_NAMES = ["X-Test", "x-tesT", "x test", "x\0test", "x\ttest", "x\r\ntest", "x\x7ftest",
             "x\xe9test", "x:test", "x-test:", "", " x", "x "]
BAD_VALUES = ["a\0b", "a\rb", "a\nb", "a\r\nb", "\0", " leading", "trailing ", "\tleading",
              "trailing\t"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_invalid_name_is_malformed(peer, name):
    peer.send(peer.request(1, h2.literal(name, "value")))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("value", BAD_VALUES)
def test_invalid_value_is_malformed(peer, value):
    peer.send(peer.request(1, h2.literal("x-test", value)))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("name, value", [("X-Test", "1"), ("x-test", "a\nb"), ("x test", "1")])
def test_invalid_trailers_are_malformed(peer, name, value):
    peer.send(
        peer.post(1), h2.data(1, b"test"),
        h2.headers(1, h2.literal(name, value), END_HEADERS | END_STREAM))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("name", [":method", ":path", ":authority", ":scheme"])
@pytest.mark.parametrize("value", ["a\nb", "a\0b", "a b\r\n"])
def test_invalid_value_of_a_pseudo_field_is_malformed(peer, name, value):
    fields = [(n, value if n == name else v) for n, v in peer.fields()]
    peer.send(h2.headers(1, h2.block(fields), END_HEADERS | END_STREAM))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("value", ["", "a b", "a\tb", "\xe9\xff", "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"])
def test_unusual_but_valid_value_is_accepted(peer, value):
    peer.send(peer.request(1, h2.literal("x-test", value)))
    peer.expect_response(1)


def test_every_token_character_is_accepted_in_a_name(peer):
    peer.send(peer.request(1, h2.literal("x!#$%&'*+-.^_`|~09az", "1")))
    peer.expect_response(1)


# --- 8.2.2 connection-specific fields --------------------------------------------------------------

@pytest.mark.parametrize("name, value", [
    ("connection", "keep-alive"), ("connection", "close"), ("keep-alive", "timeout=5"),
    ("proxy-connection", "keep-alive"), ("transfer-encoding", "chunked"),
    ("transfer-encoding", ""), ("upgrade", "h2c")])
def test_connection_specific_field_is_malformed(peer, name, value):
    peer.send(peer.request(1, h2.literal(name, value)))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


def test_connection_specific_field_in_trailers_is_malformed(peer):
    peer.send(
        peer.post(1), h2.data(1, b"test"),
        h2.headers(1, h2.literal("connection", "close"), END_HEADERS | END_STREAM))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("value", ["trailers, deflate;q=0.5", "gzip", "chunked", ""])
def test_te_other_than_trailers_is_malformed(peer, value):
    peer.send(peer.request(1, h2.literal("te", value)))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


def test_te_trailers_is_accepted(peer):
    peer.send(peer.request(1, h2.literal("te", "trailers")))
    peer.expect_response(1)


# --- 8.2.3 cookies ---------------------------------------------------------------------------------

def test_cookie_may_be_split(peer):
    peer.send(peer.request(1, h2.block([("cookie", "a=b"), ("cookie", "c=d"), ("cookie", "e=f")])))
    peer.expect_response(1)
