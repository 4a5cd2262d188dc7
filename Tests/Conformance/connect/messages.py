"""The suite's messages, from our own .proto file, and what both sides say about calls."""

import pathlib
import subprocess
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ROOT = pathlib.Path(__file__).resolve().parents[3]
PACKAGE = "connectrpc.conformance.v1"
SERVICE = f"/{PACKAGE}.ConformanceService"
TYPE_PREFIX = f"type.googleapis.com/{PACKAGE}."
DETAILS = "grpc-status-details-bin"


class Messages:
    def __init__(self):
        with tempfile.NamedTemporaryFile(suffix=".binpb") as file:
            subprocess.run(
                ["protoc", "-I", ROOT / "Proto", f"--descriptor_set_out={file.name}",
                 "connectrpc/conformance/v1/conformance.proto"], check=True)
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
        self.pool = descriptor_pool.DescriptorPool()
        for description in files.file:
            self.pool.Add(description)

    def __getattr__(self, name):
        return message_factory.GetMessageClass(
            self.pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))


M = Messages()
# kind: (method, request, response, number in the protocol)
KINDS = {
    "unary": ("Unary", M.UnaryRequest, M.UnaryResponse, 1),
    "client-stream": ("ClientStream", M.ClientStreamRequest, M.ClientStreamResponse, 2),
    "server-stream": ("ServerStream", M.ServerStreamRequest, M.ServerStreamResponse, 3),
    "half-duplex": ("BidiStream", M.BidiStreamRequest, M.BidiStreamResponse, 4),
    "full-duplex": ("BidiStream", M.BidiStreamRequest, M.BidiStreamResponse, 5),
}


def fields(pairs):
    """Header messages of a dictionary of lists."""
    return [M.Header(name=name, value=values) for name, values in pairs.items()]


def pairs(headers):
    """Headers as a dictionary of lists, names in lower case."""
    found = {}
    for header in headers:
        found.setdefault(header.name.lower(), []).extend(header.value)
    return found


def packed(message):
    return M.TypedMessage(
        type_url=TYPE_PREFIX + message.DESCRIPTOR.full_name.removeprefix(PACKAGE + "."),
        value=message.SerializeToString())


def packed_info(info):
    return M.TypedMessage(
        type_url=TYPE_PREFIX + "ConformancePayload.RequestInfo", value=info.SerializeToString())
