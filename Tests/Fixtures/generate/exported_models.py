"""Writes Tests/Fixtures/exports: what skl2onnx and tf2onnx make of common estimators.

Each folder has model.onnx, inputs.npy and ONNX Runtime's answers, one .npy per output (a ZipMap
answers what goes into it). They are tests of the loader and the operators, not demo models, so
they are small and their accuracy is of no interest.
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import (
    GradientBoostingClassifier, GradientBoostingRegressor, RandomForestClassifier,
    RandomForestRegressor)
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, Normalizer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "Models" / "train"))
import bundle  # noqa: E402

HERE = ROOT / "Tests" / "Fixtures" / "exports"


def write(name, model, inputs):
    folder = HERE / name
    folder.mkdir(parents=True, exist_ok=True)
    model_bytes = model.SerializeToString(deterministic=True)
    (folder / "model.onnx").write_bytes(model_bytes)
    np.save(folder / "inputs.npy", inputs)
    answers = bundle.run(model_bytes, inputs)
    for output, value in answers.items():
        if value.dtype.kind in "OU":  # strings: one a line
            (folder / f"{output}.txt").write_text("".join(f"{text}\n" for text in value))
        else:
            np.save(folder / f"{output}.npy", value)
    operators = "+".join(dict.fromkeys(n.op_type for n in model.graph.node))
    print(f"{name}: {len(model_bytes)} bytes, {operators}")


def sklearn_exports():
    iris, diabetes = load_iris(), load_diabetes(scaled=False)
    classes = (iris.data.astype(np.float32), iris.target)
    numbers = (diabetes.data.astype(np.float32), diabetes.target)
    two = classes[1] > 0
    seed = dict(random_state=7)
    estimators = {
        "logistic-three-classes": (LogisticRegression(max_iter=500), classes),
        "logistic-normalized": (make_pipeline(Normalizer(), LogisticRegression()), classes),
        "logistic-two-classes": (LogisticRegression(), (classes[0], two.astype(np.int64))),
        "logistic-string-labels": (
            LogisticRegression(max_iter=500), (classes[0], iris.target_names[iris.target])),
        "sgd-hinge": (SGDClassifier(**seed), classes),
        "linear-svc": (LinearSVC(), classes),
        "ridge-minmax": (make_pipeline(MinMaxScaler(), Ridge()), numbers),
        "tree-regressor": (DecisionTreeRegressor(max_depth=5, **seed), numbers),
        "tree-two-classes": (
            DecisionTreeClassifier(max_depth=3, **seed), (classes[0], two.astype(np.int64))),
        "forest-classifier": (RandomForestClassifier(8, max_depth=4, **seed), classes),
        "forest-regressor": (RandomForestRegressor(8, max_depth=4, **seed), numbers),
        "boosting-classifier": (GradientBoostingClassifier(n_estimators=6, **seed), classes),
        "boosting-two-classes": (
            GradientBoostingClassifier(n_estimators=6, **seed),
            (classes[0], (classes[1] == 1).astype(np.int64))),
        "boosting-regressor": (GradientBoostingRegressor(n_estimators=8, **seed), numbers),
        "mlp-classifier": (
            make_pipeline(StandardScaler(), MLPClassifier(
                hidden_layer_sizes=(16,), max_iter=300, **seed)), classes),
        "mlp-regressor": (
            make_pipeline(StandardScaler(), MLPRegressor(
                hidden_layer_sizes=(16, 8), activation="tanh", max_iter=300, **seed)), numbers),
    }
    for name, (estimator, (inputs, targets)) in estimators.items():
        estimator.fit(inputs, targets)
        model = to_onnx(estimator, inputs[:1], target_opset={"": 17, "ai.onnx.ml": 3})
        write(name, model, inputs[::9])


def keras_digits():
    """The bundled CNN as tf2onnx writes a Keras model: NHWC in, transposes, MatMul and Add."""
    source = onnx.load(ROOT / "Models" / "digits" / "model.onnx")
    weights = {i.name: numpy_helper.to_array(i) for i in source.graph.initializer}
    # Keras flattens rows, columns, channels; PyTorch flattens channels, rows, columns.
    dense = weights["dense.weight"].reshape(10, 32, 5, 5).transpose(2, 3, 1, 0).reshape(800, 10)
    arrays = {
        "conv2d/weight": weights["conv1.weight"], "conv2d/bias": weights["conv1.bias"],
        "conv2d_1/weight": weights["conv2.weight"], "conv2d_1/bias": weights["conv2.bias"],
        "dense/weight": np.ascontiguousarray(dense), "dense/bias": weights["dense.bias"],
        "const_shape": np.array([-1, 800], np.int64)}
    conv = dict(dilations=[1, 1], group=1, kernel_shape=[3, 3], strides=[1, 1],
                auto_pad="VALID")
    pool = dict(auto_pad="VALID", kernel_shape=[2, 2], strides=[2, 2])
    prefix = "StatefulPartitionedCall/sequential/"
    steps = [
        ("Transpose", ["input_1"], "transpose_in", dict(perm=[0, 3, 1, 2])),
        ("Conv", ["transpose_in", "conv2d/weight", "conv2d/bias"], "conv2d/Conv2D", conv),
        ("Relu", ["conv2d/Conv2D"], "conv2d/Relu", {}),
        ("MaxPool", ["conv2d/Relu"], "max_pooling2d/MaxPool", pool),
        ("Conv", ["max_pooling2d/MaxPool", "conv2d_1/weight", "conv2d_1/bias"],
         "conv2d_1/Conv2D", conv),
        ("Relu", ["conv2d_1/Conv2D"], "conv2d_1/Relu", {}),
        ("MaxPool", ["conv2d_1/Relu"], "max_pooling2d_1/MaxPool", pool),
        ("Transpose", ["max_pooling2d_1/MaxPool"], "transpose_out", dict(perm=[0, 2, 3, 1])),
        ("Reshape", ["transpose_out", "const_shape"], "flatten/Reshape", {}),
        ("MatMul", ["flatten/Reshape", "dense/weight"], "dense/MatMul", {}),
        ("Add", ["dense/MatMul", "dense/bias"], "dense/BiasAdd", {}),
        ("Softmax", ["dense/BiasAdd"], "dense", dict(axis=-1)),
    ]
    nodes = [
        helper.make_node(operator, inputs, [output], prefix + output, **attributes)
        for operator, inputs, output, attributes in steps]
    graph = helper.make_graph(
        nodes, "tf2onnx",
        [helper.make_tensor_value_info("input_1", TensorProto.FLOAT, ["unk__8", 28, 28, 1])],
        [helper.make_tensor_value_info("dense", TensorProto.FLOAT, ["unk__9", 10])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()])
    model = helper.make_model(
        graph, producer_name="martlet-fixtures", ir_version=8,
        opset_imports=[helper.make_opsetid("", 15)])
    onnx.checker.check_model(model, full_check=True)
    samples = np.load(ROOT / "Models" / "digits" / "samples" / "inputs.npy")[:16]
    write("keras-digits", model, np.ascontiguousarray(samples.transpose(0, 2, 3, 1)))


if __name__ == "__main__":
    sklearn_exports()
    keras_digits()
