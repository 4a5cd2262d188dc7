"""gRPC-Web as a browser sends it, made by hand, and the questions that browsers ask first."""

import base64
import struct
import subprocess

import grpc_health.v1.health_pb2 as health
import httpx
import pytest
import ssl
from tritonclient.grpc import service_pb2

import raw_http1
from conftest import bearer
from installation import BINARY, free_port
from lab import Lab
from test_triton_client import pair

SERVICE = "/inference.GRPCInferenceService/"
TYPES = ["application/grpc-web", "application/grpc-web+proto", "application/grpc-web-text",
         "application/grpc-web-text+proto"]


@pytest.fixture(scope="module", params=["1.1", "2"])
def web(request, server, keys):
    context = ssl.create_default_context(cafile=str(server.ca_path))
    with httpx.Client(base_url=f"https://{server.address}", verify=context,
                      http2=request.param == "2", headers=bearer(keys.infer)) as client:
        yield client


def frame(message, flag=0):
    return struct.pack(">BI", flag, len(message)) + message


def read(response):
    """(messages, trailers) of a body."""
    assert response.status_code == 200, response.text
    body = response.content
    if "-text" in response.headers["content-type"]:
        # Each piece is padded by itself.
        body = b"".join(base64.b64decode(body[i:i + 4]) for i in range(0, len(body), 4))
    messages, trailers = [], None
    while body:
        flag, length = struct.unpack(">BI", body[:5])
        content, body = body[5:5 + length], body[5 + length:]
        if flag == 0x80:
            trailers = dict(line.split(": ", 1) for line in content.decode().split("\r\n") if line)
            assert not body, "nothing follows the trailers"
        else:
            messages.append(content)
    return messages, trailers


def call(web, method, body, kind=TYPES[1], **headers):
    if "-text" in kind:
        body = base64.b64encode(body)
    response = web.post(method, content=body, headers={
        "content-type": kind, "x-grpc-web": "1", **headers})
    assert response.headers["content-type"].startswith(kind)
    return read(response)


def infer_request(model="simple"):
    request = service_pb2.ModelInferRequest(model_name=model)
    for name, array in zip(["INPUT0", "INPUT1"], pair()):
        request.inputs.add(name=name, datatype="INT32", shape=[1, 16])
        request.raw_input_contents.append(array.tobytes())
    return request.SerializeToString()


@pytest.mark.parametrize("kind", TYPES)
def test_a_unary_call(web, kind):
    messages, trailers = call(web, SERVICE + "ModelInfer", frame(infer_request()), kind)
    answer = service_pb2.ModelInferResponse.FromString(messages[0])
    assert answer.raw_output_contents[0] == sum(pair()).tobytes()
    assert len(messages) == 1 and trailers["grpc-status"] == "0"


@pytest.mark.parametrize("kind", TYPES[1::2])
def test_a_stream_of_answers(web, kind):
    body = b"".join(frame(infer_request()) for _ in range(20))
    messages, trailers = call(web, SERVICE + "ModelStreamInfer", body, kind)
    assert len(messages) == 20 and trailers["grpc-status"] == "0"
    for message in messages:
        answer = service_pb2.ModelStreamInferResponse.FromString(message)
        assert answer.infer_response.raw_output_contents[0] == sum(pair()).tobytes()


