"""RFC 9113 section 3.4 (section 3.5 of RFC 7540): the connection preface."""

import pytest

import http2_frames as h2
from http2_frames import Code, Setting, Type


def test_server_begins_with_settings(raw):
    raw.send(h2.PREFACE, h2.settings())
    first = raw.read()
    assert first.type == Type.SETTINGS and not first.is_ack and first.stream == 0


def test_server_does_not_wait_for_the_clients_preface(raw):
    assert raw.read().type == Type.SETTINGS


def test_requests_may_follow_before_the_servers_settings_are_known(raw):
    raw.send(h2.PREFACE, h2.settings(), raw.request(1))
    assert raw.expect_response(1).body


def test_preface_may_come_byte_by_byte(raw):
    for byte in h2.PREFACE + h2.settings((Setting.ENABLE_PUSH, 0)):
        raw.send(bytes([byte]))
    raw.expect_no_error()


@pytest.mark.parametrize("preface", [
    b"INVALID CONNECTION PREFACE\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    h2.PREFACE[:-1] + b"X",
    h2.PREFACE.lower(),
    h2.settings(),
], ids=["words", "http/1.1", "last-byte", "lower-case", "missing"])
def test_invalid_preface_ends_the_connection(raw, preface):
    raw.send(preface, h2.settings())
    # "A GOAWAY frame MAY be omitted in this case": only its code could be wrong.
    raw.expect_close()
    codes = [f.code for f in raw.frames if f.type == Type.GOAWAY]
    assert codes in ([], [Code.PROTOCOL_ERROR])


@pytest.mark.parametrize("first", [
    h2.ping(), h2.window_update(0, 1), h2.settings(flags=h2.ACK), h2.goaway(),
    h2.frame(0xF7), h2.headers(1, b"\x82"),
], ids=["ping", "window-update", "settings-ack", "goaway", "unknown", "headers"])
def test_preface_without_settings_is_a_connection_error(raw, first):
    raw.send(h2.PREFACE, first)
    raw.expect_close()
    assert [f.code for f in raw.frames if f.type == Type.GOAWAY] in ([], [Code.PROTOCOL_ERROR])
