"""Slowloris in a message: it is promised and does not come."""

import time

import http2_frames as h2
from http2_frames import Type
from raw_http2 import frame
from siege import count, message

STREAMS = 20


def test_slow_body(impatient):
    connections = count(2, 40)
    seen = impatient.limit_count("slow_request")
    body = frame(message(100_000))
    with impatient.attack("slowloris: a body") as row:
        peers = [impatient.peer() for _ in range(connections)]
        for peer in peers:
            for i in range(STREAMS):
                peer.send(impatient.head(2 * i + 1), h2.data(2 * i + 1, body[:1_000]))
        for at in range(1_000, 1_008):
            for peer in peers:
                peer.send(*(h2.data(2 * i + 1, body[at:at + 1]) for i in range(STREAMS)))
            time.sleep(0.25)
        for peer in peers:
            def ended():
                return {f.stream for f in peer.frames
                        if f.type == Type.HEADERS and f.ends_stream or f.type == Type.RST_STREAM}
            while len(ended()) < STREAMS:
                assert peer.read(), peer.history()
            for stream in range(1, 2 * STREAMS, 2):
                assert ("grpc-status", "1") in peer.blocks[stream][-1], peer.blocks[stream]
            peer.close()
        row.sent = f"{connections * STREAMS} calls, four bytes a second each"
        row.end = "CANCELLED"
    assert impatient.limit_count("slow_request") == seen + connections * STREAMS
