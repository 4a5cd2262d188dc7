"""Frames that cost the sender nothing: one limit each."""

import pytest

import http2_frames as h2
from http2_frames import Code, Setting
from siege import count

FRAMES = 20_000

# Each on a connection with an open call, stream 1.
FLOODS = {
    "SETTINGS": ("settings", lambda i: h2.settings((Setting.INITIAL_WINDOW_SIZE, 65_535 + i % 2))),
    "PING": ("pings", lambda i: h2.ping()),
    "empty DATA": ("empty_data", lambda i: h2.data(1)),
    "padded empty DATA": (
        "empty_data", lambda i: h2.data(1, h2.padded(b"", 0), flags=h2.PADDED)),
    "PRIORITY of idle streams": ("priorities", lambda i: h2.priority(2 * i + 3)),
    "unknown frames": ("priorities", lambda i: h2.frame(0xfa, 0, 0, b"")),
    "WINDOW_UPDATE": ("window_updates", lambda i: h2.window_update(1, 1)),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_frame_flood(siege, flood):
    limit, make = FLOODS[flood]
    connections = count(2, 100)
    seen = siege.limit_count(limit)
    frames = b"".join(make(i) for i in range(FRAMES))
    with siege.attack(f"{flood} flood") as row:
        for _ in range(connections):
            peer = siege.peer()
            peer.send(siege.head(1), frames)
            peer.expect_connection_error(Code.ENHANCE_YOUR_CALM)
            peer.close()
        row.sent = f"{connections} connections × {FRAMES:,} frames"
        row.end = "GOAWAY ENHANCE_YOUR_CALM"
    assert siege.limit_count(limit) == seen + connections
