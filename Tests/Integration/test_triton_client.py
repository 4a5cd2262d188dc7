"""PyPI's tritonclient, unchanged: synchronous, asynchronous, asyncio, streaming."""

import asyncio
import queue
import time

import ml_dtypes
import numpy as np
import pytest
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from conftest import FIXTURES, bearer, connect
from installation import wait_until


def tensor(name, array, datatype=None, module=triton):
    result = module.InferInput(
        name, list(array.shape), datatype or np_to_triton_dtype(array.dtype))
    result.set_data_from_numpy(array)
    return result


def pair(element=np.int32):
    """The two inputs of the `simple` models."""
    first = np.arange(16, dtype=element).reshape(1, 16)
    return first, np.full((1, 16), 3, element)


def status(error):
    return error.value.status()


# --- what the server says about itself ---------------------------------------------------------

def test_server_and_model_are_live_and_ready(client, headers):
    assert client.is_server_live(headers=headers)
    assert client.is_server_ready(headers=headers)
    assert client.is_model_ready("simple", headers=headers)
    assert client.is_model_ready("simple", "1", headers=headers)
    assert not client.is_model_ready("absent", headers=headers)


def test_server_metadata_names_the_product(client, headers):
    metadata = client.get_server_metadata(headers=headers)
    assert metadata.name == "martlet"
    assert metadata.version
    # Shared memory is not offered to clients over a network.
    assert "system_shared_memory" not in metadata.extensions


def test_model_metadata_lists_tensors_as_the_client_sends_them(client, headers):
    metadata = client.get_model_metadata("simple", headers=headers)
    assert metadata.name == "simple"
    assert list(metadata.versions) == ["1"]
    tensors = {t.name: (t.datatype, list(t.shape)) for t in metadata.inputs}
    assert tensors == {"INPUT0": ("INT32", [-1, 16]), "INPUT1": ("INT32", [-1, 16])}
    assert [t.name for t in metadata.outputs] == ["OUTPUT0", "OUTPUT1"]
    strings = client.get_model_metadata("simple_string", headers=headers)
    assert {t.datatype for t in strings.inputs} == {"BYTES"}


def test_model_config_is_tritons(client, headers):
    config = client.get_model_config("simple", headers=headers).config
    assert config.name == "simple"
    assert config.max_batch_size == 8
    assert [list(t.dims) for t in config.input] == [[16], [16]]
    assert config.input[0].data_type == 8  # TYPE_INT32
    strings = client.get_model_config("simple_string", headers=headers).config
    assert strings.input[0].data_type == 13  # TYPE_STRING
    digits = client.get_model_config("digits", headers=headers, as_json=True)["config"]
    assert "dynamic_batching" in digits
    assert digits["output"][0]["label_filename"] == "labels.txt"


def test_statistics_count_what_was_asked(client, headers):
    def statistics():
        """(inferences, failures) over the instances that may have answered."""
        found = client.get_inference_statistics("identity_int64", headers=headers)
        model = found.model_stats[0]
        assert (model.name, model.version) == ("identity_int64", "1")
        return model
    values = np.arange(3, dtype=np.int64).reshape(1, 3)
    for _ in range(40):
        client.infer("identity_int64", [tensor("INPUT0", values)], headers=headers)
    # Two instances keep their own counts and either may answer the question.
    seen = [statistics() for _ in range(20)]
    assert max(model.inference_count for model in seen) > 0
    busy = max(seen, key=lambda model: model.inference_count)
    assert busy.execution_count <= busy.inference_count
    assert busy.inference_stats.success.count > 0
    assert busy.inference_stats.compute_infer.ns > 0
    assert busy.last_inference > 1_600_000_000_000  # milliseconds since 1970


# --- tensors of every kind ----------------------------------------------------------------------

def test_sum_and_difference_of_int32(client, headers):
    first, second = pair()
    result = client.infer(
        "simple", [tensor("INPUT0", first), tensor("INPUT1", second)], request_id="a-7",
        headers=headers)
    np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), first + second)
    np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), first - second)
    response = result.get_response()
    assert (response.id, response.model_name, response.model_version) == ("a-7", "simple", "1")


def test_only_the_requested_outputs_come_back_in_the_order_asked(client, headers):
    first, second = pair()
    inputs = [tensor("INPUT1", second), tensor("INPUT0", first)]  # by name, not by position
    result = client.infer(
        "simple", inputs, outputs=[triton.InferRequestedOutput("OUTPUT1")], headers=headers)
    assert [o.name for o in result.get_response().outputs] == ["OUTPUT1"]
    np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), first - second)


