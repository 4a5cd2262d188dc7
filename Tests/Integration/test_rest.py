"""The Open Inference Protocol by REST: tritonclient[http], requests, httpx over HTTP/2, curl."""

import asyncio
import base64
import gzip
import json
import ssl
import time
import zlib

import gevent.ssl
import httpx
import ml_dtypes
import numpy as np
import pytest
import requests
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException

import raw_http1
from conftest import FIXTURES, bearer
from installation import wait_until
from test_command_line import language_models
from test_http1 import curl
from test_triton_client import pair, tensor


def url(server, path):
    return f"https://{server.address}{path}"


@pytest.fixture
def rest(server):
    """A tritonclient over HTTP/1.1."""
    client = triton.InferenceServerClient(
        server.address, ssl=True,
        ssl_context_factory=lambda: gevent.ssl.create_default_context(cafile=str(server.ca_path)))
    yield client
    client.close()


@pytest.fixture(scope="module", params=["1.1", "2"])
def web(request, server, keys):
    """An HTTP client with a key, for each version of HTTP."""
    context = ssl.create_default_context(cafile=str(server.ca_path))
    with httpx.Client(
            base_url=url(server, ""), verify=context, http2=request.param == "2",
            headers=bearer(keys.infer)) as client:
        client.version = f"HTTP/{request.param}"
        yield client


