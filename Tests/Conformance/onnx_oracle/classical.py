"""scikit-learn models of every kind that skl2onnx exports, and ai.onnx.ml's operators by hand."""

import warnings

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn import (
    cluster, compose, datasets, decomposition, discriminant_analysis, ensemble, feature_selection,
    gaussian_process, impute, isotonic, linear_model, mixture, multiclass, naive_bayes, neighbors,
    neural_network, pipeline, preprocessing, svm, tree)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.gaussian_process import kernels
from sklearn.exceptions import ConvergenceWarning

from cases import Const

OPSETS = {"": 18, "ai.onnx.ml": 3}
DOMAIN = "ai.onnx.ml"


def write(suite, seed):
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.simplefilter("ignore", UserWarning)
    warnings.simplefilter("ignore", FutureWarning)
    random = np.random.default_rng(seed)
    iris, wine = datasets.load_iris(), datasets.load_wine()
    scaled = preprocessing.StandardScaler().fit_transform(wine.data).astype(np.float32)
    two = iris.target != 2
    tasks = {
        "three": (iris.data.astype(np.float32), iris.target),
        "two": (iris.data[two].astype(np.float32), iris.target[two]),
        "names": (scaled, np.array(wine.target_names)[wine.target]),
    }
    classifiers(suite, seed, tasks)
    regressors(suite, seed)
    transformers(suite, random, tasks)
    by_hand(suite, random)


def add(suite, name, model, rows, options=None, initial=None, tolerance=None):
    """Exports a fitted model with one input X and asks it about some rows."""
    initial = initial or [("X", FloatTensorType([None, rows.shape[1]]))]
    # Some models do not know the options that others have.
    for given in [options, None] if options else [None]:
        try:
            onx = to_onnx(model, initial_types=initial, options=given, target_opset=OPSETS)
        except Exception as error:  # Many kinds: not every model can be exported.
            suite.skipped[name] = f"skl2onnx: {error}"
            continue
        suite.skipped.pop(name, None)
        return suite.add(name, onx, {"X": rows}, tolerance)


def classifiers(suite, seed, tasks):
    def svc(kernel, **more):
        return svm.SVC(kernel=kernel, random_state=seed, **more)

    models = {
        "logistic": linear_model.LogisticRegression(),
        "sgd_log": linear_model.SGDClassifier(loss="log_loss", random_state=seed),
        "sgd_hinge": linear_model.SGDClassifier(random_state=seed),
        "ridge": linear_model.RidgeClassifier(),
        "perceptron": linear_model.Perceptron(random_state=seed),
        "passive": linear_model.PassiveAggressiveClassifier(random_state=seed),
        "linear_svc": svm.LinearSVC(random_state=seed),
        **{f"svc_{kernel}": svc(kernel) for kernel in ["linear", "poly", "rbf", "sigmoid"]},
        "svc_probability": svc("rbf", probability=True),
        "svc_linear_probability": svc("linear", probability=True),
        "nu_svc": svm.NuSVC(nu=0.2, random_state=seed),
        "svc_ovo": svc("rbf", decision_function_shape="ovo"),
        "knn": neighbors.KNeighborsClassifier(5),
        "knn_distance": neighbors.KNeighborsClassifier(3, weights="distance"),
        "knn_manhattan": neighbors.KNeighborsClassifier(4, metric="manhattan"),
        "radius": neighbors.RadiusNeighborsClassifier(3.0, outlier_label="most_frequent"),
        "centroid": neighbors.NearestCentroid(),
        "tree": tree.DecisionTreeClassifier(random_state=seed),
        "extra_tree": tree.ExtraTreeClassifier(random_state=seed),
        "forest": ensemble.RandomForestClassifier(20, random_state=seed),
        "extra_trees": ensemble.ExtraTreesClassifier(20, random_state=seed),
        "boosting": ensemble.GradientBoostingClassifier(n_estimators=20, random_state=seed),
        "histogram": ensemble.HistGradientBoostingClassifier(max_iter=20, random_state=seed),
        "adaboost": ensemble.AdaBoostClassifier(n_estimators=10, random_state=seed),
        "bagging": ensemble.BaggingClassifier(n_estimators=5, random_state=seed),
        "voting": ensemble.VotingClassifier(
            [("a", linear_model.LogisticRegression()), ("b", tree.DecisionTreeClassifier())],
            voting="soft", flatten_transform=False),
        "stacking": ensemble.StackingClassifier(
            [("a", tree.DecisionTreeClassifier(random_state=seed)), ("b", naive_bayes.GaussianNB())]),
        "gaussian_bayes": naive_bayes.GaussianNB(),
        "bernoulli_bayes": naive_bayes.BernoulliNB(binarize=1.0),
        "mlp": neural_network.MLPClassifier((8,), random_state=seed, max_iter=50),
        "mlp_logistic": neural_network.MLPClassifier(
            (8, 4), activation="logistic", random_state=seed, max_iter=50),
        "lda": discriminant_analysis.LinearDiscriminantAnalysis(),
        "qda": discriminant_analysis.QuadraticDiscriminantAnalysis(),
        "one_vs_rest": multiclass.OneVsRestClassifier(linear_model.LogisticRegression()),
        "one_vs_one": multiclass.OneVsOneClassifier(linear_model.LogisticRegression()),
    }
    for name, model in models.items():
        for task, (x, y) in tasks.items():
            model.fit(x, y)
            add(suite, f"{name}_{task}", model, x[::7], {id(model): {"zipmap": False}})
    x, y = tasks["two"]
    add(suite, "svc_raw", svm.SVC().fit(x, y), x[::7], {svm.SVC: {"zipmap": False, "raw_scores": True}})
    for task in ["three", "names"]:
        x, y = tasks[task]
        model = linear_model.LogisticRegression().fit(x, y)
        add(suite, f"zip_map_{task}", model, x[:5])
        model = neighbors.KNeighborsClassifier(5).fit(x, y)
        add(suite, f"knn_cdist_{task}", model, x[::7],
            {id(model): {"zipmap": False, "optim": "cdist"}})


