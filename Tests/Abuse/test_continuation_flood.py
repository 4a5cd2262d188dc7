"""A header block that never ends (CVE-2024-27316 and others)."""

import pytest

import http2_frames as h2
from http2_frames import Code
from siege import count

FRAMES = 10_000


@pytest.mark.parametrize("size", [0, 1, 1_000])
def test_continuation_flood(siege, size):
    connections = count(2, 100)
    # A literal with a long value, of which each frame brings a part.
    block = h2.block([(":method", "POST")]) + b"\0" + h2.string("x") + h2.integer(1 << 28, 7)
    flood = b"".join(h2.continuation(1, b"a" * size, flags=0) for _ in range(FRAMES))
    with siege.attack(f"CONTINUATION flood, {size} bytes each") as row:
        for _ in range(connections):
            peer = siege.peer()
            peer.send(h2.headers(1, block, flags=0), flood)
            peer.expect_connection_error(Code.ENHANCE_YOUR_CALM, Code.COMPRESSION_ERROR)
            peer.close()
        row.sent = f"{connections} connections × {FRAMES:,} frames"
        row.end = "GOAWAY"
