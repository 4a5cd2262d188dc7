"""grpcio with its health-checking and reflection packages, and what is open without a key."""

import subprocess

import grpc
import pytest
from google.protobuf import descriptor_pool, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase)

SERVING = health_pb2.HealthCheckResponse.SERVING


def code(error):
    return error.value.code()


def test_health_of_the_whole_service_is_open_to_everybody(server):
    with server.channel() as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        assert stub.Check(health_pb2.HealthCheckRequest(), timeout=5).status == SERVING


def test_health_of_one_service_needs_a_key(server, keys):
    request = health_pb2.HealthCheckRequest(service="inference.GRPCInferenceService")
    with server.channel() as channel:
        with pytest.raises(grpc.RpcError) as error:
            health_pb2_grpc.HealthStub(channel).Check(request, timeout=5)
        assert code(error) == grpc.StatusCode.UNAUTHENTICATED
    with server.channel(keys.infer) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        assert stub.Check(request, timeout=5).status == SERVING
        with pytest.raises(grpc.RpcError) as error:
            stub.Check(health_pb2.HealthCheckRequest(service="no.such.Service"), timeout=5)
        assert code(error) == grpc.StatusCode.NOT_FOUND


def test_health_watch_streams_the_present_state(server, keys):
    with server.channel(keys.infer) as channel:
        stream = health_pb2_grpc.HealthStub(channel).Watch(
            health_pb2.HealthCheckRequest(), timeout=10)
        assert next(stream).status == SERVING
        stream.cancel()


def test_reflection_needs_a_key(server):
    with server.channel() as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        with pytest.raises(grpc.RpcError) as error:
            list(stub.ServerReflectionInfo(iter([
                reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=5))
        assert code(error) == grpc.StatusCode.UNAUTHENTICATED


def test_reflection_lists_services_and_describes_them_well_enough_to_call(server, keys):
    with server.channel(keys.infer) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        services = set(database.get_services())
        assert {"inference.GRPCInferenceService", "grpc.health.v1.Health",
                "martlet.v1.Models"} <= services
        pool = descriptor_pool.DescriptorPool(database)
        service = pool.FindServiceByName("inference.GRPCInferenceService")
        method = service.FindMethodByName("ModelMetadata")
        request = message_factory.GetMessageClass(method.input_type)
        response = message_factory.GetMessageClass(method.output_type)
        call = channel.unary_unary(
            "/inference.GRPCInferenceService/ModelMetadata",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString)
        assert call(request(name="simple"), timeout=5).inputs[0].datatype == "INT32"


def test_reflection_v1_and_v1alpha_answer_alike(server, keys):
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    with server.channel(keys.infer) as channel:
        answers = []
        for version in ("v1", "v1alpha"):
            call = channel.stream_stream(
                f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
                request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
                response_deserializer=reflection_pb2.ServerReflectionResponse.FromString)
            [answer] = list(call(iter([request]), timeout=5))
            answers.append([s.name for s in answer.list_services_response.service])
        assert answers[0] == answers[1] and answers[0]


def test_reflection_says_when_a_symbol_does_not_exist(server, keys):
    with server.channel(keys.infer) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        [answer] = list(stub.ServerReflectionInfo(iter([
            reflection_pb2.ServerReflectionRequest(file_containing_symbol="no.Such")]),
            timeout=5))
        assert answer.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


@pytest.mark.parametrize("path", [
    "/no.such.Service/Method", "/inference.GRPCInferenceService/NoSuchMethod",
    # The services' own business is never forwarded.
    "/martlet.v1.Auth/Check", "/martlet.v1.Auth/Watch"])
def test_what_is_not_offered_is_refused_even_to_the_administrator(server, path):
    with server.channel(server.admin_key) as channel:
        with pytest.raises(grpc.RpcError) as error:
            channel.unary_unary(path)(b"", timeout=5)
        assert code(error) in (
            grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.PERMISSION_DENIED)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_healthz_answers_curl_without_a_key(server, method):
    result = subprocess.run(
        ["curl", "--silent", "--show-error", "--http2", "--cacert", server.ca_path,
         "--request", method, "--write-out", "\n%{http_code} %{http_version}",
         f"https://{server.address}/healthz"], capture_output=True, text=True, timeout=10)
    assert result.returncode == 0, result.stderr
    body, outcome = result.stdout.rsplit("\n", 1)
    assert outcome == "200 2"
    assert 0 < len(body) < 200


def test_compressed_answers_are_understood(server, keys):
    # grpcio asks for gzip both ways; whether the answer is compressed is the server's choice.
    with server.channel(keys.infer, [("grpc.default_compression_algorithm", 2)]) as channel:
        request = health_pb2.HealthCheckRequest()
        assert health_pb2_grpc.HealthStub(channel).Check(request, timeout=5).status == SERVING
