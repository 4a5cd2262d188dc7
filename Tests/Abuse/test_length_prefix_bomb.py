"""A message's length prefix that promises more than comes."""

import http2_frames as h2
from http2_frames import Type
from siege import MIB, count, message

STREAMS = 90
LIMIT = 64 << 20


def test_length_prefix_bomb(siege):
    connections = count(2, 100)
    # As much of the message as names the model.
    front = message(1_000)[:200]
    with siege.attack("length-prefix bomb") as row:
        peers = []
        for _ in range(connections):
            peer = siege.peer()
            peers.append(peer)
            for i in range(STREAMS):
                # Over the limit, and just below it: neither may be believed.
                length = (1 << 32) - 1 if i % 2 else LIMIT - 1
                peer.send(siege.head(2 * i + 1),
                          h2.data(2 * i + 1, b"\0" + length.to_bytes(4, "big") + front))
        for peer in peers:
            refused = {4 * i + 3 for i in range(STREAMS // 2)}
            while refused - {f.stream for f in peer.frames if f.ends_stream}:
                assert peer.read(), peer.history()
            assert all(("grpc-status", "8") in peer.blocks[stream][-1] for stream in refused)
            peer.close()
        row.sent = f"{connections * STREAMS:,} calls, 4 GiB or 64 MiB promised, 200 bytes sent"
        row.end = "RESOURCE_EXHAUSTED, or waits"
    before, peak, _ = row.resident
    # A few KiB a call, for {connections × 90} of them.
    assert (peak - before) * MIB < (16 << 20) + connections * STREAMS * (16 << 10)
    assert {f.type for peer in peers for f in peer.frames} <= {
        Type.SETTINGS, Type.HEADERS, Type.RST_STREAM, Type.WINDOW_UPDATE, Type.PING}
