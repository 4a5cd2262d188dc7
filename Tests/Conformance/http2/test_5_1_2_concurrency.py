"""RFC 9113 section 5.1.2: stream concurrency."""

from http2_frames import Code, Setting, Type

import http2_frames as h2


def limit_of(peer, at_most=200):
    """A service allows its gateway more streams than are worth the time to open them all."""
    return min(peer.settings[Setting.MAX_CONCURRENT_STREAMS], at_most)


def test_limit_is_announced(peer):
    assert peer.settings[Setting.MAX_CONCURRENT_STREAMS] >= 1


def test_stream_over_the_limit_is_refused(peer):
    limit = limit_of(peer, 20_000)
    # Without window no response ends, so no stream closes.
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 0))
    for index in range(limit + 1):
        peer.send(peer.request(2 * index + 1))
    peer.expect_stream_error(2 * limit + 1, Code.PROTOCOL_ERROR, Code.REFUSED_STREAM)


def test_as_many_streams_as_announced_are_served(peer):
    limit = limit_of(peer)
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 0))
    peer.send(*(peer.request(2 * index + 1) for index in range(limit)))
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 1000))
    for index in range(limit):
        assert peer.expect_response(2 * index + 1).body


def test_only_open_streams_count(peer):
    limit = limit_of(peer)
    for index in range(limit + 5):
        peer.send(peer.request(2 * index + 1))
        peer.expect_response(2 * index + 1)
    peer.expect_no_error()


def test_streams_that_the_client_resets_no_longer_count(peer):
    limit = limit_of(peer)
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 0))
    for index in range(limit):
        peer.send(peer.request(2 * index + 1))
    peer.send(*(h2.rst_stream(2 * index + 1) for index in range(10)))
    peer.send(*(peer.request(2 * index + 1) for index in range(limit, limit + 10)))
    peer.expect_alive()
    assert not [f for f in peer.frames if f.type in (Type.RST_STREAM, Type.GOAWAY)]
