"""Compares what a client reports with what its case promises."""

from cases import expected
from messages import M, pairs


def contains(found, wanted, what):
    for name, values in wanted.items():
        got = found.get(name, [])
        # Values of one name may come joined; binary ones with padding.
        got = [part.strip().rstrip("=") for value in got for part in value.split(",")]
        values = [value.rstrip("=") for value in values]
        if got != values:
            yield f"{what} {name}: expected {values}, got {got}"


def same_info(got, wanted, case, is_first):
    if [r.SerializeToString() for r in got.requests] != \
            [r.SerializeToString() for r in wanted.requests]:
        yield f"echoed requests: expected {len(wanted.requests)}, got {len(got.requests)} or others"
    if is_first:
        yield from contains(pairs(got.request_headers), case.request_headers, "request header")
        # grpcio rounds timeouts up, by up to one part in a hundred.
        longest = case.timeout_ms + max(case.timeout_ms // 100, 10)
        if case.timeout_ms and not 0 < got.timeout_ms <= longest:
            yield f"timeout seen: expected up to {longest}, got {got.timeout_ms}"


def problems(case, result):
    """Sentences about what is wrong with a ClientResponseResult; none when all is well."""
    payloads, failure, headers, trailers = expected(case)
    if case.code is not None:
        failure = M.CallError(code=case.code)
        payloads = payloads[:case.payload_count] if case.kind != "client-stream" else []
        headers, trailers = {}, {}
    code = failure.code if failure is not None else 0
    if result.error.code != code:
        yield f"status: expected {code}, got {result.error.code} ({result.error.message})"
        return
    if failure is not None and failure.HasField("message"):
        if result.error.message != failure.message:
            yield f"message: expected {failure.message!r}, got {result.error.message!r}"
        yield from same_details(case, result.error.details, failure.details)
    if len(result.payloads) != len(payloads):
        yield f"responses: expected {len(payloads)}, got {len(result.payloads)}"
        return
    for index, (got, wanted) in enumerate(zip(result.payloads, payloads)):
        if got.data != wanted.data:
            yield f"response {index}: expected {len(wanted.data)} bytes, got {len(got.data)}"
        yield from same_info(got.request_info, wanted.request_info, case, index == 0)
    yield from contains(pairs(result.response_headers), headers, "header")
    yield from contains(pairs(result.response_trailers), trailers, "trailer")


def same_details(case, got, wanted):
    if [d.type_url for d in got] != [d.type_url for d in wanted]:
        yield f"details: expected {len(wanted)}, got {len(got)}"
        return
    for mine, theirs in zip(got, wanted):
        if mine.type_url.endswith("RequestInfo"):
            yield from same_info(M.RequestInfo.FromString(mine.value),
                                 M.RequestInfo.FromString(theirs.value), case, True)
        elif mine.value != theirs.value:
            yield f"detail {mine.type_url}: other bytes than expected"
