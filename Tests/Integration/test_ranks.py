"""`mpirun martlet train`: the ranks of one training share each batch, end together, and go on from their checkpoint."""

import json
import os
import re
import shutil
import signal
import subprocess
import time

import numpy as np
import onnxruntime
import pytest

from installation import BINARY, Installation

pytestmark = pytest.mark.skipif(
    shutil.which("mpirun") is None, reason="mpirun is missing; make deps-test installs it")

ENVIRONMENT = {
    **os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_mpi_yield_when_idle": "1", "OMPI_MCA_btl_vader_single_copy_mechanism": "none"}


def description(epochs, **fit):
    return {
        "class_name": "Sequential",
        "config": {"layers": [
            {"class_name": "Dense", "config": {"units": 32, "activation": "tanh"}},
            {"class_name": "Dropout", "config": {"rate": 0.1}},
            {"class_name": "Dense", "config": {"units": 3, "activation": "softmax"}}]},
        "compile": {"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.01}},
                    "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": epochs, "batch_size": 32, "seed": 4, "validation_split": 0.2, **fit}}


@pytest.fixture
def folder(tmp_path):
    """Points of three classes by their angle."""
    random = np.random.default_rng(8)
    x = random.normal(size=(900, 2)).astype(np.float32)
    y = ((np.arctan2(x[:, 1], x[:, 0]) + np.pi) / (2 * np.pi / 3)).astype(np.int64).clip(0, 2)
    np.savez(tmp_path / "points.npz", x=x, y=y)
    return tmp_path


def write(folder, name, specification):
    (folder / name).write_text(json.dumps(specification))
    return folder / name


def command(folder, count, specification, *more, output="model.onnx"):
    return ["mpirun", "--oversubscribe", "-np", str(count), BINARY, "train", str(specification),
            "--data", str(folder / "points.npz"), "--output", str(folder / output), "--threads", "1",
            *more]


def run(arguments, **options):
    return subprocess.run(
        arguments, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, **options)


def losses(text):
    """Of the rows of a table: epoch, loss and others."""
    return [float(loss) for loss in re.findall(r"^ +\d+/\d+ +([0-9.]+)", text, re.MULTILINE)]


def test_ranks_have_one_curve_whatever_their_number(folder):
    specification = write(folder, "spec.json", description(8))
    curves, weights = {}, {}
    for count in (1, 2, 4):
        done = run(command(folder, count, specification, output=f"{count}.onnx"))
        assert done.returncode == 0, done.stderr
        curves[count] = losses(done.stdout)
        assert len(curves[count]) == 8
        session = onnxruntime.InferenceSession(str(folder / f"{count}.onnx"))
        x = np.load(folder / "points.npz")["x"]
        weights[count] = session.run(None, {session.get_inputs()[0].name: x})[0]
    assert curves[1][-1] < curves[1][0]
    for count in (2, 4):
        assert np.allclose(curves[1], curves[count], atol=2e-4)
        assert np.abs(weights[1] - weights[count]).max() < 1e-2


def test_a_killed_rank_ends_all_and_the_next_run_goes_on(folder):
    # Long enough to be killed in the middle, however fast the machine is.
    specification = write(folder, "spec.json", description(400, checkpoint_steps=5))
    whole = run(command(folder, 2, specification, output="whole.onnx"))
    assert whole.returncode == 0, whole.stderr
    checkpoint = folder / "checkpoint"
    arguments = command(
        folder, 2, specification, "--checkpoint", str(checkpoint), output="resumed.onnx")
    first = subprocess.Popen(
        arguments, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        while not (checkpoint / "checkpoint").exists():
            assert first.poll() is None, first.communicate()
            time.sleep(0.01)
        children = subprocess.run(
            ["pgrep", "-P", str(first.pid)], capture_output=True, text=True).stdout.split()
        assert len(children) == 2
        os.kill(int(children[1]), signal.SIGKILL)
        assert first.wait(timeout=60) != 0
    finally:
        first.kill()
        first.communicate()
    assert not (folder / "resumed.onnx").exists()
    second = run(arguments)
    assert second.returncode == 0, second.stderr
    # It went on: the epochs that were done are not told again.
    assert 0 < len(losses(second.stdout)) <= 400
    assert losses(second.stdout)[-1] == pytest.approx(losses(whole.stdout)[-1], abs=2e-3)
    assert (folder / "resumed.onnx").stat().st_size == (folder / "whole.onnx").stat().st_size


@pytest.mark.parametrize("change, sentence", [
    (lambda d: d["config"]["layers"][0].update({"class_name": "Dens"}), "Dens"),
    (lambda d: d["compile"].update({"loss": "mse"}), "shape"),
    (lambda d: d.update({"distribute": {"workers": 2}}), "distribute"),
])
def test_mistakes_are_one_sentence(folder, change, sentence):
    wrong = description(2)
    change(wrong)
    done = run(command(folder, 2, write(folder, "wrong.json", wrong)))
    assert done.returncode != 0
    told = [line for line in done.stderr.splitlines() if line.startswith("martlet")]
    assert len(told) == 1 and sentence in told[0], done.stderr
    assert not (folder / "model.onnx").exists()


def test_what_ranks_cannot_share_is_said(folder):
    tree = {"class_name": "DecisionTreeClassifier", "config": {}}
    done = run(command(folder, 2, write(folder, "tree.json", tree)))
    assert done.returncode != 0
    assert "ranks share the training of networks only" in done.stderr, done.stderr


def test_ranks_with_other_descriptions_end(folder):
    one = write(folder, "one.json", description(2))
    two = write(folder, "two.json", description(3))
    arguments = command(folder, 1, one)
    both = [*arguments, ":", "-np", "1", *command(folder, 1, two)[4:]]
    done = run(both)
    assert done.returncode != 0
    assert "another description" in done.stderr, done.stderr


@pytest.fixture(scope="module")
def installation():
    installation = Installation(instances=1)
    try:
        installation.start()
        installation.create_tenant("ranks")
        yield installation
    finally:
        installation.close()


def served(folder, installation, key, count, specification, *more):
    """Ranks that serve what they have trained."""
    environment = {**ENVIRONMENT, **installation.environment(key)}
    return subprocess.run(
        ["mpirun", "--oversubscribe", "-np", str(count), BINARY, "train", str(specification), "--data",
         str(folder / "points.npz"), "--threads", "1", *more], env=environment, capture_output=True,
        text=True, timeout=120, cwd=folder)


def test_rank_0_serves_the_model_and_writes_log_and_curves(folder, installation):
    key = installation.create_key("ranks", "deploy")
    specification = write(folder, "spec.json", description(5))
    done = served(folder, installation, key, 2, specification, "--name", "points")
    assert done.returncode == 0, done.stderr
    assert len(losses(done.stdout)) == 5
    assert "points version 1: " in done.stdout and "learning curves: points.training.svg" in done.stdout
    lines = [json.loads(line) for line in (folder / "points.training.jsonl").read_text().splitlines()]
    assert lines[0]["started"] == "begins"
    ends = [line for line in lines if line.get("ends_epoch")]
    assert [line["epoch"] for line in ends] == [1, 2, 3, 4, 5]
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(ends[-1]["metrics"])
    assert (folder / "points.training.svg").read_text().startswith("<svg")
    assert not list(folder.glob("*.onnx"))

    # It answers as the file does that the next training leaves beside it.
    again = served(
        folder, installation, key, 1, specification, "--name", "points", "--output", str(folder / "m.onnx"),
        "--json")
    assert again.returncode == 0, again.stderr
    document = json.loads(again.stdout)
    assert document["training"]["version"] == 2 and document["curves"] == "points.training.svg"
    x = np.load(folder / "points.npz")["x"][:20]
    np.save(folder / "asked.npy", x)
    installation.run(
        "infer", "points", "--input", f"x={folder / 'asked.npy'}", "--output", folder / "answers.npz", key=key)
    session = onnxruntime.InferenceSession(str(folder / "m.onnx"))
    expected = session.run(None, {session.get_inputs()[0].name: x})[0]
    with np.load(folder / "answers.npz") as answers:
        assert np.abs(answers[answers.files[0]] - expected).max() < 1e-5


def test_a_key_that_may_not_deploy_is_told_before_anything_is_computed(folder, installation):
    key = installation.create_key("ranks", "infer")
    done = served(
        folder, installation, key, 2, write(folder, "spec.json", description(5)), "--name", "points")
    assert done.returncode != 0
    told = [line for line in done.stderr.splitlines() if line.startswith("martlet")]
    assert len(told) == 1 and "PERMISSION_DENIED" in told[0], done.stderr
    assert not losses(done.stdout)


def test_a_log_that_cannot_be_written_ends_all(folder):
    arguments = command(
        folder, 2, write(folder, "spec.json", description(2)), "--log", str(folder / "none" / "log.jsonl"))
    done = run(arguments)
    assert done.returncode != 0
    assert "none/log.jsonl" in done.stderr, done.stderr
