"""REST bodies that are dear to read: deep, endless, of numbers without end."""

import json

import http2_frames as h2
from http2_frames import Type
from siege import count

SIZE = 4 << 20  # half of the limit of a JSON body

PREFIX = '{"inputs":[{"name":"INPUT0","datatype":"FP32","shape":[1,1],"data":'
BOMBS = {
    "deep arrays": PREFIX + "[" * SIZE,
    "deep objects": PREFIX + '{"a":' * (SIZE // 5),
    "one long number": PREFIX + "[" + "9" * SIZE + "]}]}",
    "one long string": PREFIX + '["' + "\\u0041" * (SIZE // 6) + '"]}]}',
    "many members": "{" + ",".join(f'"{i}":0' for i in range(SIZE // 10)) + "}",
    "many inputs": json.dumps({"inputs": [{} for _ in range(SIZE // 4)]}),
    "numbers beyond their type": PREFIX + "[" + "1e308," * (SIZE // 6) + "1e308]}]}",
}


def post(siege, peer, stream, path, body):
    """The fields of the answer to a POST of JSON."""
    fields = [(":method", "POST"), (":scheme", "https"), (":path", path),
              (":authority", "localhost"), ("content-type", "application/json"),
              ("authorization", f"Bearer {siege.key}")]
    peer.send(h2.headers(stream, h2.block(fields)))
    window = h2.WINDOW_BYTES if peer.settings is None else peer.settings.get(
        h2.Setting.INITIAL_WINDOW_SIZE, h2.WINDOW_BYTES)
    ended = lambda f: f.stream == stream and (f.ends_stream or f.type == Type.RST_STREAM)  # noqa: E731
    seen = 0
    while body:
        piece = body[:min(window, h2.FRAME_BYTES_MAX)]
        if piece:
            body, window = body[len(piece):], window - len(piece)
            peer.send(h2.data(stream, piece, 0 if body else h2.END_STREAM))
            continue
        # The window is used up: what the server has taken opens it again.
        assert peer.read(), peer.history()
        for frame in peer.frames[seen:]:
            if frame.type == Type.WINDOW_UPDATE and frame.stream == stream:
                window += int.from_bytes(frame.payload, "big")
            if ended(frame):
                body = b""
        seen = len(peer.frames)
    if not any(ended(frame) for frame in peer.frames):
        peer.read_until(ended)
    return dict(peer.blocks[stream][0]) if stream in peer.blocks else {":status": "reset"}


def test_json_bomb(siege):
    rounds = count(1, 10)
    with siege.attack("JSON bombs") as row:
        for _ in range(rounds):
            for name, text in BOMBS.items():
                peer = siege.peer()
                answer = post(
                    siege, peer, 1, "/v2/models/identity/infer", text.encode()[:SIZE + (1 << 16)])
                assert answer[":status"] in ("400", "413"), (name, answer)
                peer.expect_alive()
                peer.close()
        row.sent = f"{rounds * len(BOMBS)} requests of {SIZE >> 20} MiB"
        row.end = "400"
