"""What scikit-learn learns from small data, for Tests/TrainingTests/Classical to learn the same.

Writes Tests/Fixtures/classical: cases.json with specifications, and for each case an .npz with x, y and what
was learned. Needs scikit-learn 1.9.1. Features and targets are rounded, so that they compress.
"""

import json
from pathlib import Path

import numpy as np
from sklearn import datasets, ensemble, linear_model, preprocessing, tree

FOLDER = Path(__file__).resolve().parents[1] / "classical"
CASES = []


def keep(name, estimator, x, y, **learned):
    config = {key: value for key, value in estimator.get_params().items()
              if value != type(estimator)().get_params()[key]}
    CASES.append({"name": name, "specification": {
        "class_name": type(estimator).__name__, "config": config}})
    np.savez_compressed(FOLDER / f"{name}.npz", x=x, y=y, **learned)


def linear(name, estimator, x, y):
    estimator.fit(x, y)
    keep(name, estimator, x, y, coef=np.atleast_2d(estimator.coef_),
         intercept=np.atleast_1d(np.asarray(estimator.intercept_, dtype=np.float64)))


def logistic(name, x, y, **config):
    """The minimum itself, by Newton's method: L-BFGS stops a few 1e-5 before it."""
    exact = linear_model.LogisticRegression(solver="newton-cholesky", tol=1e-12, **config)
    exact.fit(x, y)
    keep(name, linear_model.LogisticRegression(tol=1e-11, max_iter=10_000, **config), x, y,
         coef=exact.coef_, intercept=np.atleast_1d(np.asarray(exact.intercept_, dtype=np.float64)))


def grown(name, estimator, x, y):
    estimator.fit(x, y)
    learned = estimator.tree_
    keep(name, estimator, x, y, feature=learned.feature, threshold=learned.threshold,
         samples=learned.n_node_samples, weight=learned.weighted_n_node_samples,
         impurity=learned.impurity, left=learned.children_left, right=learned.children_right,
         missing_left=learned.missing_go_to_left.astype(np.int64),
         value=learned.value.reshape(len(learned.feature), -1))


def answers(name, estimator, x, y):
    estimator.fit(x, y)
    if hasattr(estimator, "predict_proba"):
        keep(name, estimator, x, y, probabilities=estimator.predict_proba(x))
    else:
        keep(name, estimator, x, y, prediction=estimator.predict(x))


def held_back(name, estimator, x, y):
    """Trains on the first three quarters; the score on the rest is what is kept."""
    cut = len(x) * 3 // 4
    estimator.fit(x[:cut], y[:cut])
    keep(name, estimator, x[:cut], y[:cut], held_x=x[cut:], held_y=y[cut:],
         score=np.array([estimator.score(x[cut:], y[cut:])]))