def regressors(suite, seed):
    data = datasets.load_diabetes()
    x, y = data.data.astype(np.float32), data.target
    several = np.stack([y, y[::-1]], 1)
    models = {
        "linear": linear_model.LinearRegression(), "ridge": linear_model.Ridge(),
        "lasso": linear_model.Lasso(0.1), "elastic": linear_model.ElasticNet(0.01),
        "bayesian": linear_model.BayesianRidge(), "huber": linear_model.HuberRegressor(),
        "poisson": linear_model.PoissonRegressor(),
        "sgd": linear_model.SGDRegressor(random_state=seed),
        "quantile": linear_model.QuantileRegressor(alpha=0.01),
        "linear_svr": svm.LinearSVR(random_state=seed),
        **{f"svr_{kernel}": svm.SVR(kernel=kernel, C=50)
           for kernel in ["linear", "poly", "rbf", "sigmoid"]},
        "nu_svr": svm.NuSVR(C=50), "knn": neighbors.KNeighborsRegressor(4),
        "knn_distance": neighbors.KNeighborsRegressor(4, weights="distance"),
        "tree": tree.DecisionTreeRegressor(max_depth=6, random_state=seed),
        "forest": ensemble.RandomForestRegressor(20, max_depth=7, random_state=seed),
        "extra_trees": ensemble.ExtraTreesRegressor(20, max_depth=7, random_state=seed),
        "boosting": ensemble.GradientBoostingRegressor(n_estimators=30, random_state=seed),
        "histogram": ensemble.HistGradientBoostingRegressor(max_iter=30, random_state=seed),
        "adaboost": ensemble.AdaBoostRegressor(n_estimators=8, random_state=seed),
        "bagging": ensemble.BaggingRegressor(n_estimators=5, random_state=seed),
        "voting": ensemble.VotingRegressor(
            [("a", linear_model.Ridge()), ("b", tree.DecisionTreeRegressor(max_depth=4))]),
        "mlp": neural_network.MLPRegressor(hidden_layer_sizes=(8,), random_state=seed, max_iter=100),
        "process": gaussian_process.GaussianProcessRegressor(
            kernels.RBF(1.0, "fixed"), alpha=10.0),
    }
    for name, model in models.items():
        model.fit(x, y)
        add(suite, f"regressor_{name}", model, x[::20])
    for name in ["linear", "knn", "tree", "forest", "mlp"]:
        add(suite, f"regressor_{name}_targets", models[name].fit(x, several), x[::20])
    for kernel in ["linear", "rbf"]:
        model = svm.OneClassSVM(kernel=kernel, nu=0.2).fit(x)
        add(suite, f"one_class_{kernel}", model, x[::20])
    add(suite, "isolation_forest", ensemble.IsolationForest(n_estimators=10, random_state=seed).fit(x), x[::20])
    add(suite, "kmeans", cluster.KMeans(4, random_state=seed, n_init=1).fit(x), x[::20])
    add(suite, "mixture", mixture.GaussianMixture(3, random_state=seed).fit(x[:, :3]),
        x[::20, :3])


