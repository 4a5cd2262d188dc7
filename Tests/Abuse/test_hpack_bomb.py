"""A field of 4,000 bytes in the compression table, and then a byte for each repetition."""

import http2_frames as h2
from http2_frames import Code
from siege import count

REFERENCES = 12_000  # 48 MB in one frame


def test_hpack_bomb(siege):
    connections = count(2, 200)
    seen = siege.limit_count("header_block")
    bomb = h2.literal("x-bomb", b"b" * 4_000, first=0x40) + h2.indexed(62) * REFERENCES
    with siege.attack("HPACK bomb") as row:
        for _ in range(connections):
            peer = siege.peer()
            peer.send(h2.headers(1, h2.block(peer.fields()) + bomb))
            peer.expect_connection_error(Code.ENHANCE_YOUR_CALM)
            peer.close()
        row.sent = f"{connections} connections × {REFERENCES * 4_000 >> 20} MiB in 16 KiB"
        row.end = "GOAWAY ENHANCE_YOUR_CALM"
    assert siege.limit_count("header_block") == seen + connections
