"""RFC 9113 section 7: error codes."""

import pytest

import http2_frames as h2
from http2_frames import Code, Type


@pytest.mark.parametrize("code", [0xFF, 0xFFFFFFFF])
def test_unknown_code_of_goaway_triggers_nothing_special(peer, code):
    peer.send(h2.goaway(0, code))
    peer.expect_close()
    assert all(f.code == Code.NO_ERROR for f in peer.frames if f.type == Type.GOAWAY)


@pytest.mark.parametrize("code", [0xFF, 0xFFFFFFFF])
def test_unknown_code_of_rst_stream_triggers_nothing_special(peer, code):
    peer.send(peer.post(1), h2.rst_stream(1, code))
    peer.expect_no_error()
