"""Streams that are opened, say nothing, and are closed in good order, a million times."""

import re

import http2_frames as h2
from http2_frames import Type
from siege import STREAM, count

STREAMS = 90  # at one time; 100 are allowed
CONNECTIONS = 4


def test_stream_churn(siege):
    rounds = count(10, 2_800)
    block = siege.head(1, path=STREAM)[9:]
    with siege.attack("idle streams opened and closed") as row:
        for _ in range(CONNECTIONS):
            peer = siege.peer()
            ended = 0
            for first in range(0, rounds * STREAMS, STREAMS):
                streams = [2 * i + 1 for i in range(first, first + STREAMS)]
                peer.send(*(h2.headers(stream, block) for stream in streams),
                          *(h2.data(stream, flags=h2.END_STREAM) for stream in streams))
                ended = await_ends(peer, STREAMS)
                assert ended == STREAMS
            peer.expect_alive()
            peer.close()
        row.sent = f"{CONNECTIONS * rounds * STREAMS:,} streams, {STREAMS} at one time"
        row.end = "OK each"


def await_ends(peer, wanted):
    """Reads until so many streams have ended, and forgets what came: a million answers."""
    ended = 0
    while ended < wanted:
        frame = peer.read()
        assert frame, peer.history()
        assert frame.type not in (Type.RST_STREAM, Type.GOAWAY), str(frame)
        ended += frame.ends_stream
    peer.frames.clear()
    for fields in (blocks[-1] for blocks in peer.blocks.values()):
        assert re.search("0", dict(fields)["grpc-status"]), fields
    peer.blocks.clear()
    return ended
