"""Requests and responses that no gRPC library sends, over plain HTTP/2."""

import pathlib
import socket
import sys

import h2.config
import h2.connection
import h2.events

from cases import Case
from messages import KINDS, M, SERVICE

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Integration"))
from raw_http2 import Upstream  # noqa: E402

EMPTY = b"\0\0\0\0\0"
GRPC = [("content-type", "application/grpc")]


def ok(code):
    return [("grpc-status", str(code))]


# name: (kind, headers after :status, body, trailers or None, status, responses)
RESPONSES = {
    "missing-status": ("unary", GRPC, b"", [("grpc-message", "error")], {2, 13}, 0),
    "unary/ok-but-no-response": ("unary", GRPC, b"", ok(0), {12}, 0),
    "unary/multiple-responses": ("unary", GRPC, EMPTY * 2, ok(0), {12}, 0),
    "unary/no-terminal-status": ("unary", GRPC, EMPTY, None, {13, 2}, 0),
    "client-stream/ok-but-no-response": ("client-stream", GRPC, b"", ok(0), {12}, 0),
    "client-stream/multiple-responses": ("client-stream", GRPC, EMPTY * 2, ok(0), {12}, 0),
    "client-stream/no-terminal-status": ("client-stream", GRPC, EMPTY, None, {13, 2}, 0),
    "server-stream/no-terminal-status": ("server-stream", GRPC, EMPTY, None, {13, 2}, 1),
    "half-duplex/no-terminal-status": ("half-duplex", GRPC, EMPTY, None, {13, 2}, 1),
    "trailers-only": ("unary", GRPC + ok(9), None, None, {9}, 0),
    "trailers-only/ignore-header-if-body-present": (
        "unary", GRPC + ok(9), EMPTY, None, {13, 2}, 0),
    "trailers-only/ignore-header-if-trailer-present": (
        "unary", GRPC + ok(8), b"", [("foo", "bar"), *ok(9)], {9}, 0),
    "unexpected-content-type": ("unary", [("content-type", "image/jpeg")], b"", ok(0), {2}, 0),
    "unexpected-codec": (
        "unary", [("content-type", "application/grpc+json")], b"\0\0\0\0\2{}", ok(0),
        {13, 2, 12}, 0),
    "subformat": ("server-stream", [("content-type", "application/grpc+proto")], EMPTY, ok(0),
                  {0}, 1),
    "unexpected-compression": (
        "unary", GRPC + [("grpc-encoding", "foo")], b"\1\0\0\0\1x", ok(0), {13}, 0),
    "unexpected-compressed-message": (
        "unary", GRPC + [("grpc-encoding", "identity")], b"\1\0\0\0\0", ok(0), {13}, 0),
    "server-stream/incomplete-message": (
        "server-stream", GRPC, EMPTY + b"\0\0\0\0\x0aAAA", ok(0), {13, 2}, 1),
    "server-stream/incomplete-message-prefix": (
        "server-stream", GRPC, EMPTY + b"\0\0\0", ok(0), {13, 2}, 1),
    "details-in-binary": (
        "unary", GRPC, b"", [*ok(5), ("grpc-status-details-bin", "CAUSAXg")], {5}, 0),
}
HTTP_STATUS = {400: 13, 401: 16, 403: 7, 404: 12, 405: 2, 415: 2, 429: 14, 431: 2, 500: 2,
               502: 14, 503: 14, 504: 14}
for http, grpc_code in HTTP_STATUS.items():
    RESPONSES[f"http-{http}"] = (
        "unary", [(":status", str(http)), ("content-type", "text/plain")], b"x", None,
        {grpc_code}, 0)


class RawServer(Upstream):
    """Answers every request alike, once it has come whole."""

    def __init__(self, headers, body, trailers):
        super().__init__(lambda session, stream, _: self.answer(session, stream))
        self.headers = headers if headers[0][0] == ":status" else [(":status", "200"), *headers]
        self.body, self.trailers = body, trailers

    def answer(self, session, stream):
        session.send_headers(stream, self.headers, end_stream=self.body is None)
        if self.body is None:
            return
        session.send_data(stream, self.body, end_stream=self.trailers is None)
        if self.trailers is not None:
            session.send_headers(stream, self.trailers, end_stream=True)


def response_problems(client, name):
    kind, headers, body, trailers, codes, count = RESPONSES[name]
    server = RawServer(headers, body, trailers)
    try:
        result = client.run(Case(name, kind, [KINDS[kind][1]()]), server.port)
    finally:
        server.listener.close()
    if result.error.code not in codes:
        yield f"status: expected one of {codes}, got {result.error.code} {result.error.message}"
    if len(result.payloads) != count:
        yield f"responses: expected {count}, got {len(result.payloads)}"


UNARY, SERVER_STREAM = f"{SERVICE}/Unary", f"{SERVICE}/ServerStream"
# name: (:method, path, headers, body, :status wanted or None, grpc-status wanted)
REQUESTS = {
    "unary/no-request": ("POST", UNARY, GRPC, b"", 200, 12),
    "unary/multiple-requests": ("POST", UNARY, GRPC, EMPTY * 2, 200, 12),
    "server-stream/no-request": ("POST", SERVER_STREAM, GRPC, b"", 200, 12),
    "server-stream/multiple-requests": ("POST", SERVER_STREAM, GRPC, EMPTY * 2, 200, 12),
    "unexpected-verb": ("DELETE", UNARY, GRPC, EMPTY, 405, None),
    "unexpected-uri": ("POST", "/connectrpc.conformance.v1.UnknownService/X", GRPC, EMPTY, 200, 12),
    "unexpected-codec": (
        "POST", UNARY, [("content-type", "application/grpc+foo")], EMPTY, 415, None),
    "unexpected-content-type": ("POST", UNARY, [("content-type", "image/jpeg")], b"1", 415, None),
    "subformat": ("POST", UNARY, [("content-type", "application/grpc+proto")], EMPTY, 200, 0),
    "unexpected-compression": (
        "POST", UNARY, [*GRPC, ("grpc-encoding", "foo")], b"\1\0\0\0\1x", 200, 12),
    "unexpected-compressed-message": (
        "POST", UNARY, [*GRPC, ("grpc-encoding", "identity")], b"\1\0\0\0\0", 200, 13),
    "client-stream/incomplete-message": (
        "POST", f"{SERVICE}/ClientStream", GRPC, b"\0\0\0\0\x0aAAA", 200, 13),
    "client-stream/incomplete-message-prefix": (
        "POST", f"{SERVICE}/ClientStream", GRPC, b"\0\0\0", 200, 13),
}


def request_problems(target, name):
    method, path, headers, body, http, grpc_code = REQUESTS[name]
    host, port = target.rsplit(":", 1)
    session = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    session.initiate_connection()
    stream = session.get_next_available_stream_id()
    session.send_headers(stream, [(":method", method), (":scheme", "http"), (":path", path),
                                  (":authority", target), *headers, ("te", "trailers")])
    session.send_data(stream, body, end_stream=True)
    found = {}
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        while "end" not in found:
            connection.sendall(session.data_to_send())
            data = connection.recv(1 << 16)
            if not data:
                break
            for event in session.receive_data(data):
                if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
                    found.update(event.headers)
                if isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                    found["end"] = True
    if found.get(":status") != str(http):
        yield f"HTTP status: expected {http}, got {found.get(':status')}"
    if grpc_code is not None and found.get("grpc-status") != str(grpc_code):
        yield f"grpc-status: expected {grpc_code}, got {found.get('grpc-status')}"


__all__ = ["M", "REQUESTS", "RESPONSES", "request_problems", "response_problems"]
