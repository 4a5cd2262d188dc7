"""RFC 9113 section 8.1: HTTP message framing."""

import pytest

import http2_frames as h2
from http2_frames import END_HEADERS, END_STREAM, Code, Type


def test_get_is_answered(peer):
    peer.send(peer.request(1))
    response = peer.expect_response(1)
    assert response.body and not response.trailers


def test_post_is_answered(peer):
    peer.send(peer.post(1), h2.data(1, b"test", END_STREAM))
    assert peer.expect_response(1).body


def test_head_is_answered_without_a_body(peer):
    peer.send(peer.request(1, method="HEAD"))
    assert not peer.expect_response(1).body


def test_post_with_trailers_is_answered(peer):
    peer.send(
        peer.post(1, ("trailer", "x-test")), h2.data(1, b"test"),
        h2.headers(1, h2.block([("x-test", "ok")]), END_HEADERS | END_STREAM))
    peer.expect_response(1)


def test_trailers_without_a_body_are_accepted(peer):
    peer.send(
        peer.post(1), h2.headers(1, h2.block([("x-test", "ok")]), END_HEADERS | END_STREAM))
    peer.expect_response(1)


def test_trailers_without_end_stream(peer):
    peer.send(
        peer.post(1), h2.data(1, b"test"), h2.headers(1, h2.block([("x-test", "ok")])))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


def test_second_header_block_without_end_stream(peer):
    peer.send(peer.post(1), peer.post(1))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


def test_data_after_trailers(peer):
    peer.send(
        peer.post(1), h2.data(1, b"test"),
        h2.headers(1, h2.block([("x-test", "ok")]), END_HEADERS | END_STREAM),
        h2.data(1, b"more", END_STREAM))
    peer.expect_stream_error(1, Code.STREAM_CLOSED)


def test_response_waits_for_the_whole_request(peer):
    # Whether the request is well-formed is known at its end.
    peer.send(peer.post(1, ("content-length", "4")), h2.data(1, b"te"))
    assert not [f for f in peer.expect_alive() if f.stream == 1 and f.type == Type.HEADERS]
    peer.send(h2.data(1, b"st", END_STREAM))
    peer.expect_response(1)


def test_response_is_headers_then_data(peer):
    peer.send(peer.request(1))
    peer.expect_response(1)
    types = [f.type for f in peer.frames if f.stream == 1]
    assert types[0] == Type.HEADERS and set(types[1:]) == {Type.DATA}
    assert [f.ends_stream for f in peer.frames if f.stream == 1].count(True) == 1


@pytest.mark.parametrize("path, status", [("/", "404"), ("/no/such/thing", "404")])
def test_unknown_path_is_answered(peer, path, status):
    peer.send(h2.headers(1, h2.block(peer.fields(path=path)), END_HEADERS | END_STREAM))
    peer.expect_response(1, status)


def test_answer_has_one_status_and_lower_case_names(peer):
    peer.send(peer.request(1))
    names = [name for name, _ in peer.expect_response(1).fields]
    assert names[0] == ":status" and names.count(":status") == 1
    assert all(name == name.lower() for name in names)
    assert not {"connection", "keep-alive", "transfer-encoding", "upgrade"} & set(names)


def test_early_answer_ends_with_no_error(peer):
    # A gRPC call that is refused at its headers: a complete response, then RST_STREAM(NO_ERROR)
    # to stop the client from sending the rest.
    fields = [*peer.fields("POST", "/no.Such/Method"), ("content-type", "application/grpc"),
              ("te", "trailers")]
    peer.send(h2.headers(1, h2.block(fields)))
    peer.expect_response(1)
    reset = peer.read_until(lambda f: f.type == Type.RST_STREAM)
    assert reset.stream == 1 and reset.code == Code.NO_ERROR
    peer.send(h2.data(1, b"late"), h2.window_update(1, 1))
    peer.expect_alive()
