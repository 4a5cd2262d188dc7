"""RFC 9113 section 6.9.2: initial flow-control window size."""

import pytest

import http2_frames as h2
from http2_frames import END_STREAM, Code, Setting, Type


def test_change_applies_to_open_streams(peer):
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 0))
    peer.send(peer.request(1))
    assert not [f for f in peer.expect_alive() if f.type == Type.DATA]
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 1))
    assert len(peer.expect_data(1).payload) == 1


def test_window_can_become_negative(peer):
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 3))
    peer.send(peer.request(1))
    assert len(peer.expect_data(1).payload) == 3
    # 3 sent of 2: the window is -1.
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 2))
    peer.send(h2.window_update(1, 1))
    assert not [f for f in peer.expect_alive() if f.type == Type.DATA]
    peer.send(h2.window_update(1, 1))
    assert len(peer.expect_data(1).payload) == 1


def test_change_does_not_apply_to_the_connection(peer):
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 0))
    peer.send(peer.request(1), h2.window_update(1, 1000))
    peer.expect_response(1)


def test_change_that_lifts_a_window_over_its_maximum(peer):
    peer.send(peer.post(1), h2.window_update(1, h2.WINDOW_MAX - h2.WINDOW_BYTES))
    peer.send(h2.settings((Setting.INITIAL_WINDOW_SIZE, h2.WINDOW_BYTES + 1)))
    peer.expect_connection_error(Code.FLOW_CONTROL_ERROR)


def test_change_to_the_very_maximum(peer):
    peer.send(peer.post(1), h2.window_update(1, h2.WINDOW_MAX - h2.WINDOW_BYTES - 1))
    peer.apply((Setting.INITIAL_WINDOW_SIZE, h2.WINDOW_BYTES + 1))
    peer.send(h2.data(1, b"test", END_STREAM))
    peer.expect_response(1)


@pytest.mark.xfail(strict=True, reason="libnghttp2 applies only the last of several values")
def test_passing_over_the_maximum_within_one_frame(peer):
    peer.send(peer.post(1), h2.window_update(1, h2.WINDOW_MAX - h2.WINDOW_BYTES))
    peer.send(h2.settings(
        (Setting.INITIAL_WINDOW_SIZE, h2.WINDOW_BYTES + 1),
        (Setting.INITIAL_WINDOW_SIZE, h2.WINDOW_BYTES)), h2.ping())
    first = peer.read_until(lambda f: f.type in (Type.GOAWAY, Type.PING))
    assert first.type == Type.GOAWAY and first.code == Code.FLOW_CONTROL_ERROR


def test_value_over_the_maximum(peer):
    peer.send(h2.settings((Setting.INITIAL_WINDOW_SIZE, 1 << 31)))
    peer.expect_connection_error(Code.FLOW_CONTROL_ERROR)
