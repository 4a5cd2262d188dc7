"""The rows of the models' table: which model, on which input, how close the answers must be."""

import dataclasses
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    model: str
    inputs: Callable[[np.random.Generator], dict[str, np.ndarray]]
    # Largest difference of an output over its largest magnitude.
    tolerance: float = 1e-4
    # Whether bench/models/exact.py can say whose answer is off when they differ.
    explains: bool = False


def images(name, *shape):
    return lambda random: {name: random.random(shape, np.float32)}


def page(name, height, width):
    """Dark strokes in lines on a light page, normalised as the OCR pipeline does. In noise the
    detection network finds nothing: every probability is below 5e-6, where ONNX Runtime's sigmoid,
    which stops at -18, errs by 3 per cent of the number itself."""
    def make(random):
        image = np.full((height, width), 0.9, np.float32)
        for top in range(16, height - 24, 40):
            x = 16
            while x < width - 48:
                for _ in range(random.integers(3, 9)):  # a word
                    image[top:top + 20, x:x + 3] = 0.1
                    row = top + random.integers(0, 17)
                    image[row:row + 3, x:x + 10] = 0.1
                    x += 13
                    if x >= width - 16:
                        break
                x += 14
        image += random.normal(0, 0.02, image.shape).astype(np.float32)
        return {name: np.broadcast_to((image - 0.5) / 0.5, (1, 3, height, width)).copy()}
    return make


def normal(name, *shape):
    return lambda random: {name: random.standard_normal(shape).astype(np.float32)}


def tokens(batch, length):
    def make(random):
        mask = np.ones((batch, length), np.int64)
        mask[-1, length - length // 4:] = 0  # the last text is shorter
        return {"input_ids": random.integers(1000, 30000, (batch, length)),
                "attention_mask": mask, "token_type_ids": np.zeros_like(mask)}
    return make


def speech(random):
    return {"input": random.standard_normal((1, 576)).astype(np.float32) * 0.1,
            "state": np.zeros((2, 1, 128), np.float32), "sr": np.array(16000, np.int64)}


def speech_sequence(random):
    return {"input": random.standard_normal((32, 576)).astype(np.float32) * 0.1,
            "h": np.zeros((1, 1, 128), np.float32), "c": np.zeros((1, 1, 128), np.float32)}


def content(random):
    return {"bytes": random.integers(32, 127, (1, 2048)).astype(np.int32)}


INT8 = 1e-2
DIGITS = (1, 28, 28)

ROWS = [
    Row("CNN, batch 1", "digits", images("input", 1, *DIGITS)),
    Row("CNN, batch 32", "digits", images("input", 32, *DIGITS)),
    Row("CNN int8, batch 1", "digits-int8", images("input", 1, *DIGITS), INT8),
    Row("CNN int8, batch 32", "digits-int8", images("input", 32, *DIGITS), INT8),
    *[Row(f"MiniLM-L6 {batch}×{length}", "minilm-l6", tokens(batch, length))
      for batch, length in ((1, 16), (1, 128), (8, 16), (8, 128))],
    *[Row(f"MiniLM-L6 int8 {batch}×{length}", "minilm-l6-int8", tokens(batch, length), INT8,
          explains=True)
      for batch, length in ((1, 16), (1, 128), (8, 16), (8, 128))],
    Row("LSTM 64×128, batch 1", "lstm", normal("input", 64, 1, 128)),
    Row("LSTM 64×128, batch 32", "lstm", normal("input", 64, 32, 128)),
    Row("GRU 64×128, batch 1", "gru", normal("input", 64, 1, 128)),
    Row("GRU 64×128, batch 32", "gru", normal("input", 64, 32, 128)),
    Row("YOLOv8n 320×320", "yolov8n", images("images", 1, 3, 320, 320)),
    Row("OCR detection 640×640", "ocr-detection", page("x", 640, 640)),
    # Where no text is found, ONNX Runtime's sigmoid is the difference (decision 82): it does not count.
    Row("OCR detection, noise", "ocr-detection", images("x", 1, 3, 640, 640)),
    Row("OCR recognition 48×320", "ocr-recognition", images("x", 1, 3, 48, 320)),
    Row("silero-vad", "silero-vad", speech),
    Row("silero-vad, 32 frames", "silero-vad-sequence", speech_sequence),
    Row("magika", "magika", content),
    Row("ResNet-50", "resnet50", images("input", 1, 3, 224, 224)),
    Row("ResNet-50 int8", "resnet50-int8", images("input", 1, 3, 224, 224), INT8),
    Row("MobileNetV2", "mobilenet-v2", images("input", 1, 3, 224, 224)),
    Row("MobileNetV2 int8", "mobilenet-v2-int8", images("input", 1, 3, 224, 224), INT8),
    *[Row(f"{title}, batch {batch}", model, normal("X", batch, features))
      for title, model, features in (
          ("forest 100×8", "forest", 30), ("boosting 500×6", "boosting", 30),
          ("logistic 1000", "logistic", 1000))
      for batch in (1, 1000)],
]
