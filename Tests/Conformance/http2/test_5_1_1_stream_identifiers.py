"""RFC 9113 section 5.1.1: stream identifiers."""

import pytest

import http2_frames as h2
from http2_frames import END_HEADERS, END_STREAM, Code


@pytest.mark.parametrize("stream", [2, 100, (1 << 31) - 2])
def test_clients_streams_are_odd(peer, stream):
    peer.send(peer.request(stream))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("first, second", [(5, 3), (5, 1), (101, 99), (2001, 1501)])
def test_identifiers_only_grow(peer, first, second):
    peer.send(peer.request(first), peer.request(second))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_skipped_identifiers_stay_closed_after_the_answer(peer):
    peer.send(peer.request(5))
    peer.expect_response(5)
    peer.send(peer.request(3))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_identifiers_between_used_ones_stay_closed(peer):
    for stream in (1, 5, 9):
        peer.send(peer.request(stream))
        peer.expect_response(stream)
    peer.send(peer.request(7))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_data_on_a_skipped_identifier_is_data_on_a_closed_stream(peer):
    peer.send(peer.request(5))
    peer.expect_response(5)
    peer.send(h2.data(3, b"test", END_STREAM))
    peer.expect_stream_error(3, Code.STREAM_CLOSED)


def test_identifiers_may_be_skipped(peer):
    for stream in (3, 1001, 1_000_001, (1 << 31) - 1):
        peer.send(peer.request(stream))
        peer.expect_response(stream)


def test_priority_does_not_use_an_identifier_up(peer):
    peer.send(h2.priority(9), peer.request(1))
    peer.expect_response(1)


def test_trailers_on_a_lower_identifier_are_no_new_stream(peer):
    peer.send(peer.post(1), h2.data(1, b"test"), peer.request(3))
    peer.send(h2.headers(1, h2.block([("x-trailer", "1")]), END_HEADERS | END_STREAM))
    peer.expect_response(1)
    peer.expect_response(3)


def test_reused_identifier(peer):
    peer.send(peer.request(5), peer.request(5))
    peer.expect_stream_error(5, Code.STREAM_CLOSED)


def test_headers_on_stream_0(peer):
    peer.send(peer.request(0))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)
