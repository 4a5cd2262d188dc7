"""martlet.v1 through plain grpcio, with messages made from Proto/ when the tests run."""

import functools
import pathlib
import subprocess
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = [f"martlet/v1/{name}.proto" for name in (
    "auth", "tenants", "models", "generation", "training", "usage")]


@functools.cache
def pool():
    with tempfile.NamedTemporaryFile() as output:
        subprocess.run(
            ["protoc", f"-I{ROOT / 'Proto'}", "--include_imports",
             f"--descriptor_set_out={output.name}", *FILES], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(
            pathlib.Path(output.name).read_bytes())
    result = descriptor_pool.DescriptorPool()
    for file in files.file:
        result.Add(file)
    return result


def message(name):
    return message_factory.GetMessageClass(pool().FindMessageTypeByName(f"martlet.v1.{name}"))


def call(channel, method, timeout=10, metadata=None, **fields):
    """`call(channel, "Keys/CreateKey", tenant="t", role="infer")`; unary methods only."""
    service, name = method.split("/")
    description = pool().FindServiceByName(f"martlet.v1.{service}").FindMethodByName(name)
    request = message_factory.GetMessageClass(description.input_type)
    response = message_factory.GetMessageClass(description.output_type)
    stub = channel.unary_unary(
        f"/martlet.v1.{method}", request_serializer=request.SerializeToString,
        response_deserializer=response.FromString)
    return stub(request(**fields), timeout=timeout, metadata=metadata)


def stream(channel, method, timeout=60, **fields):
    """A call with many responses, which can be iterated and cancelled."""
    service, name = method.split("/")
    description = pool().FindServiceByName(f"martlet.v1.{service}").FindMethodByName(name)
    request = message_factory.GetMessageClass(description.input_type)
    response = message_factory.GetMessageClass(description.output_type)
    stub = channel.unary_stream(
        f"/martlet.v1.{method}", request_serializer=request.SerializeToString,
        response_deserializer=response.FromString)
    return stub(request(**fields), timeout=timeout)


def deploy(channel, parts, timeout=20):
    """Models/Deploy with a list of field dictionaries."""
    request, response = message("DeployRequest"), message("DeployResponse")
    stub = channel.stream_unary(
        "/martlet.v1.Models/Deploy", request_serializer=request.SerializeToString,
        response_deserializer=response.FromString)
    return stub(iter([request(**part) for part in parts]), timeout=timeout)