def test_a_full_batch(client, headers):
    first = np.arange(8 * 16, dtype=np.int32).reshape(8, 16)
    result = client.infer(
        "simple", [tensor("INPUT0", first), tensor("INPUT1", first)], headers=headers)
    np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), first * 2)


def test_int8(client, headers):
    first, second = pair(np.int8)
    result = client.infer(
        "simple_int8", [tensor("INPUT0", first), tensor("INPUT1", second)], headers=headers)
    assert result.as_numpy("OUTPUT0").dtype == np.int8
    np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), first - second)


def test_numbers_as_strings(client, headers):
    first, second = pair()
    strings = [
        np.array([str(v).encode() for v in array[0]], object).reshape(1, 16)
        for array in (first, second)]
    result = client.infer(
        "simple_string", [tensor(f"INPUT{i}", s) for i, s in enumerate(strings)],
        headers=headers)
    got = [int(v) for v in result.as_numpy("OUTPUT0")[0]]
    assert got == list((first + second)[0])


def test_bytes_come_back_as_they_went(client, headers):
    values = [b"", b"plain", "Größe 日本語".encode(), b"\x00\xff\x00", b"x" * 70_000]
    array = np.array(values, object).reshape(1, len(values))
    result = client.infer("simple_identity", [tensor("INPUT0", array)], headers=headers)
    assert list(result.as_numpy("OUTPUT0")[0]) == values


@pytest.mark.parametrize("model, element", [
    ("identity_fp16", np.float16), ("identity_fp32", np.float32), ("identity_int64", np.int64)])
def test_extreme_values_survive_bit_for_bit(client, headers, model, element):
    if np.issubdtype(element, np.integer):
        limits = np.iinfo(element)
        values = [limits.min, -1, 0, 1, limits.max]
    else:
        limits = np.finfo(element)
        values = [-np.inf, limits.min, -0.0, limits.smallest_subnormal, limits.max, np.inf, np.nan]
    array = np.array(values, element).reshape(1, -1)
    result = client.infer(model, [tensor("INPUT0", array)], headers=headers).as_numpy("OUTPUT0")
    assert result.dtype == element
    assert result.tobytes() == array.tobytes()


def test_bf16_through_the_client(client, headers):
    array = np.array([[1.5, -2.25, 65536.0, 0.0]], ml_dtypes.bfloat16)
    result = client.infer(
        "identity_bf16", [tensor("INPUT0", array, "BF16")], headers=headers)
    answer = result.get_response()
    assert answer.outputs[0].datatype == "BF16"
    assert answer.raw_output_contents[0] == array.tobytes()


def test_a_message_larger_than_grpcs_usual_limit(client, headers):
    array = np.random.default_rng(1).random((1, 3_000_000), np.float32)  # 12 MB
    result = client.infer("identity_fp32", [tensor("INPUT0", array)], headers=headers)
    assert result.as_numpy("OUTPUT0").tobytes() == array.tobytes()


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_compressed_requests(client, headers, algorithm):
    array = np.zeros((1, 100_000), np.float32)
    array[0, ::7] = 1.5
    result = client.infer(
        "identity_fp32", [tensor("INPUT0", array)], headers=headers,
        compression_algorithm=algorithm)
    np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), array)


def test_classification_answers_value_index_label(client, headers):
    images = np.load(FIXTURES.parents[1] / "Models" / "digits" / "samples" / "inputs.npy")[:2]
    labels = np.load(FIXTURES.parents[1] / "Models" / "digits" / "samples" / "labels.npy")[:2]
    result = client.infer(
        "digits", [tensor("input", images)], headers=headers,
        outputs=[triton.InferRequestedOutput("probabilities", class_count=3)])
    answer = result.as_numpy("probabilities")
    assert answer.shape == (2, 3)
    plain = client.infer("digits", [tensor("input", images)], headers=headers)
    for row, probabilities in zip(answer, plain.as_numpy("probabilities")):
        parsed = [text.decode().split(":") for text in row]
        order = np.argsort(-probabilities)[:3]
        assert [int(index) for _, index, _ in parsed] == list(order)
        assert [label for _, _, label in parsed] == [str(i) for i in order]
        np.testing.assert_allclose(
            [float(value) for value, _, _ in parsed], probabilities[order], atol=1e-4)
    assert len(labels) == 2


