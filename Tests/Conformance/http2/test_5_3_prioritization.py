"""RFC 9113 section 5.3, RFC 7540 section 5.3.1: priority signals are obsolete, and still parsed."""

import pytest

import http2_frames as h2
from http2_frames import END_HEADERS, END_STREAM, Code


def test_headers_with_priority_fields_are_served(peer):
    block = h2.priority_fields(0, 255, True) + h2.block(peer.fields())
    peer.send(h2.headers(1, block, END_STREAM | END_HEADERS | h2.PRIORITY))
    peer.expect_response(1)


@pytest.mark.parametrize("dependency", [0, 3, 77])
@pytest.mark.parametrize("exclusive", [False, True])
def test_priority_frames_are_tolerated(peer, dependency, exclusive):
    peer.send(h2.priority(1, dependency, 256, exclusive), peer.request(1))
    peer.expect_response(1)


def test_headers_that_depend_on_themselves(peer):
    block = h2.priority_fields(1) + h2.block(peer.fields())
    peer.send(h2.headers(1, block, END_STREAM | END_HEADERS | h2.PRIORITY))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("exclusive", [False, True])
def test_priority_that_depends_on_itself_on_an_idle_stream(peer, exclusive):
    peer.send(h2.priority(3, 3, exclusive=exclusive))
    peer.expect_stream_error(3, Code.PROTOCOL_ERROR)


def test_priority_that_depends_on_itself_on_an_open_stream(peer):
    peer.send(peer.post(1), h2.priority(1, 1))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)
