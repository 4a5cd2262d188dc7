"""CVE-2025-8671: broken frames that make the server reset requests under way."""

import pytest

import http2_frames as h2
from http2_frames import Code, Type
from raw_http2 import frame
from siege import count, message

CALLS = 400  # 100 a minute are allowed

PROVOCATIONS = {
    "a body beyond its content-length": lambda stream: h2.data(stream, b"more", h2.END_STREAM),
    "trailers with a pseudo-field": lambda stream: h2.headers(
        stream, h2.block([(":path", "/")]), h2.END_HEADERS | h2.END_STREAM),
    "an upper-case trailer": lambda stream: h2.headers(
        stream, h2.block([("Upper", "case")]), h2.END_HEADERS | h2.END_STREAM),
    "a body beyond its content-length": lambda stream: h2.data(stream, b"more", h2.END_STREAM),
    "trailers with a pseudo-field": lambda stream: h2.headers(
        stream, h2.block([(":path", "/")]), h2.END_HEADERS | h2.END_STREAM),
    "an upper-case trailer": lambda stream: h2.headers(
        stream, h2.block([("Upper", "case")]), h2.END_HEADERS | h2.END_STREAM),
    "WINDOW_UPDATE of zero": lambda stream: h2.window_update(stream, 0),
    "a window past 2³¹": lambda stream: h2.window_update(stream, h2.WINDOW_MAX),
    "PRIORITY on itself": lambda stream: h2.priority(stream, dependency=stream),
    "DATA after the end": lambda stream: h2.data(stream, b"", h2.END_STREAM) + h2.data(stream, b"more"),
    "a PRIORITY of wrong size": lambda stream: h2.frame(Type.PRIORITY, 0, stream, b"1234"),
}


@pytest.mark.parametrize("provocation", PROVOCATIONS)
def test_made_you_reset(siege, provocation):
    connections = count(1, 50)
    body = frame(message(16))
    with siege.attack(f"MadeYouReset (CVE-2025-8671): {provocation}") as row:
        ends = set()
        for _ in range(connections):
            peer = siege.peer()
            for i in range(CALLS):
                stream = 2 * i + 1
                # All but the end of a call: the service is at it already.
                peer.send(siege.head(stream, extra=[("content-length", str(len(body)))]),
                          h2.data(stream, body), PROVOCATIONS[provocation](stream))
            while peer.read():
                pass
            # Some are errors of the connection at once, which is as good.
            last = [f for f in peer.frames if f.type == Type.GOAWAY][-1]
            assert last.code in (
                Code.ENHANCE_YOUR_CALM, Code.PROTOCOL_ERROR, Code.STREAM_CLOSED,
                Code.FLOW_CONTROL_ERROR, Code.FRAME_SIZE_ERROR), last
            assert sum(f.type == Type.RST_STREAM for f in peer.frames) <= 101
            ends.add(Code(last.code).name)
            peer.close()
        row.sent = f"{connections} connections × {CALLS} calls"
        row.end = "GOAWAY " + ", ".join(sorted(ends))
