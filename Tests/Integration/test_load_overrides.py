"""Loads with `config` and `file:`: what they put in force holds on every model service."""

import itertools
import json

import numpy as np
import pytest
import tritonclient.grpc as triton
from google.protobuf import json_format
from tritonclient.utils import InferenceServerException

from conftest import FIXTURES, bearer, connect
from installation import wait_until

NUMBERS = itertools.count()
SIMPLE = FIXTURES / "models" / "simple"


@pytest.fixture
def model(server, keys):
    """A model of its own for each test, as deployed: at most 8 rows."""
    name = f"override-{next(NUMBERS)}"
    server.deploy(SIMPLE, name, keys.deploy)
    yield name
    server.run("model", "delete", name, key=keys.deploy)


def rows(client, headers, model, count):
    array = np.ones((count, 16), np.int32)
    inputs = []
    for i in range(2):
        inputs.append(triton.InferInput(f"INPUT{i}", array.shape, "INT32"))
        inputs[-1].set_data_from_numpy(array)
    return client.infer(model, inputs, headers=headers)


def accepted(server, keys, model, count):
    """What 12 calls by connections of their own say, so that both instances answer."""
    outcomes = set()
    for _ in range(12):
        with connect(server, keys.infer) as client:
            try:
                rows(client, bearer(keys.infer), model, count)
                outcomes.add("OK")
            except InferenceServerException as error:
                outcomes.add(error.status())
    return outcomes


def test_a_configuration_holds_on_every_instance_until_the_next_load(
        server, client, keys, headers, model):
    deploy = bearer(keys.deploy)
    assert accepted(server, keys, model, 9) == {"StatusCode.INVALID_ARGUMENT"}
    client.load_model(model, headers=deploy, config='{"max_batch_size": "16"}')
    assert accepted(server, keys, model, 16) == {"OK"}
    assert client.get_model_config(model, headers=headers).config.max_batch_size == 16
    client.load_model(model, headers=deploy)
    assert accepted(server, keys, model, 9) == {"StatusCode.INVALID_ARGUMENT"}


def test_it_outlives_the_model_services(server, client, keys, model):
    client.load_model(model, headers=bearer(keys.deploy), config='{"max_batch_size": 16}')
    for role in ("model-0", "model-1"):
        dead = server.kill(role)
        server.wait_restarted(role, dead)
    # Connections of the gateway come back on their own.
    wait_until(
        lambda: accepted(server, keys, model, 16) == {"OK"}, 10, "the model services to be back")
    assert accepted(server, keys, model, 16) == {"OK"}


def test_a_configuration_from_protobufs_own_json(client, keys, headers, model):
    deploy = bearer(keys.deploy)
    before = client.get_model_config(model, headers=headers).config
    text = json_format.MessageToJson(before)
    changed = {**json.loads(text), "maxBatchSize": 3}
    client.load_model(model, headers=deploy, config=json.dumps(changed))
    after = client.get_model_config(model, headers=headers).config
    before.max_batch_size = 3
    assert after == before


def test_files_replace_the_model_and_are_gone_with_it(server, client, keys, headers):
    deploy = bearer(keys.deploy)
    content = (FIXTURES / "models" / "identity_fp32" / "model.onnx").read_bytes()
    client.load_model(
        "visiting", headers=deploy, config='{"max_batch_size": 2}',
        files={"file:4/model.onnx": content})
    value = np.ones((1, 3), np.float32)
    given = triton.InferInput("INPUT0", value.shape, "FP32")
    given.set_data_from_numpy(value)
    for _ in range(6):
        with connect(server, keys.infer) as another:
            answer = another.infer("visiting", [given], headers=headers)
            assert answer.get_response().model_version == "4"
    client.unload_model("visiting", headers=deploy)
    with pytest.raises(InferenceServerException) as error:
        client.infer("visiting", [given], headers=headers)
    assert error.value.status() == "StatusCode.NOT_FOUND"


@pytest.mark.parametrize("config, files, sentence", [
    ('"parameters": {"config": {{"max_batch_size": "16"}}}', {}, "failed to load"),
    ('{"max_batch_size": 16, "backend": "python"}', {}, "expected backend"),
    ("{}", {"file:" + "A" * 256: b"a"}, "Invalid file path"),
    ("{}", {"file:1/../../../x": b"a"}, "Invalid file path"),
    (None, {"file:1/model.onnx": b"a"}, "'config'"),
    ("{}", {"file:1/model.onnx": b"not a model"}, "failed to load"),
])
def test_what_cannot_be_served_changes_nothing(
        server, client, keys, model, config, files, sentence):
    with pytest.raises(InferenceServerException) as error:
        client.load_model(model, headers=bearer(keys.deploy), config=config, files=files)
    assert error.value.status() == "StatusCode.INVALID_ARGUMENT"
    assert sentence in error.value.message()
    assert accepted(server, keys, model, 8) == {"OK"}


def test_only_a_deployers_key_and_only_its_own_models(client, keys, other, headers, model):
    config = '{"max_batch_size": 16}'
    with pytest.raises(InferenceServerException) as error:
        client.load_model(model, headers=headers, config=config)
    assert error.value.status() == "StatusCode.PERMISSION_DENIED"
    with pytest.raises(InferenceServerException) as error:
        client.load_model(model, headers=bearer(other.deploy), config=config)
    assert error.value.status() == "StatusCode.NOT_FOUND"
    assert client.get_model_config(model, headers=headers).config.max_batch_size == 8
