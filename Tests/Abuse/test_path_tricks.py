"""Paths that mean one thing to who checks and another to who serves."""

import http2_frames as h2
from http2_frames import Type
from raw_http2 import frame
from siege import INFER, count, message

SERVICE, METHOD = INFER[1:].split("/")
TRICKS = [
    "/" + INFER, INFER + "/", f"/{SERVICE}//{METHOD}", f"/./{SERVICE}/{METHOD}",
    f"/x/../{SERVICE}/{METHOD}", f"/{SERVICE}/./{METHOD}", f"/{SERVICE}/x/../{METHOD}",
    f"/{SERVICE}/%4dodelInfer", f"/{SERVICE}%2f{METHOD}", f"/%2e/{SERVICE}/{METHOD}",
    f"/%2e%2e/{SERVICE}/{METHOD}", f"/{SERVICE}\\{METHOD}", f"/{SERVICE}/{METHOD}?x=y",
    f"/{SERVICE}/{METHOD}#x", f"/{SERVICE}/{METHOD};x", f"/{SERVICE}/{METHOD}%00",
    f"/{SERVICE}/{METHOD}\0", f"/{SERVICE}/{METHOD} ", f"/{SERVICE}/{METHOD}\t",
    f"/{SERVICE.upper()}/{METHOD}", f"/{SERVICE}/{METHOD.lower()}", INFER[1:], "", "*", "/",
    f"https://localhost{INFER}", f"http://localhost{INFER}", f"//localhost{INFER}",
    f"localhost{INFER}", f"/{SERVICE}/{METHOD}/{METHOD}", "/" + "a/" * 4_000,
    "/grpc.health.v1.Health/../" + INFER[1:], "/healthz/.." + INFER,
]
# Nobody's business without a key, however it is spelt.
PLAIN = ["//healthz", "/healthz/", "/healthz/..", "/healthz%2f", "/%68ealthz", "/./healthz",
         "/metrics", "/healthz/../metrics", "/readyz", "https://localhost/metrics", "/HEALTHZ"]
# REST, with a good key: another tenant's model, or an own one spelt otherwise.
REST = [
    "/v2/models/../models/identity", "/v2/models/./identity", "/v2//models/identity",
    "/v2/models//identity", "/v2/models/identity/", "/v2/models/%69dentity",
    "/v2/models/identity%2fready", "/v2/models/..%2fgood%2fsimple", "/v2/models/good/simple",
    "/v2/models/simple", "/v2/models/simple/ready", "/v2/models/%2e%2e/health/live",
    "/V2/models/identity", "/v2/models/identity/versions/../ready", "/v2/models/identity\0",
    "/v2/models/identity;x", "/v2/repository/models/../../models/identity", "/v2/x/../models/identity",
    "https://localhost/v2/models/identity", "/v2/models/" + "i" * 8_000,
]


def ask(peer, head, *more):
    """The last block of fields of the answer; empty for a reset."""
    peer.send(head, *more)
    stream = int.from_bytes(head[5:9], "big")
    while frame := peer.read():
        if frame.stream == stream and frame.type == Type.RST_STREAM:
            return {}
        if frame.stream == stream and frame.ends_stream:
            # The status of HTTP and that of gRPC may come in one block or in two.
            return {k: v for block in peer.blocks[stream] for k, v in block}
    return {}


def get(path, *more):
    return h2.headers(
        1, h2.block([(":method", "GET"), (":scheme", "https"), (":path", path),
                     (":authority", "localhost"), *more]), h2.END_HEADERS | h2.END_STREAM)


def test_path_tricks(siege):
    rounds = count(1, 50)
    served = siege.counted("martlet_gateway_requests_total", method=INFER)
    body = frame(message(16))
    with siege.attack("path tricks") as row:
        for _ in range(rounds):
            for path in TRICKS:
                peer = siege.peer()
                answer = ask(peer, siege.head(1, path=path), h2.data(1, body, h2.END_STREAM))
                assert answer.get("grpc-status") in (None, "12", "13"), (path, answer)
                assert "grpc-status" in answer or answer.get(":status", "400")[0] == "4", \
                    (path, answer)
                peer.close()
            for path in PLAIN:
                peer = siege.peer()
                answer = ask(peer, get(path))
                assert answer.get(":status", "400") in ("400", "404", "405", "415"), (path, answer)
                peer.close()
            for path in REST:
                peer = siege.peer()
                answer = ask(peer, get(path, ("authorization", f"Bearer {siege.key}")))
                # 503 is what the readiness of a model says that does not exist.
                refused = ("400", "404", "405", "414", "431", "503")
                assert answer.get(":status", "400") in refused, (path, answer)
                peer.close()
        row.sent = f"{rounds * (len(TRICKS) + len(PLAIN) + len(REST)):,} requests"
        row.end = "UNIMPLEMENTED, 404 or PROTOCOL_ERROR"
    assert served <= siege.counted("martlet_gateway_requests_total", method=INFER)
