"""Compressed messages that become a thousand times as large."""

import gzip

import http2_frames as h2
from raw_http2 import frame
from siege import count
from tritonclient.grpc import service_pb2

FLOATS = 1 << 26


def test_gzip_bomb(siege):
    calls = count(6, 200)
    front = service_pb2.ModelInferRequest(
        model_name="identity", inputs=[service_pb2.ModelInferRequest.InferInputTensor(
            name="INPUT0", datatype="FP32", shape=[1, FLOATS])]).SerializeToString()
    # raw_input_contents of 256 MiB: four times the limit.
    body = frame(gzip.compress(front + b"\x3a\x80\x80\x80\x80\x01" + bytes(4 * FLOATS), 9),
                 compressed=1)
    with siege.attack("gzip bomb", kept=64 << 20) as row:
        for _ in range(calls):
            peer = siege.peer()
            peer.send(siege.head(1, extra=[("grpc-encoding", "gzip")]))
            for at in range(0, len(body), h2.FRAME_BYTES_MAX):
                # What is refused need not be sent to its end.
                if any(f.ends_stream for f in peer.frames):
                    break
                peer.send(h2.data(1, body[at:at + h2.FRAME_BYTES_MAX]))
                peer.expect_alive()
            else:
                peer.read_until(lambda f: f.ends_stream)
            assert ("grpc-status", "8") in peer.blocks[1][-1], peer.blocks[1]
            peer.close()
        row.sent = f"{calls} calls, {len(body) >> 10} KiB for {4 * FLOATS >> 20} MiB"
        row.end = "RESOURCE_EXHAUSTED"
    before, peak, _ = row.resident
    assert peak - before < 160, f"{peak - before} MiB"
