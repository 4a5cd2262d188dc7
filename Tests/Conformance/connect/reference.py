"""A reference client and server over grpcio: the other side of what is under test."""

import base64
import time
from concurrent import futures

import grpc

from messages import DETAILS, KINDS, M, SERVICE, packed, packed_info, fields, pairs

UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1),
             ("grpc.use_local_subchannel_pool", 1), ("grpc.so_reuseport", 0)]


def to_grpc(headers):
    """Metadata of a dictionary of lists: grpcio takes binary values as bytes."""
    found = []
    for name, values in headers.items():
        for value in values:
            if name.endswith("-bin"):
                value = base64.b64decode(value + "=" * (-len(value) % 4))
            found.append((name, value))
    return found


def from_grpc(metadata):
    found = {}
    for name, value in metadata or ():
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode().rstrip("=")
        found.setdefault(name, []).append(value)
    return fields(found)


# --- client -------------------------------------------------------------------------------------

def call(case, channel):
    """Makes a case's call; returns a ClientResponseResult."""
    method, _, response, _ = KINDS[case.kind]
    path = f"{SERVICE}/{case.method or method}"
    result = M.ClientResponseResult()
    options = {"metadata": to_grpc(case.request_headers),
               "timeout": case.timeout_ms / 1000 if case.timeout_ms else 30}
    serialize = lambda message: message.SerializeToString()  # noqa: E731
    kind = {"unary": "unary_unary", "client-stream": "stream_unary",
            "server-stream": "unary_stream"}.get(case.kind, "stream_stream")
    multicallable = getattr(channel, kind)(
        path, request_serializer=serialize, response_deserializer=response.FromString)
    argument = case.messages[0] if kind.startswith("unary") else iter(case.messages)
    try:
        if kind.endswith("unary"):
            answer, finished = multicallable.with_call(argument, **options)
            result.payloads.append(answer.payload)
        else:
            finished = multicallable(argument, **options)
            for answer in finished:
                result.payloads.append(answer.payload)
    except grpc.RpcError as error:
        finished = error
        result.error.code = error.code().value[0]
        result.error.message = error.details() or ""
        for name, value in error.trailing_metadata() or ():
            if name == DETAILS:
                result.error.details.extend(M.RichStatus.FromString(value).details)
    result.response_headers.extend(from_grpc(finished.initial_metadata()))
    result.response_trailers.extend(from_grpc(finished.trailing_metadata()))
    return result


# --- server -------------------------------------------------------------------------------------

class Service(grpc.GenericRpcHandler):
    def service(self, details):
        for method, request, _, _ in KINDS.values():
            if details.method == f"{SERVICE}/{method}":
                handler = {
                    "Unary": (grpc.unary_unary_rpc_method_handler, self.unary),
                    "ClientStream": (grpc.stream_unary_rpc_method_handler, self.client_stream),
                    "ServerStream": (grpc.unary_stream_rpc_method_handler, self.server_stream),
                    "BidiStream": (grpc.stream_stream_rpc_method_handler, self.bidi_stream),
                }[method]
                return handler[0](handler[1], request.FromString,
                                  lambda message: message.SerializeToString())
        return None

    def info(self, requests, context):
        remaining = context.time_remaining()
        info = M.RequestInfo(request_headers=from_grpc(context.invocation_metadata()),
                             requests=[packed(request) for request in requests])
        if remaining is not None and remaining < 1e6:
            info.timeout_ms = int(remaining * 1000)
        return info

    def prepare(self, definition, context):
        context.send_initial_metadata(to_grpc(pairs(definition.response_headers)))
        context.set_trailing_metadata(to_grpc(pairs(definition.response_trailers)))

    def fail(self, definition, info, context):
        status = M.RichStatus(code=definition.error.code, message=definition.error.message,
                              details=definition.error.details)
        if info is not None:
            status.details.append(packed_info(info))
        context.set_trailing_metadata(
            (*to_grpc(pairs(definition.response_trailers)),
             (DETAILS, status.SerializeToString())))
        code = next(c for c in grpc.StatusCode if c.value[0] == status.code)
        context.abort(code, status.message)

    def one(self, requests, context, response):
        definition = requests[0].response_definition if requests else M.UnaryResponseDefinition()
        self.prepare(definition, context)
        time.sleep(definition.response_delay_ms / 1000)
        info = self.info(requests, context)
        if definition.HasField("error"):
            self.fail(definition, info, context)
        return response(payload=M.ConformancePayload(
            data=definition.response_data, request_info=info))

    def unary(self, request, context):
        return self.one([request], context, M.UnaryResponse)

    def client_stream(self, requests, context):
        return self.one(list(requests), context, M.ClientStreamResponse)

    def server_stream(self, request, context):
        definition = request.response_definition
        self.prepare(definition, context)
        for index, data in enumerate(definition.response_data):
            time.sleep(definition.response_delay_ms / 1000)
            payload = M.ConformancePayload(data=data)
            if index == 0:
                payload.request_info.CopyFrom(self.info([request], context))
            yield M.ServerStreamResponse(payload=payload)
        if definition.HasField("error"):
            info = None if definition.response_data else self.info([request], context)
            self.fail(definition, info, context)

    def bidi_stream(self, requests, context):
        definition, received, sent, is_full = M.StreamResponseDefinition(), [], 0, False
        is_first = True
        for request in requests:
            if is_first:
                definition, is_full = request.response_definition, request.full_duplex
                self.prepare(definition, context)
                is_first = False
            received.append(request)
            if not is_full:
                continue
            if sent == len(definition.response_data):
                break
            time.sleep(definition.response_delay_ms / 1000)
            payload = M.ConformancePayload(data=definition.response_data[sent])
            payload.request_info.CopyFrom(
                self.info(received, context) if sent == 0 else
                M.RequestInfo(requests=[packed(r) for r in received]))
            sent, received = sent + 1, []
            yield M.BidiStreamResponse(payload=payload)
        for data in definition.response_data[sent:]:
            time.sleep(definition.response_delay_ms / 1000)
            payload = M.ConformancePayload(data=data)
            if sent == 0:
                payload.request_info.CopyFrom(self.info(received, context))
            sent += 1
            yield M.BidiStreamResponse(payload=payload)
        if definition.HasField("error"):
            self.fail(definition, None if sent else self.info(received, context), context)


def serve(credentials=None, compression=None):
    """Starts the reference server; returns it and its port."""
    server = grpc.server(
        futures.ThreadPoolExecutor(16), handlers=[Service()], options=UNLIMITED,
        compression=compression)
    port = (server.add_secure_port("127.0.0.1:0", credentials) if credentials
            else server.add_insecure_port("127.0.0.1:0"))
    server.start()
    return server, port
