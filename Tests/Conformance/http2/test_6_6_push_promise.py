"""RFC 9113 sections 6.6 and 8.4: a client cannot push."""

import pytest

import http2_frames as h2
from http2_frames import Code


@pytest.mark.parametrize("promised", [2, 3, 0])
def test_push_promise_from_a_client(peer, promised):
    peer.send(peer.post(1), h2.push_promise(1, promised, h2.block(peer.fields())))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("stream", [0, 1, 2])
def test_push_promise_on_an_idle_stream(peer, stream):
    peer.send(h2.push_promise(stream, 4, h2.block(peer.fields())))
    peer.expect_connection_error(Code.PROTOCOL_ERROR)


def test_push_promise_on_a_closed_stream(peer):
    peer.send(peer.request(1))
    peer.expect_response(1)
    peer.send(h2.push_promise(1, 2, h2.block(peer.fields())))
    peer.expect_connection_error(Code.PROTOCOL_ERROR, Code.STREAM_CLOSED)


def test_server_does_not_push(peer):
    peer.apply((h2.Setting.ENABLE_PUSH, 1))
    peer.send(peer.request(1))
    peer.expect_response(1)
    assert not [f for f in peer.frames if f.type == h2.Type.PUSH_PROMISE]
