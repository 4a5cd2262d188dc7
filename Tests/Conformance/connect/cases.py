"""Cases of connect's conformance suite for gRPC, after the public definitions: what is called, how
it shall be answered, and what a client must then see.
"""

from dataclasses import dataclass, field

from messages import KINDS, M, fields, packed, packed_info

DATA = b"test response"
CODES = ["cancelled", "unknown", "invalid-argument", "deadline-exceeded", "not-found",
         "already-exists", "permission-denied", "resource-exhausted", "failed-precondition",
         "aborted", "out-of-range", "unimplemented", "internal", "unavailable", "data-loss",
         "unauthenticated"]
HEADERS = {"x-custom-header": ["foo"], "x-bytes-bin": ["AQID/w"]}
TRAILERS = {"x-custom-trailer": ["bing"], "x-late-bin": ["AAEC"]}
TWICE = {"x-twice": ["one", "two"], "x-twice-bin": ["AQI", "AwQ"]}
REQUEST_HEADERS = {"x-conformance-test": ["Value1", "Value2"], "x-given-bin": ["/w8"]}
LIMIT = 200 << 10


@dataclass
class Case:
    name: str
    kind: str
    messages: list
    request_headers: dict = field(default_factory=dict)
    timeout_ms: int = 0
    cancel: object = None  # a M.ClientCompatRequest.Cancel
    request_delay_ms: int = 0
    limit: int = 0
    # Set instead of what the definition promises: a status code, and responses before it.
    code: int = None
    payload_count: int = 0
    method: str = ""

    @property
    def definition(self):
        first = self.messages[0] if self.messages else None
        if first is not None and first.HasField("response_definition"):
            return first.response_definition
        return None


def unary(data=None, error=None, headers=(), trailers=(), delay=0):
    return M.UnaryResponseDefinition(
        response_headers=fields(dict(headers)), response_trailers=fields(dict(trailers)),
        response_delay_ms=delay, **({"response_data": data} if data is not None else {}),
        **({"error": error} if error is not None else {}))


def stream(data=(), error=None, headers=(), trailers=(), delay=0):
    return M.StreamResponseDefinition(
        response_headers=fields(dict(headers)), response_data=data, error=error,
        response_trailers=fields(dict(trailers)), response_delay_ms=delay)


def requests(kind, definition, count=1, data=b""):
    """`count` messages, of which the first has the definition."""
    cls = KINDS[kind][1]
    first = cls(response_definition=definition, request_data=data)
    if kind == "full-duplex":
        first.full_duplex = True
    return [first] + [cls(request_data=data or DATA) for _ in range(count - 1)]


def define(kind, count=1, **more):
    """A definition that fits the kind: `count` responses where there can be many."""
    if kind in ("unary", "client-stream"):
        return unary(None if more.get("error") else DATA, **more)
    return stream([DATA] * count, **more)


def error(code, message="failed", details=()):
    return M.CallError(code=code, message=message, details=details)


def basic():
    for kind in KINDS:
        count = 1 if kind in ("unary", "server-stream") else 3
        full = define(kind, 3, headers=HEADERS, trailers=TRAILERS)
        yield Case(f"{kind}/success", kind, requests(kind, full, count), REQUEST_HEADERS)
        yield Case(f"{kind}/duplicate-metadata", kind,
                   requests(kind, define(kind, 2, headers=TWICE, trailers=TWICE), min(count, 2)),
                   TWICE)
        if kind != "full-duplex":
            yield Case(f"{kind}/no-response-definition", kind, [KINDS[kind][1]()])
        if kind not in ("unary", "client-stream"):
            yield Case(f"{kind}/no-responses", kind,
                       requests(kind, stream(headers=HEADERS, trailers=TRAILERS)))
        yield Case(f"{kind}/deadline-propagation", kind, requests(kind, define(kind)),
                   timeout_ms=20_000)
    yield Case("client-stream/no-requests", "client-stream", [])
    yield Case("unary/empty-data", "unary", requests("unary", unary(b"")))
    yield Case("unary/large", "unary",
               requests("unary", unary(bytes(300 << 10)), data=bytes(300 << 10)))
    yield Case("full-duplex/more-responses", "full-duplex",
               requests("full-duplex", stream([DATA] * 4), 2))
    yield Case("server-stream/delivery", "server-stream",
               requests("server-stream", stream([DATA] * 3, delay=20)))
    yield Case("unary/unimplemented", "unary", [M.UnaryRequest()], method="Unimplemented",
               code=12)


