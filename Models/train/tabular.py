"""Trains `diabetes`, `breast-cancer` and `wine` with scikit-learn; exports with skl2onnx.

All three take raw features in their own units, so that a person can read an input row and
judge the answer.
"""

import numpy as np
from skl2onnx import to_onnx
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import bundle

SEED = 7
SAMPLES = 24
OPSET = {"": 17, "ai.onnx.ml": 3}


def divide(data, stratify):
    inputs = data.data.astype(np.float32)
    return train_test_split(
        inputs, data.target, test_size=0.25, random_state=SEED,
        stratify=data.target if stratify else None)


def metadata(name, task, description, data, features, units, training, heldback, metrics,
             outputs, labels=None):
    result = {
        "name": name, "task": task, "description": description, "data": data,
        "split": {
            "method": "train_test_split(test_size=0.25, random_state=7"
                      + (", stratify=labels)" if labels else ")"),
            "training": training, "heldback": heldback,
        },
        "metrics": metrics,
        "input": {
            "name": "X", "datatype": "FP32", "shape": [-1, len(features)],
            "layout": "one row per case, raw values", "features": features, "units": units,
        },
        "output": outputs,
    }
    if labels:
        result["labels"] = labels
    return result


def diabetes():
    data = load_diabetes(scaled=False)
    train_x, test_x, train_y, test_y = divide(data, stratify=False)
    regression = LinearRegression().fit(train_x, train_y)
    model = to_onnx(regression, train_x[:1], target_opset=OPSET)
    answers = bundle.run(model.SerializeToString(), test_x)["variable"][:, 0]
    error = answers - test_y
    baseline = np.abs(train_y.mean() - test_y).mean()
    config = """\
platform: "onnxruntime_onnx"
max_batch_size: 256
input [
  {
    name: "X"
    data_type: TYPE_FP32
    dims: [ 10 ]
  }
]
output [
  {
    name: "variable"
    data_type: TYPE_FP32
    dims: [ 1 ]
  }
]
"""
    bundle.write("diabetes", model, config, metadata(
        "diabetes", "regression",
        "Linear regression: how far diabetes progressed one year after the measurements.",
        {
            "name": "Diabetes, 442 patients (scikit-learn's load_diabetes(scaled=False))",
            "source": "B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, Least Angle "
                      "Regression, Annals of Statistics 2004",
            "licence": "published by the authors with the paper; redistributed with "
                       "scikit-learn (BSD-3-Clause)",
        },
        data.feature_names,
        ["years", "1 or 2", "kg/m²", "mmHg", "mg/dL", "mg/dL", "mg/dL", "ratio", "log mg/dL",
         "mg/dL"],
        len(train_y), len(test_y),
        {
            "heldback_r2": round(float(1 - (error ** 2).sum() / (
                (test_y - test_y.mean()) ** 2).sum()), 4),
            "heldback_mean_absolute_error": round(float(np.abs(error).mean()), 2),
            "mean_absolute_error_of_always_answering_the_mean": round(float(baseline), 2),
        },
        {"name": "variable", "datatype": "FP32", "shape": [-1, 1],
         "layout": "disease progression after one year, 25…346 in the data"},
    ), test_x, test_y.astype(np.float32), np.arange(SAMPLES))


def breast_cancer():
    data = load_breast_cancer()
    train_x, test_x, train_y, test_y = divide(data, stratify=True)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    classifier.fit(train_x, train_y)
    # As skl2onnx exports by default: the probabilities end in a ZipMap. A server answers
    # tensors, so it must give what goes into the ZipMap.
    model = to_onnx(classifier, train_x[:1], target_opset=OPSET)
    answers = bundle.run(model.SerializeToString(), test_x)
    config = """\
platform: "onnxruntime_onnx"
max_batch_size: 256
dynamic_batching { }
"""
    bundle.write("breast-cancer", model, config, metadata(
        "breast-cancer", "classification",
        "Logistic regression on standardised features: is a breast mass malignant or benign.",
        {
            "name": "Breast Cancer Wisconsin (Diagnostic), 569 masses "
                    "(scikit-learn's load_breast_cancer)",
            "source": "W. H. Wolberg, O. L. Mangasarian, W. N. Street, UCI Machine Learning "
                      "Repository, doi:10.24432/C5DW2B",
            "licence": "CC BY 4.0",
        },
        [str(name) for name in data.feature_names], "as measured on the cell nuclei",
        len(train_y), len(test_y),
        {
            "heldback_accuracy": round(
                float((answers["output_label"] == test_y).mean()), 4),
            "accuracy_of_always_answering_the_commonest": round(
                float((test_y == np.bincount(train_y).argmax()).mean()), 4),
        },
        [
            {"name": "output_label", "datatype": "INT64", "shape": [-1],
             "layout": "index into labels"},
            {"name": "output_probability", "datatype": "FP32", "shape": [-1, 2],
             "layout": "one probability per label"},
        ],
        [str(name) for name in data.target_names],
    ), test_x, test_y.astype(np.int64), np.arange(SAMPLES))


def wine():
    data = load_wine()
    train_x, test_x, train_y, test_y = divide(data, stratify=True)
    tree = DecisionTreeClassifier(max_depth=4, min_samples_leaf=2, random_state=SEED)
    tree.fit(train_x, train_y)
    model = to_onnx(tree, train_x[:1], options={"zipmap": False}, target_opset=OPSET)
    answers = bundle.run(model.SerializeToString(), test_x)
    config = """\
platform: "onnxruntime_onnx"
max_batch_size: 256
"""
    bundle.write("wine", model, config, metadata(
        "wine", "classification",
        "A decision tree: which of three growers a wine comes from, by its chemistry.",
        {
            "name": "Wine, 178 bottles (scikit-learn's load_wine)",
            "source": "S. Aeberhard, M. Forina, UCI Machine Learning Repository, "
                      "doi:10.24432/C5PC7J",
            "licence": "CC BY 4.0",
        },
        list(data.feature_names),
        ["% by volume", "g/L", "g/L", "mmol/L", "mg/L", "g/L", "g/L", "g/L", "g/L", "intensity",
         "hue", "ratio", "mg/L"],
        len(train_y), len(test_y),
        {
            "heldback_accuracy": round(float((answers["label"] == test_y).mean()), 4),
            "accuracy_of_always_answering_the_commonest": round(
                float((test_y == np.bincount(train_y).argmax()).mean()), 4),
        },
        [
            {"name": "label", "datatype": "INT64", "shape": [-1],
             "layout": "index into labels"},
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 3],
             "layout": "one probability per label"},
        ],
        ["grower 0", "grower 1", "grower 2"],
    ), test_x, test_y.astype(np.int64), np.arange(SAMPLES))


if __name__ == "__main__":
    diabetes()
    breast_cancer()
    wine()
