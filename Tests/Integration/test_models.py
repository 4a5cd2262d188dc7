"""Every answer through the gateway equals ONNX Runtime's."""

import json
import queue

import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import np_to_triton_dtype

import oracle
from conftest import BUNDLED, FIXTURES, bearer, connect
from installation import ROOT

EXPORTS = sorted(path.parent.name for path in (FIXTURES / "exports").glob("*/model.onnx"))


def heldback(name):
    with np.load(FIXTURES / name / "heldback.npz") as data:
        inputs, labels = data["inputs"], data["labels"]
    if name == "digits":  # stored as grey levels
        inputs = inputs.astype(np.float32) / 255
    return inputs, labels


def infer(client, headers, model, name, rows, outputs=None):
    tensor = triton.InferInput(name, rows.shape, np_to_triton_dtype(rows.dtype))
    tensor.set_data_from_numpy(rows)
    return client.infer(model, [tensor], outputs=outputs, headers=headers)


@pytest.mark.parametrize("model", BUNDLED)
@pytest.mark.parametrize("batch", [1, 7, 64])
def test_every_heldback_answer_equals_onnx_runtime(client, headers, model, batch):
    inputs, _ = heldback(model)
    path = ROOT / "Models" / model / "model.onnx"
    name = json.loads((path.parent / "model.json").read_text())["input"]["name"]
    expected = oracle.answers(path, {name: inputs})
    rows = range(0, len(inputs), batch)
    results = [infer(client, headers, model, name, inputs[i:i + batch]) for i in rows]
    for output, value in expected.items():
        got = np.concatenate([result.as_numpy(output) for result in results])
        oracle.assert_equal(got, value, f"{model}/{output}")


@pytest.mark.parametrize("model", BUNDLED)
def test_accuracy_on_heldback_rows_is_what_the_model_states(client, headers, model):
    inputs, labels = heldback(model)
    metadata = json.loads((ROOT / "Models" / model / "model.json").read_text())
    outputs = metadata["output"]
    first = outputs[0] if isinstance(outputs, list) else outputs
    parts = [
        infer(client, headers, model, metadata["input"]["name"], inputs[i:i + 50])
        .as_numpy(first["name"]) for i in range(0, len(inputs), 50)]
    answers = np.concatenate(parts)
    if metadata["task"] == "regression":
        error = np.abs(answers[:, 0] - labels).mean()
        assert error == pytest.approx(metadata["metrics"]["heldback_mean_absolute_error"], abs=0.02)
        return
    predicted = answers if answers.ndim == 1 else answers.argmax(1)
    assert (predicted == labels).mean() == pytest.approx(
        metadata["metrics"]["heldback_accuracy"], abs=1e-4)


@pytest.mark.parametrize("model", EXPORTS)
def test_what_exporters_write_is_served_as_onnx_runtime_serves_it(server, keys, model):
    folder = FIXTURES / "exports" / model
    inputs = np.load(folder / "inputs.npy")
    name = f"export-{model}"
    server.deploy(folder / "model.onnx", name, keys.deploy)
    with connect(server, keys.infer) as client:
        headers = bearer(keys.infer)
        metadata = client.get_model_metadata(name, headers=headers)
        result = infer(client, headers, name, metadata.inputs[0].name, inputs)
    expected = oracle.answers(folder / "model.onnx", {metadata.inputs[0].name: inputs})
    assert {o.name for o in metadata.outputs} == set(expected)
    for output, value in expected.items():
        oracle.assert_equal(result.as_numpy(output), value, f"{model}/{output}")


def test_concurrent_requests_are_batched_and_still_answer_their_own_rows(client, headers):
    inputs, _ = heldback("digits")
    expected = oracle.answers(
        ROOT / "Models" / "digits" / "model.onnx", {"input": inputs})["probabilities"]
    done = queue.Queue()
    for i in range(300):
        tensor = triton.InferInput("input", [1, 1, 28, 28], "FP32")
        tensor.set_data_from_numpy(inputs[i:i + 1])
        client.async_infer(
            "digits", [tensor], lambda result, error, i=i: done.put((i, result, error)),
            headers=headers)
    for _ in range(300):
        i, result, error = done.get(timeout=30)
        assert error is None
        oracle.assert_equal(result.as_numpy("probabilities"), expected[i:i + 1], f"row {i}")
