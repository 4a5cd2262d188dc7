"""Metadata that is too large, of too many fields, without end, or with keys that are made up."""

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
    connections, calls = count(1, 20), count(20, 500)
    large = [("x-large", "a" * 20_000)]
    many = [(f"x-{i}", "a") for i in range(200)]
    with siege.attack("oversized metadata") as row:
        for _ in range(connections):
            peer = siege.peer()
            for i in range(calls):
                send_head(peer, siege, 2 * i + 1, large if i % 2 else many)
                fields = answer(peer, 2 * i + 1)
                # gRPC's code for it, or HTTP's.
                assert fields.get("grpc-status") == "8" or fields[":status"] == "431", fields
            peer.expect_alive()
            peer.close()
        row.sent = f"{connections * calls:,} calls, 20 KB or 200 fields each"
        row.end = "RESOURCE_EXHAUSTED"


def test_refused_calls(siege):
    """Nobody's calls: after a thousand the connection ends, and the next bad keys of that address
    are refused without a question to the auth service."""
    connections = count(1, 50)
    seen = siege.limit_count("refused_calls")
    with siege.attack("calls with made-up keys") as row:
        for _ in range(connections):
            peer = siege.peer()
            for first in range(0, 3_000, 50):
                peer.send(*(siege.head(2 * i + 1, key=f"mk_{i:040}", end=True)
                            for i in range(first, first + 50)))
                while peer.frames[-1].stream < 2 * first + 99 and peer.read():
                    pass
            peer.expect_close()
            assert [f.code for f in peer.frames if f.type == Type.GOAWAY] == [
                Code.ENHANCE_YOUR_CALM], peer.history()
            peer.close()
        row.sent = f"{connections} connections × 3,000 calls"
        row.end = "UNAUTHENTICATED, RESOURCE_EXHAUSTED, then GOAWAY ENHANCE_YOUR_CALM"
    assert siege.limit_count("refused_calls") >= seen + connections


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
