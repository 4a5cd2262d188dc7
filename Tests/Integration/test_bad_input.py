"""Bad input: the right status, a sentence with expected and got, and the process goes on."""

import gzip
import os
import socket
import ssl
import time

import grpc
import numpy as np
import psutil
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

import management
from conftest import FIXTURES
from installation import CommandFailed, wait_until
from raw_http2 import Connection, frame

INFER = "/inference.GRPCInferenceService/ModelInfer"
STREAM = "/inference.GRPCInferenceService/ModelStreamInfer"
HOSTILE = sorted(path.stem for path in (FIXTURES / "hostile").glob("*.onnx"))
Code = grpc.StatusCode


@pytest.fixture(scope="module", autouse=True)
def no_process_dies(server, keys):
    before = {role: server.pid(role) for role in server.roles()}
    yield
    for role, pid in before.items():
        assert psutil.pid_exists(pid) and server.pid(role) == pid, f"{role} died and was restarted"


@pytest.fixture(scope="module")
def channel(server, keys):
    with server.channel(keys.infer) as channel:
        yield channel


@pytest.fixture(autouse=True)
def still_serves(channel):
    yield
    assert infer(channel, simple()).outputs[0].name == "OUTPUT0"


def simple(**changes):
    """A good request for `simple`; `changes` replace fields."""
    values = np.arange(16, dtype="<i4").tobytes()
    fields = dict(
        model_name="simple",
        inputs=[service_pb2.ModelInferRequest.InferInputTensor(
            name=name, datatype="INT32", shape=[1, 16]) for name in ("INPUT0", "INPUT1")],
        raw_input_contents=[values, values])
    fields.update(changes)
    return service_pb2.ModelInferRequest(**fields)


def given(name="INPUT0", datatype="INT32", shape=(1, 16), **fields):
    return service_pb2.ModelInferRequest.InferInputTensor(
        name=name, datatype=datatype, shape=shape, **fields)


def infer(channel, request, **arguments):
    return service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer(
        request, timeout=arguments.pop("timeout", 20), **arguments)


def refusal(channel, request, **arguments):
    with pytest.raises(grpc.RpcError) as error:
        infer(channel, request, **arguments)
    return error.value.code(), error.value.details()


# --- keys ---------------------------------------------------------------------------------------

def flipped(key):
    """The key with one character of its secret changed."""
    at = len(key) // 2
    return key[:at] + ("a" if key[at] != "a" else "b") + key[at + 1:]


@pytest.mark.parametrize("metadata", [
    lambda key: [],
    lambda key: [("authorization", "Bearer mk_nonsense")],
    lambda key: [("authorization", "Bearer")],
    lambda key: [("authorization", "Basic " + key)],
    lambda key: [("authorization", "Bearer " + flipped(key))],
    lambda key: [("authorization", "Bearer " + key + "x")],
    lambda key: [("authorization", "Bearer " + key[:-1])],
    lambda key: [("authorization", "Bearer " + "mk_" + "A" * 4000)],
    lambda key: [("x-api-key", flipped(key))],
], ids=["none", "nonsense", "empty", "basic", "secret-changed", "longer", "shorter", "huge",
        "x-api-key"])
def test_a_wrong_key_is_unauthenticated(server, keys, metadata):
    with server.channel() as channel:
        code, details = refusal(channel, simple(), metadata=metadata(keys.infer))
    assert code == Code.UNAUTHENTICATED
    assert details and keys.infer not in details and flipped(keys.infer) not in details


def test_the_key_may_come_in_either_field(server, keys):
    with server.channel() as channel:
        infer(channel, simple(), metadata=[("x-api-key", keys.infer)])
        infer(channel, simple(), metadata=[("authorization", f"Bearer {keys.infer}")])


