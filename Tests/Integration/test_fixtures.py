"""The committed answers that Swift's unit tests compare with are ONNX Runtime's."""

import json

import numpy as np
import onnxruntime
import pytest

import oracle
from conftest import BUNDLED, FIXTURES, SAMPLES
from installation import ROOT

CASES = [
    *[(ROOT / "Models" / n, ROOT / "Models" / n / "samples", FIXTURES / n) for n in BUNDLED],
    *[(path.parent,) * 3 for path in sorted((FIXTURES / "exports").glob("*/model.onnx"))]]


@pytest.mark.parametrize("model, inputs, answers", CASES, ids=[c[0].name for c in CASES])
def test_committed_answers_are_the_oracles(model, inputs, answers):
    path = model / "model.onnx"
    name = onnxruntime.InferenceSession(str(path)).get_inputs()[0].name
    for output, value in oracle.answers(path, {name: np.load(inputs / "inputs.npy")}).items():
        stored = answers / f"{output}.npy"
        got = np.load(stored) if stored.exists() else np.array(
            (answers / f"{output}.txt").read_text().splitlines())
        oracle.assert_equal(got, value, output)


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_models_are_small_and_documented(name):
    folder = ROOT / "Models" / name
    assert (folder / "model.onnx").stat().st_size < 1_000_000
    about = json.loads((folder / "model.json").read_text())
    assert about["data"]["licence"] and about["split"]["heldback"] and about["metrics"]
    inputs, labels = (np.load(folder / "samples" / f"{n}.npy") for n in ("inputs", "labels"))
    assert len(inputs) == len(labels) >= 20 and inputs.dtype == np.float32


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_models_are_valid_to_the_oracle(name):
    onnxruntime.InferenceSession(str(FIXTURES / "models" / name / "model.onnx"))