def error(response, status):
    """The sentence of an error, which has this form everywhere."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert list(response.json()) == ["error"]
    return response.json()["error"]


def one_input(name, datatype, data, shape, **more):
    return {"inputs": [{"name": name, "datatype": datatype, "shape": shape, "data": data}], **more}


SIMPLE = {
    "id": "7",
    "inputs": [
        {"name": "INPUT0", "datatype": "INT32", "shape": [1, 16], "data": [list(range(16))]},
        {"name": "INPUT1", "datatype": "INT32", "shape": [1, 16], "data": [3] * 16},
    ],
}


# --- tritonclient, unchanged -------------------------------------------------------------------

def test_tritonclient_asks_about_server_and_models(rest, headers):
    assert rest.is_server_live(headers=headers)
    assert rest.is_server_ready(headers=headers)
    assert rest.is_model_ready("simple", headers=headers)
    assert rest.is_model_ready("simple", "1", headers=headers)
    assert not rest.is_model_ready("absent", headers=headers)
    metadata = rest.get_server_metadata(headers=headers)
    assert metadata["name"] == "martlet" and metadata["extensions"]
    model = rest.get_model_metadata("simple", headers=headers)
    assert model["versions"] == ["1"]
    assert model["inputs"][0] == {"name": "INPUT0", "datatype": "INT32", "shape": [-1, 16]}
    config = rest.get_model_config("simple", headers=headers)
    assert config["name"] == "simple" and config["input"][0]["data_type"] == "TYPE_INT32"


@pytest.mark.parametrize("binary_inputs", [True, False])
@pytest.mark.parametrize("binary_outputs", [True, False])
@pytest.mark.parametrize("compression", [None, "gzip", "deflate"])
def test_tritonclient_infers(rest, headers, binary_inputs, binary_outputs, compression):
    arrays = pair()
    inputs = []
    for name, array in zip(["INPUT0", "INPUT1"], arrays):
        inputs.append(triton.InferInput(name, list(array.shape), "INT32"))
        inputs[-1].set_data_from_numpy(array, binary_data=binary_inputs)
    outputs = [triton.InferRequestedOutput(name, binary_data=binary_outputs)
               for name in ["OUTPUT0", "OUTPUT1"]]
    result = rest.infer(
        "simple", inputs, outputs=outputs, request_id="42", headers=headers,
        request_compression_algorithm=compression, response_compression_algorithm=compression)
    assert result.get_response()["id"] == "42"
    assert result.get_response()["model_version"] == "1"
    assert (result.as_numpy("OUTPUT0") == arrays[0] + arrays[1]).all()
    assert (result.as_numpy("OUTPUT1") == arrays[0] - arrays[1]).all()


def test_tritonclient_infers_concurrently(rest, headers):
    a, b = pair()
    inputs = [tensor("INPUT0", a, module=triton), tensor("INPUT1", b, module=triton)]
    calls = [rest.async_infer("simple", inputs, headers=headers) for _ in range(16)]
    for call in calls:
        assert (call.get_result().as_numpy("OUTPUT0") == a + b).all()


def test_tritonclient_asynchronously(server, headers):
    async def ask():
        context = ssl.create_default_context(cafile=str(server.ca_path))
        async with triton_aio.InferenceServerClient(
                server.address, ssl=True, ssl_context=context) as client:
            assert await client.is_model_ready("simple", headers=headers)
            a, b = pair()
            inputs = [tensor("INPUT0", a, module=triton), tensor("INPUT1", b, module=triton)]
            results = await asyncio.gather(*[
                client.infer("simple", inputs, headers=dict(headers)) for _ in range(8)])
            assert all((result.as_numpy("OUTPUT1") == a - b).all() for result in results)
    asyncio.run(ask())


@pytest.mark.parametrize("binary", [True, False])
def test_text_tensors(rest, headers, binary):
    array = np.array([["grün".encode(), b"", b'"\\\n', "日本".encode()]], dtype=np.object_)
    value = triton.InferInput("INPUT0", list(array.shape), "BYTES")
    value.set_data_from_numpy(array, binary_data=binary)
    output = triton.InferRequestedOutput("OUTPUT0", binary_data=binary)
    result = rest.infer("simple_identity", [value], outputs=[output], headers=headers)
    got = result.as_numpy("OUTPUT0").flatten()
    assert [x if isinstance(x, bytes) else x.encode() for x in got] == list(array.flatten())


def test_statistics_count_requests(rest, headers):
    def successes():
        """Two instances answer, each with its own count."""
        return {rest.get_inference_statistics("simple", headers=headers)
                ["model_stats"][0]["inference_stats"]["success"]["count"] for _ in range(20)}
    before = successes()
    a, b = pair()
    rest.infer("simple", [tensor("INPUT0", a, module=triton), tensor("INPUT1", b, module=triton)],
               headers=dict(headers))
    assert successes() != before
    everything = rest.get_inference_statistics(headers=headers)
    assert "simple" in {model["name"] for model in everything["model_stats"]}


def test_models_are_loaded_and_unloaded(server, rest, keys):
    deploy = bearer(keys.deploy)
    index = rest.get_model_repository_index(headers=bearer(keys.infer))
    assert {"simple", "digits"} <= {model["name"] for model in index}
    assert rest.unload_model("simple_int8", headers=deploy) is None
    assert not rest.is_model_ready("simple_int8", headers=bearer(keys.infer))
    rest.load_model("simple_int8", headers=deploy)
    assert rest.is_model_ready("simple_int8", headers=bearer(keys.infer))
    with pytest.raises(InferenceServerException):
        rest.load_model("simple_int8", headers=bearer(keys.infer))
    with pytest.raises(InferenceServerException):
        rest.load_model("absent", headers=deploy)


def test_a_model_is_loaded_with_a_configuration_and_files(server, keys):
    model = next((FIXTURES / "models" / "identity_fp32").rglob("model.onnx")).read_bytes()
    body = {"parameters": {
        "config": json.dumps({"name": "identity_fp32", "backend": "onnx", "max_batch_size": 0}),
        "file:1/model.onnx": base64.b64encode(model).decode()}}
    path = url(server, "/v2/repository/models/identity_fp32/load")
    options = {"headers": bearer(keys.deploy), "verify": str(server.ca_path)}
    response = requests.post(path, json=body, **options)
    assert response.status_code == 200, response.text
    body["parameters"]["file:1/model.onnx"] = "!"
    assert "base64" in error(requests.post(path, json=body, **options), 400)
    assert requests.post(path, **options).status_code == 200, "as it was deployed"


# --- every form of the requests, by HTTP/1.1 and HTTP/2 ----------------------------------------

def test_an_inference_in_json(web):
    response = web.post("/v2/models/simple/infer", json=SIMPLE)
    assert response.http_version == web.version
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    assert answer["model_name"] == "simple" and answer["id"] == "7"
    assert answer["outputs"][0] == {
        "name": "OUTPUT0", "datatype": "INT32", "shape": [1, 16],
        "data": [i + 3 for i in range(16)]}
    wanted = web.post("/v2/models/simple/versions/1/infer",
                      json={**SIMPLE, "outputs": [{"name": "OUTPUT1"}]}).json()
    assert [output["name"] for output in wanted["outputs"]] == ["OUTPUT1"]


@pytest.mark.parametrize("path", [
    "/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/simple",
    "/v2/models/simple/versions/1", "/v2/models/simple/ready", "/v2/models/simple/config",
    "/v2/models/simple/versions/1/config", "/v2/models/simple/stats", "/v2/models/stats"])
def test_what_is_asked_with_get_has_a_head(web, path):
    response = web.get(path)
    assert response.status_code == 200 and response.json()
    head = web.head(path)
    assert head.status_code == 200 and head.content == b""
    options = web.options(path)
    assert options.status_code == 204 and options.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "GET" in error(web.post(path, json={}), 405)


@pytest.mark.parametrize("model, datatype, data", [
    ("identity_fp32", "FP32", [1.5, -0.1, 3.4e38, 0]),
    ("identity_fp16", "FP16", [1.5, -0.25, 65504, 0]),
    ("identity_bf16", "BF16", [1.5, -0.25, 1e30, 0]),
    ("identity_int64", "INT64", [2**63 - 1, -2**63, 0, 1]),
])
def test_numbers_come_back_as_they_were_sent(web, model, datatype, data):
    metadata = web.get(f"/v2/models/{model}").json()
    name, output = metadata["inputs"][0]["name"], metadata["outputs"][0]["name"]
    shape = [4 if size < 0 else size for size in metadata["inputs"][0]["shape"]]
    if np.prod(shape) != 4:
        shape = [1, 4] if len(shape) == 2 else [4]
    response = web.post(f"/v2/models/{model}/infer", json=one_input(name, datatype, data, shape))
    assert response.status_code == 200, response.text
    answer = response.json()["outputs"][0]
    assert answer["name"] == output
    kind = {"FP32": np.float32, "FP16": np.float16, "BF16": ml_dtypes.bfloat16}.get(datatype)
    if kind:
        assert np.array_equal(np.array(answer["data"], kind), np.array(data, kind))
    else:
        assert answer["data"] == data


def test_infinities_and_nothing_have_names(web):
    metadata = web.get("/v2/models/identity_fp32").json()
    name = metadata["inputs"][0]["name"]
    body = json.dumps(one_input(name, "FP32", [float("nan"), float("inf"), -float("inf"), 1], [1, 4]))
    response = web.post("/v2/models/identity_fp32/infer", content=body)
    if response.status_code == 400 and "shape" in response.text:
        body = body.replace("[1, 4]", "[4]")
        response = web.post("/v2/models/identity_fp32/infer", content=body)
    assert response.status_code == 200, response.text
    assert response.json()["outputs"][0]["data"] == ["NaN", "Infinity", "-Infinity", 1.0]


def test_binary_data_by_hand(web):
    arrays = pair()
    head = json.dumps({
        "inputs": [{"name": name, "datatype": "INT32", "shape": [1, 16],
                    "parameters": {"binary_data_size": 64}} for name in ["INPUT0", "INPUT1"]],
        "parameters": {"binary_data_output": True},
        "outputs": [{"name": "OUTPUT0"}, {"name": "OUTPUT1", "parameters": {"binary_data": False}}],
    }).encode()
    length = {"inference-header-content-length": str(len(head))}
    body = head + b"".join(array.tobytes() for array in arrays)
    response = web.post("/v2/models/simple/infer", content=body, headers=length)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/octet-stream"
    end = int(response.headers["inference-header-content-length"])
    answer = json.loads(response.content[:end])
    assert answer["outputs"][0]["parameters"] == {"binary_data_size": 64}
    assert (np.frombuffer(response.content[end:], np.int32) == sum(arrays).flatten()).all()
    assert answer["outputs"][1]["data"] == list(range(-3, 13))
    for broken, why in [(body[:-1], "63"), (body + b"x", "1 more"), (head, "64")]:
        assert why in error(web.post("/v2/models/simple/infer", content=broken, headers=length), 400)
    for value in ["-1", "x", "99999", "1e3"]:
        response = web.post("/v2/models/simple/infer", content=body,
                            headers={"inference-header-content-length": value})
        assert "inference-header-content-length" in error(response, 400)


def test_no_json_at_all(web):
    header = {"inference-header-content-length": "0"}
    row = np.arange(16, dtype=np.float32)
    response = web.post("/v2/models/identity_fp32/infer", content=row.tobytes(), headers=header)
    assert response.status_code == 200, response.text
    end = int(response.headers["inference-header-content-length"])
    assert response.content[end:] == row.tobytes()
    assert json.loads(response.content[:end])["outputs"][0]["parameters"] == {"binary_data_size": 64}
    for content, model, why in [
            (row.tobytes()[:-1], "identity_fp32", "multiple of 4 bytes, got 63"),
            (row.tobytes(), "simple", "models with one input")]:
        response = web.post(f"/v2/models/{model}/infer", content=content, headers=header)
        assert why in error(response, 400)


def test_texts_of_a_language_model(server, keys, web, tmp_path):
    for name, path in zip(("tiny", "spoilt"), language_models(tmp_path)):
        server.deploy(path, name, keys.deploy)
    prompt = web.post(
        "/v2/models/tiny/infer", content=b"abc", headers={"inference-header-content-length": "0"})
    assert prompt.status_code == 200, prompt.text
    end = int(prompt.headers["inference-header-content-length"])
    output, = json.loads(prompt.content[:end])["outputs"]
    assert output["name"] == "text_output"
    assert output["parameters"]["binary_data_size"] == len(prompt.content) - end
    failed = web.post(
        "/v2/models/spoilt/infer", json={"inputs": [
            {"name": "text_input", "shape": [1], "datatype": "BYTES", "data": ["abc"]}]})
    assert "expected finite logits" in error(failed, 500)
    for name in ("tiny", "spoilt"):
        server.run("model", "delete", name, key=keys.deploy)


def test_a_client_that_leaves_while_its_json_is_read(server, keys, web):
    body = json.dumps(one_input("INPUT0", "INT64", list(range(600_000)), [1, 600_000])).encode()
    head = (f"POST /v2/models/identity_int64/infer HTTP/1.1\r\nhost: a\r\nauthorization: Bearer "
            f"{keys.infer}\r\ncontent-length: {len(body)}\r\n\r\n").encode()
    for _ in range(8):
        with raw_http1.connect(server) as connection:
            connection.sendall(head + body)
    assert web.get("/v2/models/simple/ready").status_code == 200


@pytest.mark.parametrize("encoding", ["GZIP", "x-gzip", "Deflate"])
def test_other_names_of_compressions(web, encoding):
    compress = zlib.compress if encoding == "Deflate" else gzip.compress
    response = web.post("/v2/models/simple/infer", content=compress(json.dumps(SIMPLE).encode()),
                        headers={"content-encoding": encoding})
    assert response.status_code == 200, response.text


def test_gzip_of_several_members(web):
    """As `cat a.gz b.gz` and parallel compressors make it; in pieces, too."""
    body = json.dumps(SIMPLE).encode()
    members = b"".join(gzip.compress(body[i:i + 50]) for i in range(0, len(body), 50))
    for content in (members, (members[i:i + 7] for i in range(0, len(members), 7))):
        response = web.post("/v2/models/simple/infer", content=content,
                            headers={"content-encoding": "gzip"})
        assert response.status_code == 200, response.text


def test_a_sequence_has_no_negative_id(web):
    body = dict(SIMPLE, parameters={"sequence_id": -7, "sequence_start": True})
    assert "sequence_id" in error(web.post("/v2/models/simple/infer", json=body), 400)


def wait_for_inflation():
    """The bombs below spend what a tenant may decompress: 64 MiB a second, however fast the machine is."""
    time.sleep(1.2)


@pytest.mark.parametrize("encoding, compress", [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compressed_bodies(web, encoding, compress):
    wait_for_inflation()
    body = compress(json.dumps(SIMPLE).encode())
    headers = {"content-encoding": encoding}
    assert web.post("/v2/models/simple/infer", content=body, headers=headers).status_code == 200
    assert "compression" in error(
        web.post("/v2/models/simple/infer", content=body[:-6], headers=headers), 400)
    assert "compression" in error(
        web.post("/v2/models/simple/infer", content=b"x" * 100, headers=headers), 400)
    bomb = compress(b" " * (40 << 20))
    error(web.post("/v2/models/simple/infer", content=bomb, headers=headers), 413)
    error(web.post("/v2/models/simple/infer", content=body,
                   headers={"content-encoding": "br"}), 415)


@pytest.mark.parametrize("encoding, decompress", [("gzip", gzip.decompress),
                                                  ("deflate", zlib.decompress)])
def test_compressed_answers(web, encoding, decompress):
    # What is compressed is counted in the same budget, and goes as it is when that is spent.
    wait_for_inflation()
    name = web.get("/v2/models/identity_int64").json()["inputs"][0]["name"]

    def ask(count, accepted, model="identity_int64", method="POST"):
        body = one_input(name, "INT64", [7] * count, [1, count])
        with web.stream(method, f"/v2/models/{model}/infer", json=body,
                        headers={"accept-encoding": accepted}) as response:
            return response, b"".join(response.iter_raw())
    response, raw = ask(5_000, encoding)
    assert response.status_code == 200, raw
    assert response.headers["content-encoding"] == encoding and len(raw) < 1_000
    assert int(response.headers["content-length"]) == len(raw)
    assert json.loads(decompress(raw))["outputs"][0]["data"] == [7] * 5_000
    for count, accepted in [(5_000, "identity"), (5_000, f"{encoding};q=0"), (5, encoding),
                            (200_000, encoding)]:
        response, raw = ask(count, accepted)
        assert "content-encoding" not in response.headers
        assert json.loads(raw)["outputs"][0]["data"] == [7] * count
    response, raw = ask(5_000, encoding, model="nothing")
    assert response.status_code == 404 and "content-encoding" not in response.headers
    assert "error" in json.loads(raw)


def test_a_large_tensor_both_ways(web):
    metadata = web.get("/v2/models/identity_int64").json()
    name = metadata["inputs"][0]["name"]
    data = list(range(0, 400_000))
    shape = [1, len(data)] if len(metadata["inputs"][0]["shape"]) == 2 else [len(data)]
    body = one_input(name, "INT64", data, shape)
    response = web.post("/v2/models/identity_int64/infer", json=body, timeout=60)
    assert response.status_code == 200, response.text
    assert response.json()["outputs"][0]["data"] == data


# --- who may -----------------------------------------------------------------------------------

def test_keys_decide_who_gets_in(server, keys, other, web):
    def post(model, headers):
        return requests.post(url(server, f"/v2/models/{model}/infer"), json=SIMPLE,
                             headers=headers, verify=str(server.ca_path))
    response = post("simple", {})
    error(response, 401)
    assert response.headers["www-authenticate"] == "Bearer"
    error(post("simple", bearer("mk_wrong_key_1")), 401)
    load = url(server, "/v2/repository/models/simple/load")
    error(requests.post(load, headers=bearer(keys.infer), verify=str(server.ca_path)), 403)
    absent, theirs = post("absent", bearer(keys.infer)), post("private", bearer(keys.infer))
    assert error(absent, 404).replace("absent", "private") == error(theirs, 404)
    assert post("private", bearer(other.infer)).status_code == 200
    assert post("simple", {"x-api-key": keys.infer}).status_code == 200
    error(post("simple", {"x-api-key": keys.infer, **bearer(keys.infer)}), 401)
    spoofed = {**bearer(keys.infer), "x-martlet-tenant": other.tenant,
               "X_Martlet_Tenant": other.tenant}
    error(post("private", spoofed), 404)
    assert requests.get(url(server, "/v2/health/live"), verify=str(server.ca_path)
                        ).status_code == 401


# --- what is wrong -----------------------------------------------------------------------------

def simple(**changes):
    body = json.loads(json.dumps(SIMPLE))
    body["inputs"][0].update(changes)
    return json.dumps({key: value for key, value in body.items()})


@pytest.mark.parametrize("name, values, status", [
    ("inference-header-content-length", ["4", "0"], 400),
    ("inference-header-content-length", ["0", "4"], 400),
    ("content-encoding", ["gzip", "identity"], 415),
    ("content-encoding", ["identity", "gzip"], 415),
    ("content-encoding", ["gzip", "gzip"], 415),
])
def test_fields_that_contradict_each_other_are_refused(web, name, values, status):
    response = web.post("/v2/models/simple/infer", content=gzip.compress(simple().encode()),
                        headers=[(name, value) for value in values])
    assert name in error(response, status)


@pytest.mark.parametrize("body, why", [
    ("", "JSON"), ("{", "JSON"), ("[]", "an object"), ("nothing", "JSON"),
    ('{"inputs": {}}', "'inputs'"), ('{"id": 1}', "'id'"), ('{"inputs": [1]}', "inputs[0]"),
    ('{"id": "a", "id": "b"}', "once"), ("\xff", "UTF-8"),
    (simple() + "x", "JSON"),
    (simple(shape=[1, 15]), "needs 15 elements, got 16"),
    (simple(shape=[2**62, 2**62]), "elements"),
    (simple(shape=[-1, 16]), "from 0"),
    (simple(shape="x"), "a list"),
    (simple(datatype="INT33"), "INT33"),
    (simple(datatype="FP32"), "INPUT0"),
    (simple(data=[1.5] * 16), "element 0"),
    (simple(data=[2**31] + [0] * 15), "element 0"),
    (simple(data=["x"] * 16), "element 0"),
    (simple(data=5), "a list"),
    (simple(data=None), "'data' or 'binary_data_size'"),
    (simple(parameters={"binary_data_size": 64}), "got both"),
    (simple(name="INPUT9"), "INPUT9"),
    (simple(name="INPUT0\0"), "NUL"),
    (simple(parameters={"a\0": 1}), "NUL"),
    (simple(parameters={"a": "\0"}), "NUL"),
    ('{"id": "\\u0000", "inputs": []}', "NUL"),
    ('{"inputs": [], "outputs": [{"name": "\\u0000"}]}', "NUL"),
    ('{"inputs": ' + "[" * 100 + "]" * 100 + "}", "nested"),
    ('{"inputs": [{"name": "INPUT0", "datatype": "INT32", "shape": [1], "data": '
     + "[" * 100_000 + "]" * 100_000 + "}]}", "nested"),
    ('{"parameters": {"a": [' + "1," * 70_000 + "1]}}", "65536 values"),
])
def test_what_is_wrong_is_said(web, body, why):
    response = web.post("/v2/models/simple/infer", content=body.encode("latin-1"))
    assert response.status_code in (400, 413), response.text
    assert why in error(response, response.status_code)


def test_what_is_not_there(web):
    for path in ["/v2/", "/v2/models", "/v2/models/", "/v2//models/simple", "/v2/models/simple/",
                 "/v2/models/simple/versions", "/v2/models/a%2e/infer", "/v2/models/simple/x",
                 "/v2/models/../models/simple%20x", "/v2/repository/models/a/b"]:
        request = web.build_request("GET", url_of(web, path))
        request.url = request.url.copy_with(raw_path=path.encode())
        error(web.send(request), 404)
    error(web.get("/v2/models/absent"), 404)
    error(web.get("/v2/models/simple/versions/99"), 404)
    assert web.get("/v3").status_code == 404


def url_of(web, path):
    return str(web.base_url).rstrip("/") + "/v2"


def test_too_large_is_said_before_all_is_sent(server, keys):
    head = (f"POST /v2/models/simple/infer HTTP/1.1\r\nHost: a\r\n"
            f"Authorization: Bearer {keys.infer}\r\nTransfer-Encoding: chunked\r\n\r\n").encode()
    with raw_http1.connect(server) as connection:
        connection.sendall(head)
        chunk = b"%x\r\n" % (1 << 20) + b" " * (1 << 20) + b"\r\n"
        try:
            for _ in range(40):
                connection.sendall(chunk)
        except OSError:
            pass
        answer = raw_http1.read_to_end(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_body_waits_for_100_and_a_refusal_needs_none(server, keys):
    body = json.dumps(SIMPLE).encode()

    def ask(key):
        return (f"POST /v2/models/simple/infer HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}"
                f"\r\nExpect: 100-continue\r\nAuthorization: Bearer {key}\r\n\r\n").encode()
    with raw_http1.connect(server) as connection:
        connection.sendall(ask(keys.infer))
        assert connection.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 OK\r\n")
    answer = raw_http1.exchange(server, ask("mk_wrong_key_1"))
    assert answer.startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 "))
    assert b"connection: close" in answer


def test_requests_sent_ahead_and_in_chunks(server, keys):
    body = json.dumps(SIMPLE).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (1, body[i:i + 1]) for i in range(len(body))) + b"0\r\n\r\n"
    head = (f"POST /v2/models/simple/infer HTTP/1.1\r\nHost: a\r\n"
            f"Authorization: Bearer {keys.infer}\r\n").encode()
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks
    counted = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    last = counted.replace(b"Host: a", b"Host: a\r\nConnection: close")
    answer = raw_http1.exchange(server, (chunked + counted) * 5 + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 11
    assert answer.count(b'"model_name":"simple"') == 11


SMUGGLED = b"GET /v2/health/live HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize("fields", [
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    b"Content-Length: 0\r\nContent-Length: 40\r\n",
    b"X: 1\r\n folded\r\nContent-Length: 0\r\n",
    b"X: 1\nContent-Length: 0\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
])
def test_smuggling_ends_the_connection(server, keys, fields):
    head = (f"POST /v2/models/simple/infer HTTP/1.1\r\nHost: a\r\n"
            f"Authorization: Bearer {keys.infer}\r\n").encode()
    answer = raw_http1.exchange(server, head + fields + b"\r\n0\r\n\r\n" + SMUGGLED)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")), answer
    assert answer.count(b"HTTP/1.1 ") == 1


def test_grpc_over_http_1_1_is_refused(server, keys):
    response = requests.post(
        url(server, "/inference.GRPCInferenceService/ServerLive"), data=b"\0\0\0\0\0",
        headers={"content-type": "application/grpc", **bearer(keys.infer)},
        verify=str(server.ca_path))
    assert response.status_code == 505


@pytest.mark.parametrize("types", [
    ("application/json", "application/grpc"), ("application/grpc", "application/json")])
def test_grpc_over_http_1_1_is_not_hidden_behind_another_type(server, keys, types):
    fields = "".join(f"Content-Type: {name}\r\n" for name in types)
    answer = raw_http1.exchange(server, (
        f"POST /inference.GRPCInferenceService/ServerLive HTTP/1.1\r\nHost: a\r\n{fields}"
        "Connection: close\r\n"
        f"Authorization: Bearer {keys.infer}\r\nContent-Length: 5\r\n\r\n").encode() + bytes(5))
    assert answer.startswith(b"HTTP/1.1 505 "), answer


# --- curl, and what is recorded ----------------------------------------------------------------

@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_curl_as_in_the_documentation(server, keys, version):
    status, _, body = curl(
        server, version, "-H", f"authorization: Bearer {keys.infer}",
        "-d", json.dumps(SIMPLE), url(server, "/v2/models/simple/infer"))
    assert status == 200 and json.loads(body)["outputs"][1]["data"] == list(range(-3, 13))


def test_the_access_log_and_the_metrics_know_rest(server, keys, web):
    web.post("/v2/models/simple/infer", json=SIMPLE)
    error(web.get("/v2/models/absent-for-the-log"), 404)
    def lines():
        text = (server.data / "log" / "access.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines() if "absent-for-the-log" in line]
    line = wait_until(lines, 5, "the access log")[0]
    assert line["method"] == "/inference.GRPCInferenceService/ModelMetadata"
    assert line["status"] == "NOT_FOUND" and line["http_status"] == 404
    assert line["tenant"] == "north"
