"""RFC 9113 section 6.10: CONTINUATION."""

import pytest

import http2_frames as h2
from http2_frames import END_HEADERS, END_STREAM, Code


def filler(name, size=4000):
    return h2.literal(name, "x" * size)


def test_one_continuation_is_accepted(peer):
    peer.send(
        h2.headers(1, h2.block(peer.fields()), END_STREAM), h2.continuation(1, filler("x-a")))
    peer.expect_response(1)


def test_several_continuations_are_accepted(peer):
    peer.send(
        h2.headers(1, h2.block(peer.fields()), END_STREAM),
        h2.continuation(1, filler("x-a"), 0), h2.continuation(1, b"", 0),
        h2.continuation(1, filler("x-b")))
    peer.expect_response(1)


def test_continuation_may_come_byte_by_byte(peer):
    peer.send(h2.headers(1, h2.block(peer.fields()), END_STREAM))
    for byte in h2.continuation(1, h2.literal("x-a", "1"), 0) + h2.continuation(1, b""):
        peer.send(bytes([byte]))
    peer.expect_response(1)


def test_continued_trailers_are_accepted(peer):
    peer.send(
        peer.post(1), h2.data(1, b"test"), h2.headers(1, h2.literal("x-a", "1"), END_STREAM),
        h2.continuation(1, h2.literal("x-b", "2")))
    peer.expect_response(1)


def test_undefined_flags_are_ignored(peer):
    peer.send(
        h2.headers(1, h2.block(peer.fields()), END_STREAM),
        h2.continuation(1, h2.literal("x-a", "1"), 0xFF))
    peer.expect_response(1)


@pytest.mark.parametrize("between", [h2.data(1, b"test", END_STREAM), h2.priority(1), h2.ping()],
                         ids=["data", "priority", "ping"])
def test_continuation_followed_by_another_frame(peer, between):
    peer.send(
        h2.headers(1, h2.block(peer.fields("POST")), 0), h2.continuation(1, filler("x-a"), 0),
        between)
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("stream", [0, 3, 2])
def test_continuation_of_another_stream(peer, stream):
    peer.send(
        h2.headers(1, h2.block(peer.fields()), END_STREAM),
        h2.continuation(stream, h2.literal("x-a", "1")))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_continuation_on_stream_0(peer):
    peer.send(h2.continuation(0, h2.literal("x-a", "1")))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_continuation_after_finished_headers(peer):
    peer.send(peer.request(1), h2.continuation(1, h2.literal("x-a", "1")))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_continuation_after_a_finished_continuation(peer):
    peer.send(
        h2.headers(1, h2.block(peer.fields()), END_STREAM),
        h2.continuation(1, h2.literal("x-a", "1")), h2.continuation(1, h2.literal("x-b", "1")))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_continuation_after_data(peer):
    peer.send(
        h2.headers(1, h2.block(peer.fields("POST")), END_HEADERS), h2.data(1, b"test"),
        h2.continuation(1, h2.literal("x-a", "1")))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)