def errors():
    for number, name in enumerate(CODES, 1):
        for kind in ("unary", "server-stream"):
            yield Case(f"{kind}/error/{name}", kind,
                       requests(kind, define(kind, 0, error=error(number, name))))
    detail = packed(M.Header(name="a detail", value=["x"]))
    text = "\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\n"
    for kind in KINDS:
        failure = error(16, text, [detail])
        yield Case(f"{kind}/error/with-metadata-and-details", kind,
                   requests(kind, define(kind, 0, error=failure, headers=HEADERS,
                                         trailers=TRAILERS)), REQUEST_HEADERS)
        if kind not in ("unary", "client-stream"):
            yield Case(f"{kind}/error/after-responses", kind,
                       requests(kind, stream([DATA] * 2, failure, HEADERS, TRAILERS),
                                1 if kind == "server-stream" else 2))


def timeouts():
    for kind in KINDS:
        yield Case(f"{kind}/timeout", kind,
                   requests(kind, define(kind, 2, delay=1500),
                            1 if kind in ("unary", "server-stream") else 2),
                   timeout_ms=200, code=4)


def cancellations():
    cancel = M.ClientCompatRequest.Cancel
    before, after = cancel(before_close_send=M.Nothing()), cancel(after_close_send_ms=5)
    yield Case("unary/cancel/after-close-send", "unary",
               requests("unary", unary(DATA, delay=200)), cancel=after, code=1)
    for kind in ("client-stream", "half-duplex", "full-duplex"):
        sent = 2 if kind == "full-duplex" else 0
        yield Case(f"{kind}/cancel/before-close-send", kind,
                   requests(kind, define(kind, 2), 2), cancel=before, code=1, payload_count=sent)
        yield Case(f"{kind}/cancel/after-close-send", kind,
                   requests(kind, define(kind, 3, delay=200), 2), cancel=after, code=1,
                   payload_count=sent)
    for kind in ("server-stream", "half-duplex", "full-duplex"):
        for count in (0, 1):
            yield Case(f"{kind}/cancel/after-{count}-responses", kind,
                       requests(kind, stream([DATA] * 2, delay=200),
                                1 if kind == "server-stream" else 2),
                       cancel=cancel(after_num_responses=count), code=1, payload_count=count)


def sizes(side):
    """Messages just under and well over a limit of the server's or the client's."""
    # A response carries its data twice: as such, and in the echoed request that asked for it.
    within = LIMIT - (8 << 10) if side == "server" else LIMIT // 2 - (8 << 10)
    for kind in KINDS:
        for name, size in (("within", within), ("over", LIMIT + 1)):
            if side == "server":
                messages = requests(kind, define(kind), data=bytes(size))
            elif kind in ("unary", "client-stream"):
                messages = requests(kind, unary(bytes(size)))
            else:
                messages = requests(kind, stream([bytes(size)]))
            yield Case(f"{kind}/{side}-limit/{name}", kind, messages, limit=LIMIT,
                       code=8 if name == "over" else None)


def expected(case):
    """(payloads, error or None, headers, trailers) that the definition promises."""
    definition = case.definition
    info = M.RequestInfo(requests=[packed(message) for message in case.messages])
    one = case.kind in ("unary", "client-stream")
    if definition is None:
        return ([M.ConformancePayload(request_info=info)] if one else []), None, {}, {}
    headers = {h.name: list(h.value) for h in definition.response_headers}
    trailers = {h.name: list(h.value) for h in definition.response_trailers}
    failure = definition.error if definition.HasField("error") else None
    payloads = []
    if one and failure is None:
        payloads = [M.ConformancePayload(data=definition.response_data, request_info=info)]
    elif not one:
        for index, data in enumerate(definition.response_data):
            payload = M.ConformancePayload(data=data)
            if case.kind == "full-duplex" and index < len(case.messages):
                payload.request_info.requests.append(packed(case.messages[index]))
            elif index == 0:
                payload.request_info.CopyFrom(info)
            payloads.append(payload)
    if failure is not None:
        failure = M.CallError.FromString(failure.SerializeToString())
        if not payloads:
            failure.details.append(packed_info(info))
    return payloads, failure, headers, trailers
