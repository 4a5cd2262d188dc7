"""RFC 9113 section 6.9.1: the flow-control window."""

import http2_frames as h2
from http2_frames import END_STREAM, Code, Setting, Type


def test_response_has_enough_bytes_for_these_tests(peer):
    peer.send(peer.request(1))
    assert len(peer.expect_response(1).body) >= 5


def test_no_more_is_sent_than_the_streams_window(peer):
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 1))
    peer.send(peer.request(1))
    assert len(peer.expect_data(1).payload) == 1
    assert not [f for f in peer.expect_alive() if f.type == Type.DATA]


def test_headers_are_not_flow_controlled(peer):
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 0))
    peer.send(peer.request(1))
    peer.read_until(lambda f: f.type == Type.HEADERS)
    assert not [f for f in peer.expect_alive() if f.type == Type.DATA]


def test_no_more_is_sent_than_the_connections_window(peer):
    # Responses of a few bytes use the connection's window up; then all streams wait.
    peer.send(peer.request(1))
    size = len(peer.expect_response(1).body)
    left = h2.WINDOW_BYTES - size
    stream = 3
    while left >= size:
        count = min(left // size, 50)
        peer.send(*(peer.request(stream + 2 * i) for i in range(count)))
        for i in range(count):
            peer.expect_response(stream + 2 * i)
        del peer.frames[:]
        stream += 2 * count
        left -= size * count
    peer.send(peer.request(stream))
    before = peer.expect_alive()
    assert sum(len(f.payload) for f in before if f.type == Type.DATA) == left
    peer.send(h2.window_update(0, 100))
    peer.expect_response(stream)


def test_window_of_the_connection_over_its_maximum(peer):
    peer.send(h2.window_update(0, h2.WINDOW_MAX), h2.window_update(0, h2.WINDOW_MAX))
    peer.expect_connection_error(Code.FLOW_CONTROL_ERROR)


def test_window_of_a_stream_over_its_maximum(peer):
    peer.send(
        peer.post(1), h2.window_update(1, h2.WINDOW_MAX), h2.window_update(1, h2.WINDOW_MAX))
    peer.expect_reset(1, Code.FLOW_CONTROL_ERROR)


def test_window_by_one_over_its_maximum(peer):
    peer.send(peer.post(1), h2.window_update(1, h2.WINDOW_MAX - h2.WINDOW_BYTES + 1))
    peer.expect_reset(1, Code.FLOW_CONTROL_ERROR)


def test_more_data_than_the_streams_window(peer):
    window = peer.settings.get(Setting.INITIAL_WINDOW_SIZE, h2.WINDOW_BYTES)
    # In one write, so that no update can come between.
    whole = [h2.data(1, bytes(h2.FRAME_BYTES_MAX))] * (2 * window // h2.FRAME_BYTES_MAX)
    peer.send(peer.post(1), *whole)
    # The server may have read, and given back, a part before the rest came: either it is an
    # error, or the window was never exceeded.
    granted = window
    while frame := peer.read():
        if frame.type == Type.WINDOW_UPDATE and frame.stream == 1:
            granted += int.from_bytes(frame.payload, "big")
            if granted >= 2 * window - h2.FRAME_BYTES_MAX:
                peer.send(h2.data(1, b"", END_STREAM))
                peer.expect_response(1)
                return
        elif frame.type == Type.RST_STREAM:
            assert frame.stream == 1 and frame.code == Code.FLOW_CONTROL_ERROR
            peer.expect_alive()
            return
        elif frame.type == Type.GOAWAY:
            assert frame.code == Code.FLOW_CONTROL_ERROR
            return


def test_empty_data_needs_no_window(peer):
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 0))
    peer.send(peer.post(1), h2.data(1, b"", END_STREAM))
    peer.read_until(lambda f: f.type == Type.HEADERS)
    peer.send(h2.window_update(1, 1000))
    peer.expect_response(1)
