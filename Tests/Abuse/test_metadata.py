"""Metadata that is too large, of too many fields, or without end."""

import http2_frames as h2
from http2_frames import Code, Type
from siege import count


def answer(peer, stream):
    peer.read_until(lambda f: f.stream == stream and f.type == Type.HEADERS and f.ends_stream)
    return dict(peer.blocks[stream][-1])


def send_head(peer, siege, stream, extra):
    """A HEADERS frame and as many CONTINUATIONs as its block needs."""
    block = siege.head(stream, extra=extra)[9:]
    parts = [block[i:i + h2.FRAME_BYTES_MAX] for i in range(0, len(block), h2.FRAME_BYTES_MAX)]
    last = len(parts) - 1
    peer.send(*(
        h2.frame(Type.HEADERS if i == 0 else Type.CONTINUATION,
                 (h2.END_HEADERS if i == last else 0) | (h2.END_STREAM if i == 0 else 0),
                 stream, part)
        for i, part in enumerate(parts)))


def test_oversized_metadata(siege):
    calls = count(20, 2_000)
    with siege.attack("oversized metadata") as row:
        peer = siege.peer()
        large = [("x-large", "a" * 20_000)]
        many = [(f"x-{i}", "a") for i in range(200)]
        for i in range(calls):
            send_head(peer, siege, 2 * i + 1, large if i % 2 else many)
            fields = answer(peer, 2 * i + 1)
            # gRPC's code for it, or HTTP's.
            assert fields.get("grpc-status") == "8" or fields[":status"] == "431", fields
        peer.expect_alive()
        peer.close()
        row.sent = f"{calls:,} calls, 20 KB or 200 fields each"
        row.end = "RESOURCE_EXHAUSTED"


def test_endless_metadata(siege):
    connections = count(2, 200)
    block = h2.block([(f"x-{i}", "a" * 1_000) for i in range(100)])
    parts = [block[i:i + 16_000] for i in range(0, len(block), 16_000)]
    with siege.attack("endless metadata") as row:
        for _ in range(connections):
            peer = siege.peer()
            peer.send(h2.headers(1, h2.block(peer.fields("POST")), flags=0),
                      *(h2.continuation(1, part, flags=0) for part in parts))
            peer.expect_connection_error(Code.ENHANCE_YOUR_CALM)
            peer.close()
        row.sent = f"{connections} connections × 100 KB"
        row.end = "GOAWAY ENHANCE_YOUR_CALM"


def test_endless_trailers(siege):
    connections = count(2, 100)
    with siege.attack("endless trailers") as row:
        for _ in range(connections):
            peer = siege.peer()
            trailers = h2.block([(f"x-{i}", "a" * 100) for i in range(150)])
            peer.send(siege.head(1), h2.data(1, b"\0\0\0\0\5"),
                      h2.headers(1, trailers[:16_000], flags=h2.END_STREAM),
                      h2.continuation(1, trailers[16_000:]))
            fields = answer(peer, 1)
            assert fields.get("grpc-status") not in (None, "0"), fields
            peer.expect_alive()
            peer.close()
        row.sent = f"{connections} connections, 150 fields"
        row.end = "the call is refused"
