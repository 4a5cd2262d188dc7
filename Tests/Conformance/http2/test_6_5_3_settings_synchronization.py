"""RFC 9113 section 6.5.3: settings synchronization."""

import http2_frames as h2
from http2_frames import Setting, Type


def test_settings_are_acknowledged_at_once(peer):
    peer.send(h2.settings((Setting.ENABLE_PUSH, 0)))
    assert peer.read_until(lambda f: f.type == Type.SETTINGS).is_ack


def test_last_of_several_values_counts(peer):
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 100), (Setting.INITIAL_WINDOW_SIZE, 1))
    peer.send(peer.request(1))
    assert len(peer.expect_data(1).payload) == 1
    assert not [f for f in peer.expect_alive() if f.type == Type.DATA]


def test_values_are_applied_in_order(peer):
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 1), (Setting.INITIAL_WINDOW_SIZE, 100))
    peer.send(peer.request(1))
    assert peer.expect_response(1).body


def test_acknowledgement_comes_before_frames_under_the_new_settings(peer):
    peer.apply((Setting.INITIAL_WINDOW_SIZE, 0))
    peer.send(peer.request(1))
    peer.send(h2.settings((Setting.INITIAL_WINDOW_SIZE, 10)))
    first = peer.read_until(lambda f: f.type == Type.DATA or f.is_ack)
    assert first.is_ack


def test_unacknowledged_settings_do_not_stop_requests(raw):
    raw.acknowledges_settings = False
    raw.send(h2.PREFACE, h2.settings(), raw.request(1))
    raw.expect_response(1)