def transformers(suite, random, tasks):
    x, y = tasks["names"]
    models = {
        "standard": preprocessing.StandardScaler(), "minmax": preprocessing.MinMaxScaler(),
        "maxabs": preprocessing.MaxAbsScaler(), "robust": preprocessing.RobustScaler(),
        "l1": preprocessing.Normalizer("l1"), "l2": preprocessing.Normalizer("l2"),
        "max": preprocessing.Normalizer("max"), "binarizer": preprocessing.Binarizer(threshold=0.2),
        "polynomial": preprocessing.PolynomialFeatures(2),
        "bins": preprocessing.KBinsDiscretizer(4, encode="ordinal", strategy="uniform"),
        "bins_onehot": preprocessing.KBinsDiscretizer(4, encode="onehot-dense"),
        "power": preprocessing.PowerTransformer(),
        "pca": decomposition.PCA(3), "svd": decomposition.TruncatedSVD(3),
        "variance": feature_selection.VarianceThreshold(0.5),
        "best": feature_selection.SelectKBest(k=4),
        "neighbours": neighbors.KNeighborsTransformer(n_neighbors=3),
    }
    for name, model in models.items():
        if name == "neighbours":
            continue
        add(suite, f"transformer_{name}", model.fit(x, y), x[::9])
    holes = np.where(random.random(x.shape) < 0.2, np.nan, x).astype(np.float32)
    for strategy in ["mean", "median", "most_frequent"]:
        add(suite, f"imputer_{strategy}", impute.SimpleImputer(strategy=strategy).fit(holes),
            holes[::9])
    add(suite, "imputer_knn", impute.KNNImputer(n_neighbors=3).fit(holes), holes[::9])
    colours = np.array([["red", "s"], ["green", "m"], ["blue", "l"], ["red", "m"]], object)
    strings = [("X", StringTensorType([None, 2]))]
    for name, model in [
            ("onehot", preprocessing.OneHotEncoder(sparse_output=False)),
            ("onehot_ignore", preprocessing.OneHotEncoder(handle_unknown="ignore",
                                                          sparse_output=False)),
            ("ordinal", preprocessing.OrdinalEncoder())]:
        asked = np.array([["black", "m"], ["red", "xl"]], object) if "ignore" in name else colours
        add(suite, f"encoder_{name}", model.fit(colours), asked, initial=strings)
    texts = np.array(["the cat sat on the mat", "a dog and a cat", "the dog barks, loudly!",
                      "mats and cats, dogs and birds"], object)
    for name, vectorizer in [
            ("counts", CountVectorizer(lowercase=False)), ("tfidf", TfidfVectorizer(lowercase=False)),
            ("pairs", TfidfVectorizer(lowercase=False, ngram_range=(1, 2), norm="l1")),
            ("characters", TfidfVectorizer(lowercase=False, analyzer="char"))]:
        model = pipeline.make_pipeline(vectorizer, linear_model.LogisticRegression())
        add(suite, f"text_{name}", model.fit(texts, [0, 1, 1, 0]), texts,
            initial=[("X", StringTensorType([None]))])
    numbers = random.integers(0, 4, (20, 2)).astype(np.int64)
    add(suite, "encoder_onehot_numbers",
        preprocessing.OneHotEncoder(sparse_output=False).fit(numbers), numbers,
        initial=[("X", Int64TensorType([None, 2]))])
    labels = preprocessing.LabelEncoder().fit(colours[:, 0])
    add(suite, "label_encoder", labels, colours[:, :1], initial=[("X", StringTensorType([None, 1]))])
    binary = preprocessing.LabelBinarizer().fit(numbers[:, 0])
    add(suite, "label_binarizer", binary, numbers[:, :1], initial=[("X", Int64TensorType([None, 1]))])
    columns = compose.ColumnTransformer([
        ("scale", preprocessing.StandardScaler(), [0, 1, 2]),
        ("bins", preprocessing.KBinsDiscretizer(3, encode="onehot-dense"), [3, 4]),
        ("keep", "passthrough", [5])])
    whole = pipeline.Pipeline([("columns", columns), ("pca", decomposition.PCA(4)),
                               ("forest", ensemble.RandomForestClassifier(10, random_state=1))])
    add(suite, "pipeline_columns", whole.fit(x, y), x[::9])


