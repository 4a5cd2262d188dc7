"""What the gateway answers itself: many questions and no window for the answers; checks of health,
which need no key, that inflate."""

import gzip

import http2_frames as h2
from http2_frames import Setting, Type
from raw_http2 import frame
from siege import count

REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
HEALTH = "/grpc.health.v1.Health/Check"
NAME = b"inference/inference.proto"
QUESTION = frame(b"\x1a" + bytes([len(NAME)]) + NAME)  # file_by_filename: some 15 KB each


def test_reflection_without_a_window(siege):
    connections = count(4, 40)
    questions = QUESTION * (h2.FRAME_BYTES_MAX // len(QUESTION))
    with siege.attack("reflection, window of zero") as row:
        for _ in range(connections):
            peer = siege.peer((Setting.INITIAL_WINDOW_SIZE, 0))
            peer.send(siege.head(1, path=REFLECTION))
            for _ in range(16):
                peer.send(h2.data(1, questions))
            peer.read_until(lambda f: f.type == Type.RST_STREAM)
            peer.close()
        row.sent = f"{connections} streams × {16 * len(questions) // len(QUESTION):,} questions"
        row.end = "RST_STREAM ENHANCE_YOUR_CALM"
    before, peak, _ = row.resident
    assert peak - before < 96, f"{peak - before:.0f} MiB"


def test_compressed_health_checks_without_a_key(siege):
    calls = count(20, 2_000)
    bombs = frame(gzip.compress(b"\x0a\xfb\x7f" + bytes(16_379)), compressed=1) * 200
    fields = [(":method", "POST"), (":scheme", "https"), (":path", HEALTH),
              (":authority", "localhost"), ("content-type", "application/grpc"),
              ("te", "trailers"), ("grpc-encoding", "gzip")]
    with siege.attack("compressed health checks without a key") as row:
        for _ in range(calls):
            peer = siege.peer()
            peer.send(h2.headers(1, h2.block(fields)))
            peer.send(h2.data(1, bombs[:h2.FRAME_BYTES_MAX]))
            peer.read_until(lambda f: f.ends_stream)
            assert ("grpc-status", "8") in peer.blocks[1][-1], peer.blocks[1]
            peer.close()
        row.sent = f"{calls} calls, 16 KiB for 3 MiB"
        row.end = "RESOURCE_EXHAUSTED"
