"""Fields that claim to be somebody else: nobody gets at another tenant's model."""

import itertools

import http2_frames as h2
from http2_frames import Code, Type
from raw_http2 import frame
from siege import INFER, count
from tritonclient.grpc import service_pb2

import numpy as np

IDENTITY = ["tenant", "key", "rights", "models", "request-id"]
SPELLINGS = ["x-martlet-{}", "x_martlet_{}", "x-martlet_{}", "X-Martlet-{}", "x-martlet-{} ",
             " x-martlet-{}", "x-martlet-{}\t", "x-martlet-{}-bin", "x-martlet-{}\0"]


def forged(spelling):
    return [(spelling.format(name), "good" if name == "tenant" else "*") for name in IDENTITY]


def credentials(siege):
    """Ways to spell two keys, or one that is not quite there."""
    good, other = siege.key, "mk_" + "x" * 40
    for first, second in itertools.permutations([good, other]):
        yield [("authorization", f"Bearer {first}"), ("authorization", f"Bearer {second}")]
        yield [("authorization", f"Bearer {first}, Bearer {second}")]
        yield [("authorization", f"Bearer {first}"), ("x-api-key", second)]
        yield [("x-api-key", first), ("x-api-key", second)]
    for name in ["Authorization", "authorization ", " authorization", "authorization\t",
                 "proxy-authorization", "authorization\0"]:
        yield [(name, f"Bearer {good}")]
    for value in [f"Bearer {good}\r\nx-martlet-tenant: good", f"Bearer {good}\0", good,
                  f"Basic {good}", f"Bearer\t{good}\n"]:
        yield [("authorization", value)]


def infer(siege, peer, stream, fields):
    """The status of a call of the other tenant's `simple` with these fields, or the reset's code."""
    values = np.arange(16, dtype="<i4").tobytes()
    body = service_pb2.ModelInferRequest(
        model_name="simple",
        inputs=[service_pb2.ModelInferRequest.InferInputTensor(
            name=name, datatype="INT32", shape=[1, 16]) for name in ("INPUT0", "INPUT1")],
        raw_input_contents=[values, values]).SerializeToString()
    pseudo = [(":method", "POST"), (":scheme", "https"), (":path", INFER),
              (":authority", "localhost"), ("content-type", "application/grpc"),
              ("te", "trailers")]
    peer.send(h2.headers(stream, h2.block([*pseudo, *fields])),
              h2.data(stream, frame(body), h2.END_STREAM))
    last = peer.read_until(
        lambda f: f.stream == stream and (f.ends_stream or f.type == Type.RST_STREAM))
    if last.type == Type.RST_STREAM:
        assert last.code == Code.PROTOCOL_ERROR, last
        return "reset"
    answer = dict(peer.blocks[stream][-1])
    return answer.get("grpc-status") or answer[":status"]


def test_identity_smuggling(siege):
    rounds = count(1, 20)
    own = [("authorization", f"Bearer {siege.key}")]
    statuses = set()
    with siege.attack("identity smuggling") as row:
        calls = 0
        for _ in range(rounds):
            for spelling in SPELLINGS:
                # Each behind its own connection: malformed ones may end it.
                for fields in (own + forged(spelling), forged(spelling) + own):
                    peer = siege.peer()
                    # NOT_FOUND as the own tenant, which has no such model; or malformed.
                    status = infer(siege, peer, 1, fields)
                    assert status in ("5", "reset", "400"), (spelling, status)
                    statuses.add(status)
                    peer.close()
                # And without a key: nobody at all.
                peer = siege.peer()
                status = infer(siege, peer, 1, forged(spelling))
                assert status in ("16", "reset", "400"), (spelling, status)
                peer.close()
                calls += 3
            for fields in credentials(siege):
                peer = siege.peer()
                status = infer(siege, peer, 1, fields)
                assert status in ("16", "reset", "400", "5"), (fields[0][0], status)
                # A second key makes it nobody's call; a good one alone is the own tenant's.
                if len(fields) > 1:
                    assert status in ("16", "reset", "400"), [name for name, _ in fields]
                peer.close()
                calls += 1
        row.sent = f"{calls} calls as somebody else"
        row.end = "NOT_FOUND, UNAUTHENTICATED or PROTOCOL_ERROR"
    assert "5" in statuses  # fields that are stripped do no harm
