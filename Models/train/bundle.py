"""Writes one bundled model: what is served, what the demo shows, what the tests expect."""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(model_bytes, inputs):
    """ONNX Runtime's answers as {output name: array}; a ZipMap's maps become one matrix."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model_bytes, options, providers=["CPUExecutionProvider"])
    outputs = session.run(None, {session.get_inputs()[0].name: inputs})
    return {
        meta.name: np.array([list(row.values()) for row in value], np.float32)
        if isinstance(value, list) else value
        for meta, value in zip(session.get_outputs(), outputs)}


def write(name, model, config, metadata, heldback_inputs, heldback_labels, sample_rows):
    """Writes Models/NAME and Tests/Fixtures/NAME.

    `sample_rows` picks the rows of the held-back data that the demo shows; they are chosen by
    position, never by whether the model gets them right.
    """
    onnx.checker.check_model(model, full_check=True)
    model_bytes = model.SerializeToString(deterministic=True)
    if len(model_bytes) >= 1 << 20:
        raise SystemExit(f"{name}: the model is {len(model_bytes)} bytes, the limit is 1 MiB")

    folder = ROOT / "Models" / name
    (folder / "samples").mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model_bytes)
    (folder / "config.pbtxt").write_text(config)
    (folder / "model.json").write_text(json.dumps(metadata, indent=2) + "\n")
    samples = np.ascontiguousarray(heldback_inputs[sample_rows])
    np.save(folder / "samples" / "inputs.npy", samples)
    np.save(folder / "samples" / "labels.npy", heldback_labels[sample_rows])

    fixtures = ROOT / "Tests" / "Fixtures" / name
    fixtures.mkdir(parents=True, exist_ok=True)
    for output, value in run(model_bytes, samples).items():
        np.save(fixtures / f"{output}.npy", value)
    compact = heldback_inputs
    if name == "digits":  # whole grey levels: 1 byte each instead of 4
        compact = np.rint(heldback_inputs * 255).astype(np.uint8)
        if not np.array_equal(compact.astype(np.float32) / 255, heldback_inputs):
            raise SystemExit("digits: the grey levels do not survive the compact form")
    np.savez_compressed(fixtures / "heldback.npz", inputs=compact, labels=heldback_labels)
    print(f"{name}: {len(model_bytes)} bytes, {json.dumps(metadata['metrics'])}")
