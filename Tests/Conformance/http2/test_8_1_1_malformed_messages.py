"""RFC 9113 section 8.1.1: malformed messages."""

import pytest

import http2_frames as h2
from http2_frames import END_HEADERS, END_STREAM, Code


@pytest.mark.parametrize("length, frames", [
    ("1", [b"test"]), ("5", [b"test"]), ("1", [b"te", b"st"]), ("9", [b"te", b"st"]),
    ("4", [b""]), ("0", [b"test"]), ("4", [b"test", b"x"])])
def test_content_length_that_differs_from_the_data(peer, length, frames):
    *head, last = [h2.data(1, payload) for payload in frames]
    last = h2.data(1, frames[-1], END_STREAM)
    peer.send(peer.post(1, ("content-length", length)), *head, last)
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


def test_content_length_without_a_body(peer):
    peer.send(peer.request(1, method="POST", extra=[("content-length", "4")]))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


def test_content_length_with_trailers_and_missing_bytes(peer):
    peer.send(
        peer.post(1, ("content-length", "9")), h2.data(1, b"test"),
        h2.headers(1, h2.block([("x-test", "ok")]), END_HEADERS | END_STREAM))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("value", [
    "", "-1", "+4", "4 ", "0x4", "4,4", "four", "99999999999999999999999"])
def test_content_length_that_is_no_number(peer, value):
    peer.send(peer.post(1, ("content-length", value)), h2.data(1, b"test", END_STREAM))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


def test_two_different_content_lengths(peer):
    peer.send(
        peer.post(1, ("content-length", "4"), ("content-length", "5")),
        h2.data(1, b"test", END_STREAM))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("frames", [[b"test"], [b"te", b"st"], [b"", b"test", b""]])
def test_right_content_length_is_accepted(peer, frames):
    peer.send(
        peer.post(1, ("content-length", "4")), *(h2.data(1, payload) for payload in frames),
        h2.data(1, b"", END_STREAM))
    peer.expect_response(1)


def test_padding_does_not_count_for_the_content_length(peer):
    peer.send(
        peer.post(1, ("content-length", "4")),
        h2.data(1, h2.padded(b"test", 10), END_STREAM | h2.PADDED))
    peer.expect_response(1)


def test_content_length_of_0_without_a_body(peer):
    peer.send(peer.request(1, method="POST", extra=[("content-length", "0")]))
    peer.expect_response(1)