def test_a_large_message(web):
    request = service_pb2.ModelInferRequest(model_name="identity_int64")
    metadata = service_pb2.ModelMetadataResponse.FromString(call(
        web, SERVICE + "ModelMetadata", frame(service_pb2.ModelMetadataRequest(
            name="identity_int64").SerializeToString()))[0][0])
    data = bytes(range(256)) * 8 * 1024
    shape = [len(data) // 8] if len(metadata.inputs[0].shape) == 1 else [1, len(data) // 8]
    request.inputs.add(name=metadata.inputs[0].name, datatype="INT64", shape=shape)
    request.raw_input_contents.append(data)
    for kind in TYPES[1::2]:
        messages, trailers = call(
            web, SERVICE + "ModelInfer", frame(request.SerializeToString()), kind)
        assert trailers["grpc-status"] == "0", trailers
        answer = service_pb2.ModelInferResponse.FromString(messages[0])
        assert answer.raw_output_contents[0] == data


@pytest.mark.parametrize("kind", TYPES[1::2])
def test_statuses_are_in_the_trailers(web, kind):
    def status(method, body, **headers):
        messages, trailers = call(web, method, body, kind, **headers)
        assert not messages
        return trailers["grpc-status"], trailers.get("grpc-message", "")
    assert status(SERVICE + "ModelInfer", frame(infer_request("absent")))[0] == "5"
    assert status(SERVICE + "ModelInfer", frame(infer_request()),
                  authorization="Bearer mk_wrong_key_1")[0] == "16"
    assert status("/no.such.Service/Method", frame(b""))[0] == "12"
    assert status(SERVICE + "LogSettings", frame(b""))[0] == "7"
    assert status(SERVICE + "ModelInfer", frame(b"")[:3])[0] in ("3", "13")
    assert status(SERVICE + "ModelInfer", frame(b"", flag=0x80))[0] == "13"
    assert status(SERVICE + "ModelInfer", b"")[0] in ("3", "12", "13")


def test_broken_base64(web):
    for body in [b"!!!!", b"AAAAAAA", b"A===", b"AA=A"]:
        response = web.post(SERVICE + "ModelInfer", content=body,
                            headers={"content-type": "application/grpc-web-text"})
        assert read(response)[1]["grpc-status"] == "13"


def test_base64_padded_in_the_middle(web):
    body = frame(infer_request())
    pieces = b"".join(base64.b64encode(body[i:i + 7]) for i in range(0, len(body), 7))
    response = web.post(SERVICE + "ModelInfer", content=pieces,
                        headers={"content-type": "application/grpc-web-text"})
    assert read(response)[1]["grpc-status"] == "0"


def test_health_needs_no_key(server):
    context = ssl.create_default_context(cafile=str(server.ca_path))
    with httpx.Client(base_url=f"https://{server.address}", verify=context) as client:
        messages, trailers = call(client, "/grpc.health.v1.Health/Check", frame(b""))
        assert trailers["grpc-status"] == "0"
        assert health.HealthCheckResponse.FromString(messages[0]).status == 1
        assert call(client, SERVICE + "ServerLive", frame(b""))[1]["grpc-status"] == "16"


def test_a_client_that_vanishes_is_forgotten(server, keys):
    head = (f"POST {SERVICE}ModelStreamInfer HTTP/1.1\r\nHost: a\r\n"
            f"Authorization: Bearer {keys.infer}\r\nContent-Type: application/grpc-web\r\n"
            f"Transfer-Encoding: chunked\r\n\r\n").encode()
    body = frame(infer_request())
    for _ in range(20):
        with raw_http1.connect(server) as connection:
            connection.sendall(head + b"%x\r\n" % len(body) + body + b"\r\n")
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
    assert server.process.poll() is None


# --- which pages may -----------------------------------------------------------------------------

ASKED = {"access-control-request-method": "POST",
         "access-control-request-headers": "authorization,content-type,x-grpc-web"}


def test_no_page_may_by_default(web):
    page = {"origin": "https://app.example"}
    response = web.options(SERVICE + "ModelInfer", headers={**page, **ASKED})
    assert response.status_code == 403
    assert not [name for name in response.headers if name.startswith("access-control")]
    response = web.get("/v2/health/live", headers=page)
    assert response.status_code == 200
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_pages_of_configured_origins_may(server, keys):
    with Lab(server, "web") as lab:
        port = lab.gateway(crossOrigins=["https://app.example"])
        context = ssl.create_default_context(cafile=str(server.ca_path))
        with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=context,
                          headers=bearer(keys.infer)) as client:
            page = {"origin": "https://app.example"}
            for path in [SERVICE + "ModelInfer", "/v2/models/simple/infer"]:
                response = client.options(path, headers={**page, **ASKED})
                assert response.status_code == 204
                assert response.headers["access-control-allow-origin"] == page["origin"]
                assert "x-grpc-web" in response.headers["access-control-allow-headers"]
                assert client.options(
                    path, headers={"origin": "https://evil.example", **ASKED}).status_code == 403
            response = client.get("/v2/models/simple", headers=page)
            assert response.headers["access-control-allow-origin"] == page["origin"]
            assert response.headers["vary"] .split(", ")[-1] == "origin"
            response = client.get("/v2/models/absent", headers=page)
            assert response.status_code == 404
            assert response.headers["access-control-allow-origin"] == page["origin"]
            response = client.post(
                SERVICE + "ServerLive", content=frame(b""),
                headers={"content-type": "application/grpc-web", **page})
            assert read(response)[1]["grpc-status"] == "0"
            assert response.headers["access-control-allow-origin"] == page["origin"]
            response = client.get("/v2", headers={"origin": "https://evil.example"})
            assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("origin", ["app.example", "https://app.example/", "HTTPS://app.example"])
def test_an_origin_that_would_never_match_is_refused_at_the_start(server, tmp_path, origin):
    tls = server.data / "tls"
    path = tmp_path / "gateway.yaml"
    path.write_text(
        f"listen: 127.0.0.1:{free_port()}\n"
        f"tls: {{certificate: {tls}/gateway.pem, key: {tls}/gateway.key}}\n"
        f"identity: {{certificate: {tls}/gateway.pem, key: {tls}/gateway.key,"
        f" authority: {tls}/ca.pem}}\n"
        f"auth: ['127.0.0.1:1']\nmodels: ['127.0.0.1:1']\ncrossOrigins: ['{origin}']\n")
    result = subprocess.run(
        [BINARY, "gateway", "--config", path], capture_output=True, text=True, timeout=10)
    assert result.returncode == 78 and "crossOrigins" in result.stderr
