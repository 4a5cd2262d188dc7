"""gRPC's test service behind the gateway, called by grpcio; and what framing errors become.

The whole suite with gRPC's own C++ client and server is `make conformance`.
"""

import gzip
import queue
import subprocess

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from installation import ROOT
from lab import Lab
from raw_http2 import Connection, frame

Code = grpc.StatusCode
SERVICE = "/grpc.testing.TestService"
ZEROS = bytes(271828)


@pytest.fixture(scope="module")
def lab(server):
    with Lab(server) as lab:
        lab.direct = lab.test_server(*lab.certificate)
        lab.front = lab.gateway(lab.test_server())
        yield lab


@pytest.fixture(scope="module")
def messages(tmp_path_factory):
    """The suite's messages, from our own .proto files."""
    path = tmp_path_factory.mktemp("protos") / "test.binpb"
    subprocess.run(
        ["protoc", "-I", ROOT / "Proto", "--include_imports", f"--descriptor_set_out={path}",
         "grpc/testing/test.proto"], check=True)
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes()).file:
        pool.Add(file)

    class Messages:
        def __getattr__(self, name):
            return message_factory.GetMessageClass(
                pool.FindMessageTypeByName(f"grpc.testing.{name}"))
    return Messages()


class Stub:
    def __init__(self, channel, messages):
        self.channel, self.messages = channel, messages

    def multicallable(self, kind, name, request, response):
        return getattr(self.channel, kind)(
            f"{SERVICE}/{name}",
            request_serializer=getattr(self.messages, request).SerializeToString,
            response_deserializer=getattr(self.messages, response).FromString)

    @property
    def unary(self):
        return self.multicallable("unary_unary", "UnaryCall", "SimpleRequest", "SimpleResponse")

    @property
    def upload(self):
        return self.multicallable("stream_unary", "StreamingInputCall",
                                  "StreamingInputCallRequest", "StreamingInputCallResponse")

    @property
    def duplex(self):
        return self.multicallable("stream_stream", "FullDuplexCall",
                                  "StreamingOutputCallRequest", "StreamingOutputCallResponse")


