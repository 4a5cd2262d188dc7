"""Trainings that workers and parameter servers share: processes of the service that are killed with -9."""

import json
import os
import signal
import subprocess
import time

import numpy as np
import psutil
import pytest

from conftest import Keys
from installation import BINARY, CommandFailed, Installation, wait_until

ENDED = {"FINISHED", "FAILED", "CANCELLED"}


@pytest.fixture(scope="module")
def house():
    installation = Installation(instances=1)
    installation.arguments += ["--node-host", "127.0.0.1"]
    try:
        installation.start()
        installation.create_tenant("east")
        yield installation, Keys(installation, "east")
    finally:
        installation.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    random = np.random.default_rng(7)
    x = random.normal(size=(20_000, 20)).astype(np.float32)
    y = (x[:, :4].sum(axis=1) + random.normal(size=20_000) > 0).astype(np.int64)
    path = tmp_path_factory.mktemp("data") / "large.npz"
    np.savez(path, x=x, y=y)
    return path


def specification(tmp_path, epochs=25, **distribute):
    value = {
        "class_name": "Sequential",
        "config": {"layers": [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, 20]}},
            {"class_name": "Dense", "config": {"units": 128, "activation": "relu"}},
            {"class_name": "Dense", "config": {"units": 128, "activation": "relu"}},
            {"class_name": "Dense", "config": {"units": 2, "activation": "softmax"}}]},
        # Momentum, so that servers have a state to keep; mild, so that the order of a sum stays a
        # matter of the last digits: twenty-five epochs of Adam make 0.008 of accuracy of it.
        "compile": {"optimizer": {"class_name": "SGD",
                                  "config": {"learning_rate": 0.003, "momentum": 0.9}},
                    "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": epochs, "batch_size": 50, "target": "y", "seed": 3,
                "validation_split": 0.2, "checkpoint_steps": 100}}
    if distribute:
        value["distribute"] = distribute
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(value))
    return path


def start(installation, keys, path, data, name, *options):
    return installation.run(
        "train", path, "--data", data, "--name", name, "--detach", *options, key=keys.deploy
    ).stdout.strip()


def show(installation, keys, job):
    return installation.json("train", "show", job, key=keys.deploy)


def wait(installation, keys, job, seconds=240):
    return wait_until(
        lambda: (state := show(installation, keys, job))["state"] in ENDED and state, seconds,
        f"the end of {job}")


def nodes(installation, role):
    """Processes of a training that live, the oldest first."""
    found = []
    for process in psutil.process_iter(["cmdline", "create_time", "status"]):
        words = process.info["cmdline"] or []
        if "training-node" in words and role in words and str(installation.data) in " ".join(words):
            found.append(process)
    return sorted(found, key=lambda process: process.info["create_time"])


def metrics(state):
    return state["metrics"] if isinstance(state["metrics"], dict) else {
        metric["name"]: metric["value"] for metric in state["metrics"]}


@pytest.fixture(scope="module")
def alone(house, data, tmp_path_factory):
    """What one process makes of it."""
    installation, keys = house
    path = specification(tmp_path_factory.mktemp("alone"), workers=0, shards=2)
    state = wait(installation, keys, start(installation, keys, path, data, "alone"))
    assert state["state"] == "FINISHED", state
    return metrics(state)


def same(found, expected):
    assert found["loss"] == pytest.approx(expected["loss"], abs=5e-4)
    assert found["val_accuracy"] == pytest.approx(expected["val_accuracy"], abs=2e-3)


def test_workers_and_servers_train_what_one_process_trains(house, data, tmp_path, alone):
    installation, keys = house
    job = start(
        installation, keys, specification(tmp_path), data, "shared", "--workers", "2", "--servers",
        "2")
    wait_until(lambda: len(nodes(installation, "worker")) == 2, 60, "two workers")
    servers = nodes(installation, "server")
    assert len(servers) == 2
    # The service's environment may hold secrets; its processes get none of them.
    for process in servers + nodes(installation, "worker"):
        assert set(process.environ()) <= {
            "TZ", "TMPDIR", "LD_LIBRARY_PATH", "GLIBC_TUNABLES", "MARTLET_ISA"}, process
    state = wait(installation, keys, job)
    assert state["state"] == "FINISHED", state
    same(metrics(state), alone)
    assert any("bytes a step" in note for note in state["notes"]), state
    assert state["version"] == 1
    wait_until(
        lambda: not nodes(installation, "worker") + nodes(installation, "server"), 10,
        "the processes' end")


@pytest.mark.parametrize("options", [
    ("--mode", "asynchronous"), ("--mode", "bounded"), ("--compression", "bf16"),
    ("--compression", "top_k")])
def test_other_modes_learn_as_well(house, data, tmp_path, alone, options):
    installation, keys = house
    state = wait(installation, keys, start(
        installation, keys, specification(tmp_path, epochs=10), data, "modes", "--workers", "2", *options))
    assert state["state"] == "FINISHED", state
    assert metrics(state)["val_accuracy"] > alone["val_accuracy"] - 0.03