def test_two_keys_in_one_request_are_refused(server, keys):
    connection = Connection(server)
    stream = connection.open(INFER, keys.infer, [("authorization", "Bearer mk_other")])
    connection.send(stream, frame(simple().SerializeToString()), end=True)
    fields, _, reset = connection.finish(stream)
    assert reset is not None or fields.get("grpc-status") == "16" or fields[":status"] == "400"


def test_an_expired_key_is_unauthenticated(server, keys):
    with server.channel(server.admin_key) as admin:
        created = management.call(
            admin, "Keys/CreateKey", tenant=keys.tenant, role="infer", expires_in_seconds=1)
    with server.channel(created.api_key) as channel:
        infer(channel, simple())

        def expired():
            try:
                infer(channel, simple())
            except grpc.RpcError as error:
                return error
        error = wait_until(expired, 3, "the key to expire")
        assert error.code() == Code.UNAUTHENTICATED


# --- messages -----------------------------------------------------------------------------------

@pytest.mark.parametrize("message", [
    b"\xff\xff\xff\xff", b"\x0a\xff\x01", b"\x0a\x05ab", b"\x0a\x02\xff\xfe", b"\x0b" * 64,
    b"\x00\x01", simple().SerializeToString()[:-3]],
    ids=["garbage", "length-beyond-end", "truncated", "not-utf8", "groups", "field-zero",
         "cut-short"])
def test_a_malformed_message(channel, message):
    call = channel.unary_unary(INFER)
    with pytest.raises(grpc.RpcError) as error:
        call(message, timeout=10)
    assert error.value.code() in (Code.INVALID_ARGUMENT, Code.INTERNAL)
    assert error.value.details()


