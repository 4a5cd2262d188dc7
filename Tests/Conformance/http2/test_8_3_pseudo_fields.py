"""RFC 9113 section 8.3: HTTP control data."""

import pytest

import http2_frames as h2
from http2_frames import END_HEADERS, END_STREAM, Code


def send(peer, fields):
    peer.send(h2.headers(1, h2.block(fields), END_HEADERS | END_STREAM))


@pytest.mark.parametrize("field", [
    (":test", "ok"), (":status", "200"), (":protocol", "websocket"), (":", "x"),
    (":Method", "GET")])
def test_undefined_or_response_pseudo_field_is_malformed(peer, field):
    send(peer, [*peer.fields(), field])
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("name", [":method", ":path", ":status"])
def test_pseudo_field_in_trailers_is_malformed(peer, name):
    peer.send(
        peer.post(1), h2.data(1, b"test"),
        h2.headers(1, h2.block([(name, "200")]), END_HEADERS | END_STREAM))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


def test_pseudo_field_after_a_regular_one_is_malformed(peer):
    fields = peer.fields()
    send(peer, [*fields[:3], ("x-test", "ok"), fields[3]])
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("name", [":method", ":scheme", ":path"])
def test_missing_pseudo_field_is_malformed(peer, name):
    send(peer, [field for field in peer.fields() if field[0] != name])
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("name", [":method", ":scheme", ":path", ":authority"])
def test_repeated_pseudo_field_is_malformed(peer, name):
    fields = peer.fields()
    send(peer, [*fields, next(field for field in fields if field[0] == name)])
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("name", [":method", ":scheme", ":path", ":authority"])
def test_empty_pseudo_field_is_malformed(peer, name):
    send(peer, [(n, "" if n == name else value) for n, value in peer.fields()])
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("path", ["healthz", "*", "http://localhost/healthz", "?x", "#x"])
def test_path_that_is_neither_absolute_nor_a_star_for_options(peer, path):
    send(peer, peer.fields(path=path))
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("authority", ["user@localhost", "user:secret@localhost"])
def test_authority_with_user_information_is_malformed(peer, authority):
    send(peer, [*peer.fields()[:3], (":authority", authority)])
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


def test_host_that_differs_from_the_authority_is_malformed(peer):
    send(peer, [*peer.fields(), ("host", "elsewhere")])
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


def test_repeated_host_is_malformed(peer):
    send(peer, [*peer.fields()[:3], ("host", "localhost"), ("host", "localhost")])
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST"])
def test_host_that_equals_the_authority_is_accepted(peer, host):
    send(peer, [*peer.fields(), ("host", host)])
    peer.expect_response(1)


def test_host_may_stand_for_the_authority(peer):
    send(peer, [*peer.fields()[:3], ("host", "localhost")])
    peer.expect_response(1)


def test_pseudo_fields_may_come_in_any_order(peer):
    send(peer, peer.fields()[::-1])
    peer.expect_response(1)


def test_options_star_is_answered(peer):
    send(peer, peer.fields("OPTIONS", "*"))
    peer.expect_response(1, "405")


# --- 8.5 CONNECT -------------------------------------------------------------------------------------

def test_connect_is_answered(peer):
    send(peer, [(":method", "CONNECT"), (":authority", "localhost:443")])
    peer.expect_response(1, "405")


@pytest.mark.parametrize("more", [
    [(":scheme", "https")], [(":path", "/")], [(":scheme", "https"), (":path", "/")]])
def test_connect_with_scheme_or_path_is_malformed(peer, more):
    send(peer, [(":method", "CONNECT"), (":authority", "localhost:443"), *more])
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)


def test_connect_without_authority_is_malformed(peer):
    send(peer, [(":method", "CONNECT")])
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)
