"""RFC 9113 section 5.1: stream states."""

import pytest

import http2_frames as h2
from http2_frames import END_HEADERS, END_STREAM, Code, Setting, Type

# --- idle ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [1, 2, 101])
@pytest.mark.parametrize("make", [
    lambda s: h2.data(s, b"test", END_STREAM), lambda s: h2.rst_stream(s),
    lambda s: h2.window_update(s, 100), lambda s: h2.continuation(s, b"\x82")],
    ids=["data", "rst", "window-update", "continuation"])
def test_idle_stream_takes_only_headers_and_priority(peer, make, stream):
    peer.send(make(stream))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_idle_stream_takes_priority(peer):
    peer.send(h2.priority(1))
    peer.expect_no_error()
    peer.send(peer.request(1))
    peer.expect_response(1)


# --- half-closed (remote) ------------------------------------------------------------------------

def half_close(peer, stream=1):
    """A request that has ended, whose response waits for window."""
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 0))
    peer.send(peer.request(stream))
    peer.read_until(lambda f: f.type == Type.HEADERS and f.stream == stream)


def test_data_after_end_stream(peer):
    peer.send(peer.request(1), h2.data(1, b"test", END_STREAM))
    peer.expect_stream_error(1, Code.STREAM_CLOSED)


def test_headers_after_end_stream(peer):
    peer.send(peer.request(1), peer.request(1))
    peer.expect_stream_error(1, Code.STREAM_CLOSED)


def test_continuation_after_end_stream(peer):
    peer.send(peer.request(1), h2.continuation(1, h2.block(peer.fields())))
    # A CONTINUATION without a HEADERS before it breaks section 6.10 as well.
    peer.expect_stream_error(1, Code.STREAM_CLOSED, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("flags", [0, END_STREAM])
def test_half_closed_stream_takes_no_data(peer, flags):
    half_close(peer)
    peer.send(h2.data(1, b"test", flags))
    peer.expect_stream_error(1, Code.STREAM_CLOSED)


def test_half_closed_stream_takes_no_headers(peer):
    half_close(peer)
    peer.send(h2.headers(1, h2.block([("x-late", "1")]), END_HEADERS | END_STREAM))
    peer.expect_stream_error(1, Code.STREAM_CLOSED)


def test_half_closed_stream_takes_window_update_and_priority(peer):
    half_close(peer)
    peer.send(h2.priority(1), h2.window_update(1, 100))
    assert peer.expect_response(1).body


def test_half_closed_stream_takes_rst_stream(peer):
    half_close(peer)
    peer.send(h2.rst_stream(1), h2.window_update(1, 100))
    before = peer.expect_alive()
    assert not [f for f in before if f.stream == 1], "frames on a stream that the client reset"


# --- closed --------------------------------------------------------------------------------------

@pytest.mark.parametrize("late", [
    lambda peer: h2.data(1, b"test", END_STREAM), lambda peer: h2.data(1, b""),
    lambda peer: peer.request(1),
    lambda peer: h2.headers(1, h2.block([("x-late", "1")]), END_HEADERS | END_STREAM)],
    ids=["data", "empty-data", "request", "trailers"])
def test_nothing_may_follow_the_clients_own_reset(peer, late):
    peer.send(peer.post(1), h2.rst_stream(1), late(peer))
    peer.expect_stream_error(1, Code.STREAM_CLOSED)


def test_continuation_after_the_clients_own_reset(peer):
    peer.send(peer.post(1), h2.rst_stream(1), h2.continuation(1, h2.block([("x-late", "1")])))
    peer.expect_stream_error(1, Code.STREAM_CLOSED, Code.PROTOCOL_ERROR)


def test_nothing_may_follow_a_reset_that_came_long_before(peer):
    peer.send(peer.post(1), h2.rst_stream(1))
    for stream in range(3, 43, 2):
        peer.send(peer.request(stream))
        peer.expect_response(stream)
    peer.send(h2.data(1, b"test"))
    peer.expect_stream_error(1, Code.STREAM_CLOSED)


@pytest.mark.parametrize("late", [
    lambda peer: h2.data(1, b"test", END_STREAM), lambda peer: peer.request(1)],
    ids=["data", "headers"])
def test_closed_stream_takes_no_more(peer, late):
    peer.send(peer.request(1))
    peer.expect_response(1)
    peer.send(late(peer))
    # Data may be a stream error, headers on a stream that both sides have ended may not: its
    # identifier would be used twice.
    peer.expect_connection_error(Code.STREAM_CLOSED)


def test_closed_stream_takes_no_continuation(peer):
    peer.send(peer.request(1))
    peer.expect_response(1)
    peer.send(h2.continuation(1, h2.block([("x-late", "1")])))
    peer.expect_connection_error(Code.STREAM_CLOSED, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("late", [
    lambda: h2.priority(1), lambda: h2.window_update(1, 1), lambda: h2.rst_stream(1),
    lambda: h2.rst_stream(1, Code.NO_ERROR)],
    ids=["priority", "window-update", "rst", "rst-no-error"])
def test_closed_stream_tolerates_what_may_have_crossed(peer, late):
    peer.send(peer.request(1))
    peer.expect_response(1)
    peer.send(late())
    peer.expect_no_error()
    peer.send(peer.request(3))
    peer.expect_response(3)


def test_frames_that_cross_our_reset_are_tolerated(peer):
    # The server resets the malformed request; what the client sent before it knew is no offence.
    peer.send(peer.request(1, h2.literal("Upper", "case"), end=False))
    peer.expect_reset(1, Code.PROTOCOL_ERROR)
    peer.send(
        h2.data(1, b"late"), h2.window_update(1, 10),
        h2.headers(1, h2.block([("x-late", "1")]), END_HEADERS | END_STREAM), h2.rst_stream(1))
    peer.expect_alive()
    peer.send(peer.request(3))
    peer.expect_response(3)


def test_data_that_crosses_our_reset_counts_for_the_connections_window(peer):
    peer.send(peer.request(1, h2.literal("Upper", "case"), end=False))
    peer.expect_reset(1, Code.PROTOCOL_ERROR)
    # More than the connection's whole window in the end: it must be given back.
    granted = h2.WINDOW_BYTES + sum(
        int.from_bytes(f.payload, "big") for f in peer.frames
        if f.type == Type.WINDOW_UPDATE and f.stream == 0)
    sent = 0
    while sent < granted + (1 << 20):
        room = granted - sent
        if room < h2.FRAME_BYTES_MAX:
            update = peer.read_until(lambda f: f.type == Type.WINDOW_UPDATE)
            assert update.stream == 0
            granted += int.from_bytes(update.payload, "big")
            continue
        peer.send(h2.data(1, bytes(h2.FRAME_BYTES_MAX)))
        sent += h2.FRAME_BYTES_MAX
        if sent > (9 << 20):
            break
    peer.expect_alive()
