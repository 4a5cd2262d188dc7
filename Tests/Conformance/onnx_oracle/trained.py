"""Models that are trained here: valid for onnx.checker, and the same answers in ONNX Runtime as here?

Usage: trained.py PROGRAM      PROGRAM is train-classical

Every algorithm learns from data of its kind (two and more classes, texts, missing values, categories); then both
engines answer for the same rows.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

RANDOM = np.random.RandomState(5)
ROWS = 1500
X = RANDOM.randn(ROWS, 6)
HOLES = np.where(RANDOM.rand(ROWS, 6) < 0.15, np.nan, X)
TWO = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(np.int64)
THREE = TWO + (X[:, 3] > 0.7)
WORDS = np.array(["low", "middle", "high"])[THREE]
NUMBER = np.sin(X[:, 0]) + X[:, 1] ** 2 + RANDOM.randn(ROWS) / 4
ANIMALS = RANDOM.choice(["ape", "bee", "cat", "dog", "eel", "fox", "gnu"], ROWS)
CODES = RANDOM.randint(0, 12, ROWS).astype(np.float64)
EVEN = np.array([sum(word.encode()) % 2 for word in ANIMALS])
MIXED = {"size": X[:, 0], "animal": ANIMALS, "code": CODES}

SMALL = {"max_depth": 5}
FEW = {"n_estimators": 12, "max_depth": 6}


def cases():
    for target in (NUMBER, np.stack([NUMBER, X[:, 1] - NUMBER], axis=1)):
        for name in ("LinearRegression", "Ridge", "SGDRegressor"):
            yield name, {}, {}, {"x": X, "y": target}
    for target in (TWO, THREE, WORDS, np.where(TWO, "yes", "no")):
        yield "LogisticRegression", {}, {}, {"x": X, "y": target}
        for x in (X, HOLES):
            yield "DecisionTreeClassifier", SMALL, {}, {"x": x, "y": target}
            yield "RandomForestClassifier", FEW, {}, {"x": x, "y": target}
            yield "GradientBoostingClassifier", {"n_estimators": 12}, {}, {"x": x, "y": target}
            yield "HistGradientBoostingClassifier", {"max_iter": 12}, {}, {"x": x, "y": target}
    # All scores on one side: what is positive must not be taken for a probability.
    yield "HistGradientBoostingClassifier", {"max_iter": 2}, {}, {
        "x": X, "y": (RANDOM.rand(ROWS) < 0.98).astype(np.int64)}
    yield "GradientBoostingClassifier", {"n_estimators": 1, "learning_rate": 1e-9}, {}, {
        "x": X, "y": (RANDOM.rand(ROWS) < 0.98).astype(np.int64)}
    fit = {"target": "y", "categorical": ["code"]}
    for x in (X, HOLES):
        yield "DecisionTreeRegressor", SMALL, {}, {"x": x, "y": NUMBER}
        yield "RandomForestRegressor", FEW, {}, {"x": x, "y": NUMBER}
        yield "GradientBoostingRegressor", {}, {}, {"x": x, "y": NUMBER}
        yield "HistGradientBoostingRegressor", {}, {}, {"x": x, "y": NUMBER}
    for target in (EVEN, EVEN + (CODES % 3 == 1), WORDS):
        yield "DecisionTreeClassifier", SMALL, fit, {**MIXED, "y": target}
        yield "RandomForestClassifier", FEW, fit, {**MIXED, "y": target}
        yield "HistGradientBoostingClassifier", {"max_iter": 12}, fit, {**MIXED, "y": target}
    for name in ("DecisionTreeRegressor", "HistGradientBoostingRegressor"):
        yield name, SMALL, fit, {**MIXED, "y": NUMBER + EVEN * 3 + (CODES % 3)}


def compare(program, folder, name, config, fit, data):
    """What is wrong, or an empty text."""
    spec, arrays, model, answers = (
        folder / part for part in ("spec.json", "data.npz", "model.onnx", "answers.npz"))
    spec.write_text(json.dumps({"class_name": name, "config": config, "fit": fit}))
    np.savez(arrays, **data)
    run = subprocess.run([program, spec, arrays, model, "1", "1", answers], capture_output=True,
                         text=True)
    if run.returncode != 0:
        return run.stdout + run.stderr
    try:
        onnx.checker.check_model(str(model))
        session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
        feeds = {}
        for value in session.get_inputs():
            if value.type == "tensor(string)":
                feeds[value.name] = data[value.name].astype(object).reshape(-1, 1)
            else:
                parts = [part.reshape(ROWS, -1) for key, part in data.items()
                         if key != "y" and part.dtype.kind == "f"]
                feeds[value.name] = np.concatenate(parts, axis=1).astype(np.float32)
        names = [value.name for value in session.get_outputs()]
        theirs = dict(zip(names, session.run(names, feeds)))
    except Exception as error:
        return str(error).splitlines()[0]
    ours = np.load(answers)
    for output, expected in theirs.items():
        got = ours[output]
        if expected.dtype == object:
            got = np.char.decode(got, "utf-8").astype(object)
        if expected.shape != got.shape:
            return f"{output}: {got.shape} instead of {expected.shape}"
        if output == "label":
            if not (got == expected).all():
                return f"{np.mean(got != expected):.3f} of the labels differ"
        # Sums of hundreds of leaves in single precision, in another order.
        elif not np.allclose(got, expected, rtol=1e-5, atol=1e-5):
            return f"{output}: off by {np.abs(got - expected).max()}"
    return ""


def main():
    count = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, config, fit, data in cases():
            count += 1
            problem = compare(sys.argv[1], Path(folder), name, config, fit, data)
            if problem:
                wrong += 1
                print(f"{name} {list(data)} {data['y'].dtype} {data['y'].shape}: {problem}")
    print(f"{count - wrong} of {count} trained models are valid and answer alike")
    sys.exit(1 if wrong else 0)


main()