def by_hand(suite, random):
    def op(name, op_type, inputs, outputs=1, **attributes):
        suite.op(name, op_type, inputs, outputs, domain=DOMAIN,
                 opsets={DOMAIN: attributes.pop("opset", 3)}, **attributes)

    words = np.array([["red", "blue"], ["none", "green"]], object)
    cats = {"cats_strings": ["red", "green", "blue"], "cats_int64s": [4, 5, 6]}
    op("category_mapper", "CategoryMapper", [words], default_int64=-7, **cats)
    op("category_mapper_numbers", "CategoryMapper", [np.array([4, 9, 6], np.int64)],
       default_string="?", **cats)
    op("label_encoder_words", "LabelEncoder", [words], keys_strings=["red", "blue"],
       values_floats=[0.5, 1.5], default_float=-2.0)
    rows = random.standard_normal((5, 3)).astype(np.float32)
    whole = random.integers(-3, 4, (5, 3)).astype(np.int64)
    op("array_feature_extractor", "ArrayFeatureExtractor", [rows, Const(np.array([2, 0]))])
    op("binarizer_hand", "Binarizer", [rows], threshold=0.25)
    op("feature_vectorizer", "FeatureVectorizer", [rows, rows[:, :2]], inputdimensions=[3, 2])
    op("imputer_numbers", "Imputer", [whole], imputed_value_int64s=[9], replaced_value_int64=2)
    op("scaler_numbers", "Scaler", [whole], offset=[1.0], scale=[0.5])
    op("normalizer_numbers", "Normalizer", [whole], norm="L2")
    support = {
        "coefficients": random.standard_normal(2 * 6).astype(np.float32).tolist(),
        "support_vectors": random.standard_normal(6 * 3).astype(np.float32).tolist(),
        "vectors_per_class": [2, 3, 1], "rho": [0.1, -0.2, 0.3],
        "kernel_params": [0.4, 0.5, 3.0]}
    for kernel in ["LINEAR", "POLY", "RBF", "SIGMOID"]:
        op(f"svm_classifier_{kernel.lower()}", "SVMClassifier", [rows], 2, kernel_type=kernel,
           classlabels_ints=[3, 5, 9], **support)
        op(f"svm_classifier_chances_{kernel.lower()}", "SVMClassifier", [rows], 2,
           kernel_type=kernel, classlabels_strings=["a", "b", "c"], prob_a=[-1.5, -0.7, -2.0],
           prob_b=[0.1, -0.1, 0.0], **support)
    for transform in ["NONE", "LOGISTIC", "SOFTMAX"]:
        for sign in [1, -1]:
            for count in [2, 3]:
                weights = np.abs(random.standard_normal(3 * count)) * sign
                op(f"svm_linear_{transform.lower()}_{count}_{'+' if sign > 0 else '-'}",
                   "SVMClassifier", [rows], 2, kernel_type="LINEAR",
                   classlabels_ints=[7, 8, 9][:count], coefficients=weights.tolist(),
                   rho=[0.05], post_transform=transform,
                   kernel_params=[0.0, 0.0, 0.0])
        op(f"svm_classifier_two_{transform.lower()}", "SVMClassifier", [rows], 2,
           kernel_type="RBF", classlabels_ints=[7, 8], post_transform=transform,
           coefficients=[0.5, -1.0, 0.7], vectors_per_class=[2, 1], rho=[0.05],
           support_vectors=random.standard_normal(9).tolist(), kernel_params=[0.4, 0.0, 3.0])
    corpus = np.array([[2, 3, 5, 4], [5, 5, 7, 2]], np.int64)
    for mode in ["TF", "IDF", "TFIDF"]:
        suite.op(f"tfidf_{mode.lower()}", "TfIdfVectorizer", [corpus], domain="", mode=mode,
                 min_gram_length=1, max_gram_length=2, max_skip_count=1, ngram_counts=[0, 4],
                 ngram_indexes=[0, 1, 2, 3, 4, 5, 6], pool_int64s=[2, 3, 5, 4, 5, 5, 5, 7, 2, 3],
                 weights=[1.0, 2.0, 0.5, 1.5, 3.0, 1.0, 2.5])