@pytest.fixture(params=[None, grpc.Compression.Gzip], ids=["identity", "gzip"])
def stub(request, lab, messages):
    credentials = grpc.composite_channel_credentials(
        grpc.ssl_channel_credentials(lab.installation.ca),
        grpc.access_token_call_credentials(lab.key))
    with grpc.secure_channel(f"127.0.0.1:{lab.front}", credentials, compression=request.param,
                             options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        stub = Stub(channel, messages)
        stub.compresses = request.param is not None
        yield stub


def test_large_messages_pass_both_ways(stub, messages):
    request = messages.SimpleRequest(
        response_size=314159, payload=messages.Payload(body=ZEROS),
        expect_compressed=messages.BoolValue(value=stub.compresses),
        response_compressed=messages.BoolValue(value=stub.compresses))
    assert stub.unary(request, timeout=20).payload.body == bytes(314159)


def test_a_stream_of_requests_is_summed(stub, messages):
    sizes = [27182, 8, 1828, 45904]
    requests = (messages.StreamingInputCallRequest(payload=messages.Payload(body=bytes(size)))
                for size in sizes)
    assert stub.upload(requests, timeout=20).aggregated_payload_size == sum(sizes)


def test_each_message_of_a_duplex_stream_is_answered_at_once(stub, messages):
    answers, ready = [], queue.Queue()

    def requests():
        for size in [31415, 9, 2653, 58979]:
            yield messages.StreamingOutputCallRequest(
                response_parameters=[messages.ResponseParameters(size=size)])
            ready.get(timeout=20)  # for the answer to this one

    for answer in stub.duplex(requests(), timeout=30):
        answers.append(len(answer.payload.body))
        ready.put(None)
    assert answers == [31415, 9, 2653, 58979]


def test_status_and_its_message_come_through(stub, messages):
    text = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
    request = messages.SimpleRequest(
        response_status=messages.EchoStatus(code=2, message=text))
    with pytest.raises(grpc.RpcError) as error:
        stub.unary(request, timeout=20)
    assert (error.value.code(), error.value.details()) == (Code.UNKNOWN, text)


def test_metadata_is_echoed_before_and_after(stub, messages):
    given = (("x-grpc-test-echo-initial", "test_initial_metadata_value"),
             ("x-grpc-test-echo-trailing-bin", b"\x0a\x0b\x00\xff\x0a"))
    _, call = stub.unary.with_call(messages.SimpleRequest(), metadata=given, timeout=20)
    assert given[0] in [tuple(pair) for pair in call.initial_metadata()]
    assert given[1] in [tuple(pair) for pair in call.trailing_metadata()]


def test_a_cancelled_and_a_late_call_end(stub, messages):
    slow = messages.StreamingOutputCallRequest(
        response_parameters=[messages.ResponseParameters(size=1, interval_us=30_000_000)])
    call = stub.duplex(iter([slow]), timeout=60)
    call.cancel()
    with pytest.raises(grpc.RpcError) as error:
        next(call)
    assert error.value.code() == Code.CANCELLED
    with pytest.raises(grpc.RpcError) as error:
        list(stub.duplex(iter([slow]), timeout=0.1))
    assert error.value.code() == Code.DEADLINE_EXCEEDED


@pytest.mark.parametrize("path", [
    f"{SERVICE}/UnimplementedCall", "/grpc.testing.UnimplementedService/UnimplementedCall",
    f"{SERVICE}/NoSuchCall"])
def test_what_nobody_serves_is_unimplemented(stub, path):
    with pytest.raises(grpc.RpcError) as error:
        stub.channel.unary_unary(path)(b"", timeout=20)
    assert error.value.code() == Code.UNIMPLEMENTED


def test_without_a_test_mode_the_gateway_knows_no_test_service(server, keys):
    with server.channel(server.admin_key) as channel:
        with pytest.raises(grpc.RpcError) as error:
            channel.unary_unary(f"{SERVICE}/EmptyCall")(b"", timeout=20)
    assert error.value.code() == Code.UNIMPLEMENTED


def test_a_test_mode_lets_nobody_in_without_a_key(lab):
    credentials = grpc.ssl_channel_credentials(lab.installation.ca)
    with grpc.secure_channel(f"127.0.0.1:{lab.front}", credentials) as channel:
        with pytest.raises(grpc.RpcError) as error:
            channel.unary_unary(f"{SERVICE}/EmptyCall")(b"", timeout=20)
    assert error.value.code() == Code.UNAUTHENTICATED


# --- framing ------------------------------------------------------------------------------------

LARGE = 300 << 20  # more than either limit
OVER = b"\0" + LARGE.to_bytes(4, "big")
GZIP = [("grpc-encoding", "gzip")]
BOMB = gzip.compress(bytes(LARGE), 6)
FRAMING = {
    # name: (method, request headers, body, expected grpc-status)
    "over-the-limit": ("UnaryCall", [], OVER, 8),
    "over-the-limit-in-a-stream": ("StreamingInputCall", [], OVER, 8),
    "bomb": ("UnaryCall", GZIP, frame(BOMB, 1), 8),
    "bomb-in-a-stream": ("StreamingInputCall", GZIP, frame(BOMB, 1), 8),
    "flag-without-encoding": ("UnaryCall", [], frame(b"", 1), 13),
    "flag-with-identity": ("UnaryCall", [("grpc-encoding", "identity")], frame(b"", 1), 13),
    "flag-unknown": ("UnaryCall", [], frame(b"", 2), 13),
    "not-gzip": ("UnaryCall", GZIP, frame(b"not gzip at all", 1), 13),
    "encoding-unknown": ("UnaryCall", [("grpc-encoding", "foo")], frame(b""), 12),
    "two-messages": ("UnaryCall", [], frame(b"") * 2, 12),
    "no-message": ("UnaryCall", [], b"", 12),
    "two-messages-for-a-stream": ("StreamingOutputCall", [], frame(b"") * 2, 12),
    "no-message-for-a-stream": ("StreamingOutputCall", [], b"", 12),
    "truncated": ("UnaryCall", [], frame(b"\x10\x05")[:-1], 13),
    "truncated-prefix": ("UnaryCall", [], b"\0\0\0", 13),
    "truncated-in-a-stream": ("StreamingInputCall", [], frame(b"") + frame(b"abc")[:-1], 13),
    "invalid-protobuf": ("UnaryCall", [], frame(b"\xff\xff"), 13),
    "invalid-protobuf-in-a-stream": ("FullDuplexCall", [], frame(b"\x0b" * 8), 13),
    "not-utf8": ("UnaryCall", [], frame(b"\x3a\x04\x12\x02\xff\xfe"), 13),
}


@pytest.mark.parametrize("route", ["direct", "gateway"])
@pytest.mark.parametrize("name", FRAMING)
def test_a_framing_error_has_its_status(lab, name, route):
    method, headers, body, expected = FRAMING[name]
    port = lab.direct if route == "direct" else lab.front
    connection = Connection(lab.installation, f"127.0.0.1:{port}")
    stream = connection.open(f"{SERVICE}/{method}", lab.key, headers)
    connection.send(stream, body, end=True)
    fields, _, _ = connection.finish(stream, seconds=30)
    assert fields.get("grpc-status") == str(expected), fields
    assert fields.get("grpc-message"), "a person should learn what was wrong"
    if name == "encoding-unknown":
        assert "gzip" in fields["grpc-accept-encoding"]