SIXTEEN = np.arange(16, dtype="<i4").tobytes()
BAD_REQUESTS = {
    "shape": (simple(inputs=[given(shape=[1, 15]), given("INPUT1")]), ["16", "15"]),
    "rank": (simple(inputs=[given(shape=[16]), given("INPUT1")]), ["16"]),
    "batch-too-large": (simple(
        inputs=[given(shape=[9, 16]), given("INPUT1", shape=[9, 16])],
        raw_input_contents=[SIXTEEN * 9] * 2), ["8", "9"]),
    "batches-differ": (simple(
        inputs=[given(shape=[2, 16]), given("INPUT1")],
        raw_input_contents=[SIXTEEN * 2, SIXTEEN]), []),
    "negative-size": (simple(inputs=[given(shape=[1, -16]), given("INPUT1")]), ["-16"]),
    "negative-pair": (simple(inputs=[given(shape=[-1, -16]), given("INPUT1")]), []),
    "overflowing-size": (simple(
        inputs=[given(shape=[1 << 32, 1 << 32]), given("INPUT1")]), []),
    "datatype": (simple(inputs=[given(datatype="FP32"), given("INPUT1")]), ["INT32", "FP32"]),
    "datatype-unknown": (simple(inputs=[given(datatype="INT33"), given("INPUT1")]), ["INT33"]),
    "raw-too-short": (simple(raw_input_contents=[SIXTEEN[:-1], SIXTEEN]), ["64", "63"]),
    "raw-too-long": (simple(raw_input_contents=[SIXTEEN + b"\0", SIXTEEN]), ["64", "65"]),
    "raw-missing": (simple(raw_input_contents=[SIXTEEN]), ["2", "1"]),
    "raw-surplus": (simple(raw_input_contents=[SIXTEEN] * 3), ["2", "3"]),
    "no-data": (simple(raw_input_contents=[]), []),
    "typed-and-raw": (simple(inputs=[
        given(contents=service_pb2.InferTensorContents(int_contents=range(16))),
        given("INPUT1")]), ["raw_input_contents"]),
    "typed-wrong-kind": (simple(raw_input_contents=[], inputs=[
        given(contents=service_pb2.InferTensorContents(fp32_contents=range(16))),
        given("INPUT1", contents=service_pb2.InferTensorContents(int_contents=range(16)))]), []),
    "typed-too-few": (simple(raw_input_contents=[], inputs=[
        given(contents=service_pb2.InferTensorContents(int_contents=range(15))),
        given("INPUT1", contents=service_pb2.InferTensorContents(int_contents=range(16)))]),
        ["16", "15"]),
    "input-missing": (simple(inputs=[given()], raw_input_contents=[SIXTEEN]), ["INPUT1"]),
    "no-inputs": (simple(inputs=[], raw_input_contents=[]), []),
    "input-unknown": (simple(inputs=[given(), given("INPUT7")]), ["INPUT7"]),
    "input-twice": (simple(inputs=[given(), given()]), ["INPUT0"]),
    "input-surplus": (simple(
        inputs=[given(), given("INPUT1"), given("INPUT2")],
        raw_input_contents=[SIXTEEN] * 3), ["INPUT2"]),
    "output-unknown": (simple(outputs=[
        service_pb2.ModelInferRequest.InferRequestedOutputTensor(name="OUTPUT9")]),
        ["OUTPUT9"]),
    "parameter-reserved": (simple(
        parameters={"triton_secret": service_pb2.InferParameter(bool_param=True)}),
        ["triton_secret"]),
    "shared-memory": (simple(raw_input_contents=[SIXTEEN], inputs=[
        given(parameters={
            "shared_memory_region": service_pb2.InferParameter(string_param="r"),
            "shared_memory_byte_size": service_pb2.InferParameter(int64_param=64)}),
        given("INPUT1")]), []),
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_a_request_that_does_not_fit_the_model(channel, name):
    request, words = BAD_REQUESTS[name]
    code, details = refusal(channel, request)
    assert code == Code.INVALID_ARGUMENT or (
        name == "shared-memory" and code == Code.UNIMPLEMENTED), details
    assert details
    for word in words:
        assert word in details, f"expected {word!r} in {details!r}"


BAD_STRINGS = {
    "length-beyond-end": b"\xff\xff\xff\x7fabc", "length-cut": b"\x01\x00",
    "one-for-two": b"\x01\x00\x00\x00a", "negative": b"\xff\xff\xff\xff"}


@pytest.mark.parametrize("name", BAD_STRINGS)
def test_strings_whose_lengths_lie(channel, name):
    request = service_pb2.ModelInferRequest(
        model_name="simple_identity", inputs=[given(datatype="BYTES", shape=[1, 2])],
        raw_input_contents=[BAD_STRINGS[name]])
    code, details = refusal(channel, request)
    assert code == Code.INVALID_ARGUMENT and details


def test_typed_contents_of_every_kind_are_understood(channel):
    contents = service_pb2.InferTensorContents
    good = infer(channel, simple(raw_input_contents=[], inputs=[
        given(name, contents=contents(int_contents=range(16))) for name in ("INPUT0", "INPUT1")]))
    assert np.frombuffer(good.raw_output_contents[0], "<i4").tolist() == list(range(0, 32, 2))
    cases = [
        ("simple_identity", "BYTES", dict(bytes_contents=[b"", b"xy"]),
         b"\0\0\0\0\x02\0\0\0xy"),
        ("identity_fp32", "FP32", dict(fp32_contents=[1.5, -2]),
         np.array([1.5, -2], "<f4").tobytes()),
        ("identity_int64", "INT64", dict(int64_contents=[-1, 1 << 62]),
         np.array([-1, 1 << 62], "<i8").tobytes())]
    for model, datatype, values, raw in cases:
        answer = infer(channel, service_pb2.ModelInferRequest(model_name=model, inputs=[
            given(datatype=datatype, shape=[1, 2], contents=contents(**values))]))
        assert answer.raw_output_contents[0] == raw  # always raw
    # FP16 has no typed form.
    code, _ = refusal(channel, service_pb2.ModelInferRequest(model_name="identity_fp16", inputs=[
        given(datatype="FP16", shape=[1, 2], contents=contents(fp32_contents=[1, 2]))]))
    assert code == Code.INVALID_ARGUMENT


def test_values_that_do_not_fit_eight_bits_are_refused(channel):
    contents = service_pb2.InferTensorContents(int_contents=[1000] * 16)
    code, details = refusal(channel, simple(
        model_name="simple_int8", raw_input_contents=[], inputs=[
            given(name, "INT8", contents=contents) for name in ("INPUT0", "INPUT1")]))
    assert code == Code.INVALID_ARGUMENT and details


@pytest.mark.parametrize("model, version", [
    ("absent", ""), ("simple", "7"), ("simple", "-1"), ("simple", "one"),
    ("simple", "99999999999999999999999"), ("../north/simple", ""), ("simple/../simple", ""),
    ("", ""), ("a" * 5000, ""), ("north/simple", "")])
def test_an_unknown_model_or_version(channel, model, version):
    code, details = refusal(channel, simple(model_name=model, model_version=version))
    # A name or version that cannot exist may also be called invalid.
    allowed = {Code.NOT_FOUND}
    if (model, version) not in (("absent", ""), ("simple", "7")):
        allowed.add(Code.INVALID_ARGUMENT)
    assert code in allowed, details
    assert details and len(details) < 2000


# --- sizes, framing -----------------------------------------------------------------------------

LIMIT = 64 << 20  # the default of message_bytes_max


def test_an_oversized_message(server, keys):
    with server.channel(keys.infer) as channel:
        request = service_pb2.ModelInferRequest(
            model_name="identity_fp32",
            inputs=[given(datatype="FP32", shape=[1, (LIMIT >> 2) + 1024])],
            raw_input_contents=[bytes(LIMIT + 4096)])
        code, details = refusal(channel, request)
    assert code == Code.RESOURCE_EXHAUSTED
    assert details


def test_a_length_prefix_that_promises_four_gigabytes(server, keys):
    resident = server.resident_bytes("gateway")
    connection = Connection(server)
    stream = connection.open(INFER, keys.infer)
    connection.send(stream, b"\0\xff\xff\xff\xff" + bytes(1000))
    fields, _, _ = connection.finish(stream)
    assert fields.get("grpc-status") == "8", fields  # RESOURCE_EXHAUSTED
    assert server.resident_bytes("gateway") < resident + (32 << 20)


def test_a_compressed_bomb_stops_at_the_limit(server, keys):
    roles = ["gateway", "model-0", "model-1"]
    resident = sum(server.resident_bytes(role) for role in roles)
    front = service_pb2.ModelInferRequest(
        model_name="identity_fp32",
        inputs=[given(datatype="FP32", shape=[1, 1 << 26])]).SerializeToString()
    # raw_input_contents of 2^28 zeros: a good request, were it not so large.
    bomb = gzip.compress(front + b"\x3a\x80\x80\x80\x80\x01" + bytes(1 << 28), 6)
    assert len(bomb) < 1 << 20
    connection = Connection(server)
    stream = connection.open(INFER, keys.infer, [("grpc-encoding", "gzip")])
    connection.send(stream, frame(bomb, compressed=1), end=True)
    fields, _, _ = connection.finish(stream, seconds=30)
    assert fields.get("grpc-status") == "8", fields
    assert sum(server.resident_bytes(role) for role in roles) < resident + (160 << 20)


@pytest.mark.parametrize("headers, data, expected", [
    ([("grpc-encoding", "brotli")], frame(b"x", 1), {"12"}),
    ([], frame(b"x", 1), {"13"}),
    ([("grpc-encoding", "gzip")], frame(b"not gzip at all", 1), {"13", "3"}),
    ([], frame(simple().SerializeToString())[:-5], {"13"}),
    ([], frame(simple().SerializeToString()) * 2, {"12", "13"}),
    ([], b"", {"12", "13"}),
    ([], b"\0\0", {"13"}),
    ([("grpc-timeout", "soon")], frame(simple().SerializeToString()), {"3", "13"}),
], ids=["encoding-unknown", "flag-without-encoding", "not-gzip", "cut-short", "two-messages",
        "no-message", "half-a-prefix", "timeout-unreadable"])
def test_framing_that_is_wrong(server, keys, headers, data, expected):
    connection = Connection(server)
    stream = connection.open(INFER, keys.infer, headers)
    connection.send(stream, data, end=True)
    fields, _, _ = connection.finish(stream)
    assert fields.get("grpc-status") in expected, fields


@pytest.mark.parametrize("field, expected", [
    ((":method", "GET"), None), (("content-type", "text/plain"), None),
    (("te", "gzip"), None), (("connection", "close"), None)])
def test_headers_that_are_not_grpc(server, keys, field, expected):
    connection = Connection(server)
    stream = connection.session.get_next_available_stream_id()
    fields = {":method": "POST", ":scheme": "https", ":authority": "localhost", ":path": INFER,
              "content-type": "application/grpc", "te": "trailers",
              "authorization": f"Bearer {keys.infer}"}
    fields[field[0]] = field[1]
    connection.session.send_headers(stream, list(fields.items()))
    connection.received[stream] = []
    connection.flush()
    connection.send(stream, frame(simple().SerializeToString()), end=True)
    answer, body, reset = connection.finish(stream)
    assert reset is not None or connection.closed or answer.get(":status") != "200" \
        or answer.get("grpc-status", "0") != "0"


@pytest.mark.parametrize("opening", [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + bytes(64), bytes(2048),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
def test_what_is_not_tls_is_hung_up_on(server, opening):
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as plain:
        plain.sendall(opening)
        plain.settimeout(15)
        received = b""
        try:
            while chunk := plain.recv(4096):
                received += chunk
        except ConnectionError:
            pass
        assert len(received) < 64  # an alert at most


def test_tls_1_1_and_clients_without_alpn_are_refused(server):
    context = ssl.create_default_context(cafile=str(server.ca_path))
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(plain, server_hostname="127.0.0.1").recv(1)


# --- clients that vanish ------------------------------------------------------------------------

def test_memory_returns_after_clients_vanish_mid_stream(server, keys):
    roles = server.roles()

    def storm():
        """Ten connections, each with half-sent messages and an open stream, then gone."""
        connections = []
        for _ in range(10):
            connection = Connection(server)
            for path in (INFER, STREAM):
                stream = connection.open(path, keys.infer)
                # The first MiB of a message of 20 MB, with the model's name in it.
                whole = service_pb2.ModelInferRequest(
                    model_name="identity_fp32",
                    inputs=[given(datatype="FP32", shape=[1, 5_000_000])]).SerializeToString()
                whole += b"\x3a\x80\xda\xc4\x09"  # raw_input_contents, 20,000,000 bytes
                prefix = b"\0" + (len(whole) + 20_000_000).to_bytes(4, "big")
                connection.send(stream, prefix + whole + bytes(1 << 20))
            connections.append(connection)
        for connection in connections:
            connection.vanish()

    for _ in range(3):  # buffers that are kept for the next client are filled once
        storm()
    time.sleep(0.5)
    before = {role: server.resident_bytes(role) for role in roles}
    for _ in range(10):
        storm()
    time.sleep(0.5)

    def returned():
        grown = {r: server.resident_bytes(r) - before[r] for r in roles}
        # 20 MiB were sent in each of ten storms; keeping one in ten would show.
        return all(size < (16 << 20) for size in grown.values())
    wait_until(returned, 10, "memory to return to about where it was")


def test_a_stream_whose_reader_stops_does_not_fill_the_server(server, keys):
    """Back-pressure: answers wait at the model service, not in a queue without end."""
    connection = Connection(server)
    stream = connection.open(STREAM, keys.infer)
    before = sum(server.resident_bytes(role) for role in server.roles())
    body = frame(service_pb2.ModelInferRequest(
        model_name="identity_fp32", inputs=[given(datatype="FP32", shape=[1, 250_000])],
        raw_input_contents=[bytes(1_000_000)]).SerializeToString())
    connection.socket.settimeout(1)
    sent = 0
    try:
        while sent < 200:  # MB, if nobody stopped us
            view = memoryview(body)
            while view:
                window = min(connection.session.local_flow_control_window(stream),
                             connection.session.max_outbound_frame_size, len(view))
                if window == 0:
                    data = connection.socket.recv(1 << 14)
                    # Windows are opened, but no answer is acknowledged.
                    connection.session.receive_data(data)
                    connection.flush()
                    continue
                connection.session.send_data(stream, view[:window])
                view = view[window:]
                connection.flush()
            sent += 1
    except TimeoutError:
        pass  # the server stopped reading: what it should do
    grown = sum(server.resident_bytes(role) for role in server.roles()) - before
    connection.vanish()
    assert sent < 150, "the server went on reading for a client that does not read"
    assert grown < (150 << 20), f"memory grew by {grown >> 20} MiB"


# --- hostile models -----------------------------------------------------------------------------

@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_model_is_refused_when_it_is_loaded(server, keys, name):
    roles = ["model-0", "model-1"]
    before = sum(server.resident_bytes(role) for role in roles)
    with pytest.raises(CommandFailed) as error:
        server.deploy(FIXTURES / "hostile" / f"{name}.onnx", f"hostile-{name}", keys.deploy)
    assert error.value.code in (65, 69), error.value
    sentence = error.value.stderr.strip()
    assert len(sentence.splitlines()) == 1 and len(sentence) > 20, sentence
    assert "root:" not in sentence  # nothing of /etc/passwd
    assert sum(server.resident_bytes(role) for role in roles) < before + (64 << 20)


def test_the_refusal_of_an_unknown_operator_names_it_and_its_node(server, keys):
    with pytest.raises(CommandFailed) as error:
        server.deploy(
            FIXTURES / "hostile" / "operator-unknown.onnx", "hostile-operator", keys.deploy)
    assert "Frobnicate" in error.value.stderr and "the-bad-node" in error.value.stderr


def test_what_is_no_file_is_not_waited_for(server, keys, tmp_path):
    os.mkfifo(tmp_path / "model.gguf")
    for path in (tmp_path, tmp_path / "model.gguf"):
        result = server.run("model", "deploy", path, "--name", "pipe", key=keys.deploy, check=False,
                            timeout=10)
        assert result.returncode == 65 and "expected a file" in result.stderr


def test_a_refused_model_leaves_nothing_behind(server, keys):
    before = server.run("model", "list", key=keys.deploy).stdout
    with pytest.raises(CommandFailed):
        server.deploy(FIXTURES / "hostile" / "cycle.onnx", "leaves-nothing", keys.deploy)
    assert "leaves-nothing" not in server.run("model", "list", key=keys.deploy).stdout
    assert "leaves-nothing" not in before


@pytest.mark.parametrize("name, path", [
    ("../escape", "model.onnx"), ("a/b", "model.onnx"), ("", "model.onnx"), (".", "model.onnx"),
    ("fine", "../../escape.onnx"), ("fine", "/tmp/escape.onnx"), ("fine", "a/../../b.onnx"),
    ("fine", "x\0y"), ("n" * 300, "model.onnx")])
def test_a_deployed_file_stays_inside_its_model(server, keys, name, path):
    with server.channel(keys.deploy) as channel:
        with pytest.raises(grpc.RpcError) as error:
            management.deploy(channel, [dict(name=name, path=path, data=b"x" * 10)])
    assert error.value.code() == Code.INVALID_ARGUMENT
    assert not list(server.data.rglob("*escape*"))


# --- peers without the right certificate --------------------------------------------------------

def private_listeners(server):
    """(role, address) of every TCP port that a service other than the gateway listens on."""
    found = []
    for role in ["auth", "model-0", "model-1"]:
        for connection in psutil.Process(server.pid(role)).net_connections(kind="inet"):
            if connection.status == psutil.CONN_LISTEN:
                assert connection.laddr.ip in ("127.0.0.1", "::1", "::ffff:127.0.0.1"), \
                    "private ports are loopback"
                found.append((role, connection.laddr))
    for path in (server.data / "run").glob("*.sock"):
        found.append((path.stem, str(path)))
    return found


def connect_plain(address):
    if isinstance(address, str):
        plain = socket.socket(socket.AF_UNIX)
        plain.settimeout(5)
        plain.connect(address)
        return plain
    return socket.create_connection((address.ip, address.port), timeout=5)


def shake_hands(address, context):
    """What a TLS client sees: 'no TLS', 'refused' or 'accepted'."""
    with connect_plain(address) as plain:
        try:
            secure = context.wrap_socket(plain, server_hostname="localhost")
        except ssl.SSLError as error:
            if error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
                return "no TLS"
            return "refused"
        except (ConnectionError, OSError):
            return "no TLS"
        with secure:
            try:
                # With TLS 1.3 the client learns of its refusal only when it reads.
                secure.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
                return "accepted" if secure.recv(64) else "refused"
            except (ssl.SSLError, ConnectionError):
                return "refused"


def service_ports(server):
    context = ssl.create_default_context(cafile=str(server.ca_path))
    context.set_alpn_protocols(["h2"])
    outcomes = [(role, address, shake_hands(address, context))
                for role, address in private_listeners(server)]
    ports = [(role, address) for role, address, outcome in outcomes if outcome != "no TLS"]
    assert {role.split("-")[0] for role, _ in ports} >= {"auth", "model"}, outcomes
    return outcomes, ports


def test_a_peer_without_a_certificate_is_refused_by_every_service(server):
    outcomes, _ = service_ports(server)
    assert "accepted" not in [outcome for _, _, outcome in outcomes], outcomes


def rogue_certificate(directory):
    """A certificate that calls itself the gateway's, signed by nobody we trust."""
    import subprocess
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", directory / "rogue.key", "-out", directory / "rogue.pem", "-days",
         "2", "-subj", "/CN=martlet gateway", "-addext",
         "subjectAltName=URI:spiffe://martlet/role/gateway,DNS:localhost"],
        check=True, capture_output=True)
    return directory / "rogue.pem", directory / "rogue.key"


def test_a_certificate_of_another_authority_is_refused(server, tmp_path):
    _, ports = service_ports(server)
    context = ssl.create_default_context(cafile=str(server.ca_path))
    context.set_alpn_protocols(["h2"])
    context.load_cert_chain(*rogue_certificate(tmp_path))
    for role, address in ports:
        assert shake_hands(address, context) == "refused", role


def test_a_service_takes_orders_from_the_gateways_certificate_only(server, keys):
    """The auth service's own certificate, straight to a model service, with an identity."""
    _, ports = service_ports(server)
    tls = server.data / "tls"
    credentials = grpc.ssl_channel_credentials(
        server.ca, (tls / "auth.key").read_bytes(), (tls / "auth.pem").read_bytes())
    metadata = [("x-martlet-tenant", keys.tenant), ("x-martlet-rights", "infer,deploy,admin"),
                ("x-martlet-models", "*"), ("x-martlet-key", "forged")]
    models = [address for role, address in ports if role.startswith("model")]
    for address in models:
        target = f"unix:{address}" if isinstance(address, str) else f"{address.ip}:{address.port}"
        options = [("grpc.ssl_target_name_override", "localhost")]
        with grpc.secure_channel(target, credentials, options) as channel:
            code, _ = refusal(channel, simple(), metadata=metadata, timeout=5)
            assert code in (Code.PERMISSION_DENIED, Code.UNAUTHENTICATED, Code.UNAVAILABLE)