# --- asynchronous calls -------------------------------------------------------------------------

def test_callbacks(client, headers):
    done = queue.Queue()
    for i in range(50):
        array = np.array([[i]], np.int64)
        client.async_infer(
            "identity_int64", [tensor("INPUT0", array)],
            lambda result, error, i=i: done.put((i, result, error)), headers=headers)
    for _ in range(50):
        i, result, error = done.get(timeout=20)
        assert error is None
        assert result.as_numpy("OUTPUT0")[0, 0] == i


def test_asyncio_client(server, keys):
    async def main():
        async with connect(server, keys.infer, triton_aio) as client:
            headers = bearer(keys.infer)
            assert await client.is_server_ready(headers=headers)

            async def one(i):
                array = np.array([[i]], np.int64)
                result = await client.infer(
                    "identity_int64", [tensor("INPUT0", array, module=triton_aio)],
                    headers=headers)
                return int(result.as_numpy("OUTPUT0")[0, 0])
            assert await asyncio.gather(*[one(i) for i in range(100)]) == list(range(100))
            with pytest.raises(InferenceServerException) as error:
                await client.get_model_metadata("absent", headers=headers)
            assert status(error) == "StatusCode.NOT_FOUND"
    asyncio.run(main())


def test_client_side_deadline_ends_the_call(client, headers):
    first, second = pair()
    with pytest.raises(InferenceServerException) as error:
        client.infer(
            "simple", [tensor("INPUT0", first), tensor("INPUT1", second)], headers=headers,
            client_timeout=1e-6)
    assert status(error) == "StatusCode.DEADLINE_EXCEEDED"


@pytest.mark.parametrize("options", [
    {"keepalive_options": triton.KeepAliveOptions(
        keepalive_time_ms=200, keepalive_timeout_ms=20_000, keepalive_permit_without_calls=True,
        http2_max_pings_without_data=0)},
    {"channel_args": [
        ("grpc.max_send_message_length", 1 << 20), ("grpc.max_receive_message_length", 1 << 20),
        ("grpc.keepalive_time_ms", 2**31 - 1), ("grpc.http2.max_pings_without_data", 2),
        ("grpc.dns_enable_srv_queries", 1)]},
])
def test_channel_options_of_the_client(server, keys, options):
    with triton.InferenceServerClient(
            server.address, ssl=True, root_certificates=str(server.ca_path), **options) as client:
        for _ in range(2):
            first, second = pair()
            result = client.infer(
                "simple", [tensor("INPUT0", first), tensor("INPUT1", second)],
                headers={**bearer(keys.infer), "test": "1"})
            np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), first + second)
            time.sleep(0.5)  # for the client's pings


def test_clients_that_come_and_go(server, keys):
    for i in range(50):
        with connect(server, keys.infer) as client:
            given = tensor("INPUT0", np.array([[i]], np.int64))
            answer = client.infer("identity_int64", [given], headers=bearer(keys.infer))
            assert answer.as_numpy("OUTPUT0")[0, 0] == i


def test_inputs_and_outputs_are_used_again(client, headers):
    first, second = pair()
    inputs = [tensor("INPUT0", first), tensor("INPUT1", second)]
    outputs = [triton.InferRequestedOutput(name) for name in ("OUTPUT0", "OUTPUT1")]
    for factor in (1, 2, 3):
        inputs[1].set_data_from_numpy(second * factor)
        result = client.infer("simple", inputs, outputs=outputs, headers=headers)
        np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), first - second * factor)


# --- streams ------------------------------------------------------------------------------------

def test_a_stream_answers_every_request_by_id(client, headers):
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)), headers=headers)
    for i in range(100):
        client.async_stream_infer(
            "identity_int64", [tensor("INPUT0", np.array([[i]], np.int64))], request_id=str(i))
    got = {}
    for _ in range(100):
        result, error = answers.get(timeout=20)
        assert error is None
        response = result.get_response()
        got[response.id] = int(result.as_numpy("OUTPUT0")[0, 0])
    client.stop_stream()
    assert got == {str(i): i for i in range(100)}


def test_an_error_stays_in_the_stream(client, headers):
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)), headers=headers)
    bad = tensor("INPUT0", np.zeros((1, 4), np.float32))
    good = tensor("INPUT0", np.array([[9]], np.int64))
    client.async_stream_infer("identity_int64", [bad], request_id="bad")
    client.async_stream_infer("identity_int64", [good], request_id="good")
    outcomes = [answers.get(timeout=20) for _ in range(2)]
    client.stop_stream()
    errors = [error for _, error in outcomes if error]
    results = [result for result, _ in outcomes if result]
    assert len(errors) == 1 and "INT64" in str(errors[0]) and "FP32" in str(errors[0])
    assert len(results) == 1 and results[0].get_response().id == "good"


