"""CVE-2023-44487: requests that are cancelled as soon as they are made."""

import http2_frames as h2
from http2_frames import Code
from siege import count

CALLS = 3_000  # the burst is 1,000


def test_rapid_reset(siege):
    connections = count(2, 100)
    seen = siege.limit_count("resets_received")
    with siege.attack("rapid reset (CVE-2023-44487)") as row:
        for _ in range(connections):
            peer = siege.peer()
            for first in range(0, CALLS, 100):
                peer.send(*(part for i in range(first, first + 100)
                            for part in (*siege.call(2 * i + 1), h2.rst_stream(2 * i + 1))))
            peer.expect_connection_error(Code.ENHANCE_YOUR_CALM)
            peer.close()
        row.sent = f"{connections} connections × {CALLS:,} calls"
        row.end = "GOAWAY ENHANCE_YOUR_CALM"
    assert siege.limit_count("resets_received") == seen + connections