@pytest.mark.kill
@pytest.mark.parametrize("role", ["worker", "server"])
def test_a_process_that_is_killed_is_replaced(house, data, tmp_path, alone, role):
    installation, keys = house
    job = start(
        installation, keys, specification(tmp_path, workers=2, servers=2), data, f"killed-{role}")
    for place in range(2):
        victims = wait_until(
            lambda: len(found := nodes(installation, role)) == 2 and found, 60, f"two of {role}")
        time.sleep(0.7)
        os.kill(victims[place].pid, signal.SIGKILL)
        wait_until(lambda: victims[place].pid not in [p.pid for p in nodes(installation, role)], 10,
                   "the death")
    state = wait(installation, keys, job)
    assert state["state"] == "FINISHED", state
    same(metrics(state), alone)


@pytest.mark.kill
@pytest.mark.parametrize("role", ["worker", "server"])
def test_a_process_that_is_paused_is_replaced(house, data, tmp_path, alone, role):
    installation, keys = house
    job = start(
        installation, keys, specification(tmp_path, workers=2, servers=2), data, f"paused-{role}")
    victims = wait_until(
        lambda: len(found := nodes(installation, role)) == 2 and found, 60, f"two of {role}")
    time.sleep(0.7)
    victims[1].suspend()
    state = wait(installation, keys, job)
    assert not victims[1].is_running()
    assert state["state"] == "FINISHED", state
    same(metrics(state), alone)


@pytest.mark.kill
def test_the_killed_coordinators_training_goes_on(house, data, tmp_path, alone):
    installation, keys = house
    job = start(
        installation, keys, specification(tmp_path, workers=2, servers=2), data, "coordinator")
    wait_until(lambda: len(nodes(installation, "worker")) == 2, 60, "two workers")
    time.sleep(1.5)
    orphans = nodes(installation, "worker") + nodes(installation, "server")
    installation.wait_restarted("model-0", installation.kill("model-0"))
    # Nobody works on for a coordinator that is gone.
    wait_until(lambda: not any(process.is_running() for process in orphans), 15, "the orphans' end")
    state = wait(installation, keys, job)
    assert state["state"] == "FINISHED", state
    same(metrics(state), alone)


def test_processes_that_are_started_elsewhere_join(house, data, tmp_path, alone):
    installation, keys = house
    job = start(
        installation, keys, specification(tmp_path, workers=2, shards=2, start="elsewhere"), data, "joined")
    folder = installation.data / "models" / "east" / ".training" / job / "cluster"
    wait_until((folder / "coordinator.json").exists, 60, "the coordinator")
    started = [
        subprocess.Popen([BINARY, "training-node", folder, "--role", role])
        for role in ("server", "worker", "worker")]
    state = wait(installation, keys, job)
    assert state["state"] == "FINISHED", state
    same(metrics(state), alone)
    assert [process.wait(10) for process in started] == [0, 0, 0]
    # Nothing is left by which anybody could join.
    assert not folder.exists()


def test_cancelled_trainings_leave_no_process(house, data, tmp_path):
    installation, keys = house
    job = start(
        installation, keys, specification(tmp_path, epochs=1000, workers=2), data, "cancelled")
    wait_until(lambda: len(nodes(installation, "worker")) == 2, 60, "two workers")
    installation.run("train", "cancel", job, key=keys.deploy)
    assert wait(installation, keys, job)["state"] == "CANCELLED"
    wait_until(
        lambda: not nodes(installation, "worker") + nodes(installation, "server"), 10,
        "the processes' end")


def test_what_a_worker_fails_with_is_a_sentence(house, tmp_path):
    installation, keys = house
    path = tmp_path / "labels.npz"
    labels = np.zeros(2000, np.int64)
    labels[1777] = 2
    np.savez(path, x=np.ones((2000, 20), np.float32), y=labels)
    spec = json.loads(specification(tmp_path, workers=2).read_text())
    del spec["fit"]["validation_split"]
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    job = start(installation, keys, tmp_path / "spec.json", path, "labels")
    state = wait(installation, keys, job)
    assert state["state"] == "FAILED" and state["code"] == "data", state
    assert "got 2" in state["message"]


def test_what_cannot_be_shared_is_refused_with_a_sentence(house, data, tmp_path):
    installation, keys = house
    table = tmp_path / "table.csv"
    table.write_text("a,y\n" + "".join(f"{i},{2 * i}\n" for i in range(20)))
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"class_name": "LinearRegression", "fit": {"target": "y"}}))
    job = start(installation, keys, spec, table, "classical", "--workers", "2")
    state = wait(installation, keys, job)
    assert state["state"] == "FAILED" and "networks only" in state["message"], state
    job = start(installation, keys, specification(tmp_path, workers=16), data, "many")
    state = wait(installation, keys, job)
    assert state["state"] == "FAILED" and "at most 16 workers and servers" in state["message"], state
    assert "got 17" in state["message"]
    job = start(
        installation, keys, specification(tmp_path), table, "modes", "--workers", "2", "--mode",
        "chaotic")
    state = wait(installation, keys, job)
    assert state["state"] == "FAILED" and 'got "chaotic"' in state["message"], state


def test_a_folder_that_is_none_is_a_sentence(house, tmp_path):
    installation, _ = house
    with pytest.raises(CommandFailed) as failure:
        installation.run(
            "training-node", tmp_path / "none", "--role", "worker", "--number", "0")
    assert "cannot be joined" in str(failure.value) and "none" in str(failure.value)