def test_a_stream_asked_for_status_codes_ends_with_one(client, headers):
    answers = queue.Queue()
    client.start_stream(
        lambda result, error: answers.put((result, error)),
        headers={**headers, "triton_grpc_error": "true"})
    client.async_stream_infer(
        "absent", [tensor("INPUT0", np.array([[9]], np.int64))], request_id="x")
    result, error = answers.get(timeout=20)
    client.stop_stream()
    assert result is None
    assert error.status() == "StatusCode.NOT_FOUND"


def test_the_last_response_of_a_request_says_so(client, headers):
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)), headers=headers)
    client.async_stream_infer(
        "identity_int64", [tensor("INPUT0", np.array([[9]], np.int64))],
        enable_empty_final_response=True)
    result, error = answers.get(timeout=20)
    client.stop_stream()
    assert error is None
    assert result.get_response().parameters["triton_final_response"].bool_param


def test_asyncio_stream(server, keys):
    async def main():
        async with connect(server, keys.infer, triton_aio) as client:
            async def requests():
                for i in range(20):
                    yield {
                        "model_name": "identity_int64", "request_id": str(i),
                        "inputs": [tensor(
                            "INPUT0", np.array([[i]], np.int64), module=triton_aio)]}
            got = {}
            stream = client.stream_infer(requests(), headers=bearer(keys.infer))
            async for result, error in stream:
                assert error is None
                got[result.get_response().id] = int(result.as_numpy("OUTPUT0")[0, 0])
            assert got == {str(i): i for i in range(20)}
    asyncio.run(main())


# --- the repository -----------------------------------------------------------------------------

def test_index_lists_the_tenants_models(client, keys):
    index = client.get_model_repository_index(headers=bearer(keys.deploy))
    models = {model.name: (model.version, model.state) for model in index.models}
    assert models["simple"] == ("1", "READY")
    assert {"digits", "diabetes", "breast-cancer", "wine"} <= set(models)


def test_unload_and_load(server, client, keys):
    deploy, infer = bearer(keys.deploy), bearer(keys.infer)
    server.deploy(FIXTURES / "models" / "identity_fp32", "comes-and-goes", keys.deploy)
    given = [tensor("INPUT0", np.ones((1, 2), np.float32))]
    client.infer("comes-and-goes", given, headers=infer)

    client.unload_model("comes-and-goes", headers=deploy)
    wait_until(lambda: not client.is_model_ready("comes-and-goes", headers=infer), 5, "unload")
    for _ in range(10):  # whichever instance answers
        with pytest.raises(InferenceServerException) as error:
            client.infer("comes-and-goes", given, headers=infer)
        assert status(error) in ("StatusCode.UNAVAILABLE", "StatusCode.NOT_FOUND")
    index = {m.name: m.state for m in client.get_model_repository_index(headers=deploy).models}
    assert index["comes-and-goes"] == "UNAVAILABLE"

    client.load_model("comes-and-goes", headers=deploy)
    for _ in range(10):
        client.infer("comes-and-goes", given, headers=infer)


def test_a_second_version_takes_over_and_the_first_stays_reachable(server, client, keys):
    infer = bearer(keys.infer)
    server.deploy(FIXTURES / "models" / "identity_fp32", "versions", keys.deploy)
    server.deploy(FIXTURES / "models" / "identity_fp32", "versions", keys.deploy)
    given = [tensor("INPUT0", np.ones((1, 2), np.float32))]
    newest = client.infer("versions", given, headers=infer).get_response()
    assert newest.model_version == "2"


@pytest.mark.parametrize("call", [
    lambda c, h: c.register_system_shared_memory("region", "/key", 64, headers=h),
    lambda c, h: c.get_system_shared_memory_status(headers=h),
    lambda c, h: c.get_cuda_shared_memory_status(headers=h),
])
def test_shared_memory_is_refused_with_a_status(client, keys, call):
    # A client on another machine shares no memory with us; the admin key has every right.
    with pytest.raises(InferenceServerException) as error:
        call(client, bearer(keys.manage))
    assert status(error) in ("StatusCode.UNIMPLEMENTED", "StatusCode.PERMISSION_DENIED")