def main():
    random = np.random.RandomState(7)
    diabetes, progress = datasets.load_diabetes(return_X_y=True)
    diabetes = np.round(diabetes * 20, 4)
    linear("linear", linear_model.LinearRegression(), diabetes, progress)
    linear("linear-origin", linear_model.LinearRegression(fit_intercept=False), diabetes, progress)
    linear("linear-two-targets", linear_model.LinearRegression(), diabetes,
           np.stack([progress, diabetes[:, 0] - progress / 3], axis=1))
    doubled = np.concatenate([diabetes[:, :4], diabetes[:, :2] * 3, np.ones((len(diabetes), 1)),
                              diabetes[:, 2:3] + diabetes[:, 3:4]], axis=1)
    linear("linear-dependent", linear_model.LinearRegression(), doubled, progress)
    linear("linear-wide", linear_model.LinearRegression(), np.round(random.randn(20, 35), 4),
           np.round(random.randn(20), 4))
    powers = np.stack([np.linspace(1, 2, 60) ** k for k in range(1, 7)], axis=1)
    linear("linear-ill-conditioned", linear_model.LinearRegression(tol=1e-14), powers,
           np.round(np.sin(np.linspace(1, 2, 60)) + random.randn(60) / 10, 4))
    linear("ridge", linear_model.Ridge(alpha=3.0), diabetes, progress)
    linear("ridge-origin", linear_model.Ridge(alpha=0.5, fit_intercept=False), diabetes, progress)
    linear("ridge-wide", linear_model.Ridge(alpha=2.0), np.round(random.randn(20, 35), 4),
           np.round(random.randn(20, 2), 4))

    cancer, malignant = datasets.load_breast_cancer(return_X_y=True)
    cancer = np.round(preprocessing.scale(cancer)[:, :12], 3)
    iris, kind = datasets.load_iris(return_X_y=True)
    wine, grape = datasets.load_wine(return_X_y=True)
    wine = np.round(preprocessing.scale(wine), 3)
    logistic("logistic-two-classes", cancer, malignant)
    logistic("logistic-three-classes", iris, kind)
    logistic("logistic-texts", wine, np.array(["Merlot", "Barbera", "Nebbiolo"])[grape], C=0.3)
    logistic("logistic-origin", cancer, malignant * 2 - 1, fit_intercept=False, C=5.0)
    logistic("logistic-balanced", iris[20:], kind[20:], class_weight="balanced")
    # Where the defaults stop depends on every step that was taken.
    linear("logistic-defaults", linear_model.LogisticRegression(), wine, grape)

    x = np.round(random.randn(400, 6), 3).astype(np.float32)
    classes = ((x[:, 0] + x[:, 1] * x[:, 2] > 0).astype(np.int64)
               + (x[:, 3] > 0.5)).astype(np.int64)
    number = np.round(np.sin(x[:, 0]) * 3 + x[:, 1] ** 2 + random.randn(400) / 4, 3)
    leaves = {"min_samples_leaf": 8, "random_state": 0}
    grown("tree-gini", tree.DecisionTreeClassifier(**leaves), x, classes)
    grown("tree-entropy", tree.DecisionTreeClassifier(criterion="entropy", **leaves), x, classes)
    grown("tree-number", tree.DecisionTreeRegressor(**leaves), x, number)
    grown("tree-depth", tree.DecisionTreeClassifier(max_depth=4, **leaves), x, classes)
    grown("tree-balanced", tree.DecisionTreeClassifier(
        class_weight="balanced", max_depth=5, **leaves), x, classes)
    grown("tree-pruned", tree.DecisionTreeClassifier(
        ccp_alpha=0.006, min_samples_leaf=20, random_state=0), x, classes)
    grown("tree-pruned-number", tree.DecisionTreeRegressor(ccp_alpha=0.05, **leaves), x, number)
    grown("tree-decrease", tree.DecisionTreeRegressor(
        min_impurity_decrease=0.02, **leaves), x, number)
    grown("tree-shares", tree.DecisionTreeClassifier(
        min_samples_leaf=0.03, min_samples_split=0.1, min_weight_fraction_leaf=0.04,
        random_state=0), x, classes)
    answers("tree-leaves", tree.DecisionTreeClassifier(max_leaf_nodes=9, **leaves), x, classes)
    holes = x.copy()
    holes[random.rand(*x.shape) < 0.2] = np.nan
    holes[classes == 2, 5] = np.nan
    grown("tree-missing", tree.DecisionTreeClassifier(**leaves), holes, classes)
    grown("tree-missing-number", tree.DecisionTreeRegressor(**leaves), holes, number)

    boosted = {"n_estimators": 20, "min_samples_leaf": 8, "random_state": 0}
    answers("boosting-number", ensemble.GradientBoostingRegressor(**boosted), x, number)
    answers("boosting-two-classes", ensemble.GradientBoostingClassifier(**boosted), x,
            (classes > 0).astype(np.int64))
    answers("boosting-three-classes", ensemble.GradientBoostingClassifier(**boosted), x, classes)
    coarse = np.round(x[:, :4], 1)
    coarse_holes = np.where(random.rand(*coarse.shape) < 0.1, np.nan, coarse).astype(np.float32)
    rounds = {"max_iter": 20}
    answers("histogram-number", ensemble.HistGradientBoostingRegressor(**rounds), coarse, number)
    answers("histogram-two-classes", ensemble.HistGradientBoostingClassifier(
        l2_regularization=0.5, **rounds), coarse, (classes > 0).astype(np.int64))
    answers("histogram-three-classes", ensemble.HistGradientBoostingClassifier(
        max_leaf_nodes=7, **rounds), coarse, classes)
    answers("histogram-missing", ensemble.HistGradientBoostingRegressor(**rounds), coarse_holes,
            number)

    digits, digit = datasets.load_digits(return_X_y=True)
    order = random.permutation(len(digits))[:1200]
    digits, digit = digits[order].astype(np.uint8), digit[order]
    held_back("forest-digits", ensemble.RandomForestClassifier(
        n_estimators=50, random_state=0), digits, digit)
    held_back("forest-number", ensemble.RandomForestRegressor(
        n_estimators=50, random_state=0), x, number)
    held_back("tree-digits", tree.DecisionTreeClassifier(random_state=0), digits, digit)
    held_back("histogram-digits", ensemble.HistGradientBoostingClassifier(
        max_iter=20, max_leaf_nodes=15), digits, digit)

    (FOLDER / "cases.json").write_text(json.dumps(CASES, indent=1) + "\n")


main()
