"""Training through the gateway: data and a description become a version, whatever dies meanwhile."""

import json
import re
import signal
import subprocess
import threading
import time
import xml.etree.ElementTree as ElementTree

import grpc
import numpy as np
import pytest

import management
from conftest import Keys
from installation import BINARY, CommandFailed, Installation, wait_until

Code = grpc.StatusCode
ENDED = {4: "CANCELLED", 5: "FAILED", 6: "FINISHED"}


def network(width, layers, epochs, loss, **fit):
    return {
        "class_name": "Sequential",
        "config": {"layers": [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, width]}}, *layers]},
        "compile": {"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.02}},
                    "loss": loss, "metrics": ["accuracy"] if width > 2 else ["mae"]},
        "fit": {"epochs": epochs, "batch_size": 20, "target": "y", "seed": 3, **fit}}


def dense(units, activation="linear"):
    return {"class_name": "Dense", "config": {"units": units, "activation": activation}}


# A sum, which can be learned exactly.
SUM = network(2, [dense(1)], 100, "mse")
SECRET = 73920178


@pytest.fixture(scope="module")
def house():
    """Two instances that share a repository, and two tenants."""
    installation = Installation(instances=2)
    try:
        installation.start()
        tenants = []
        for name in ("east", "west"):
            installation.create_tenant(name)
            tenants.append(Keys(installation, name))
        yield installation, *tenants
    finally:
        installation.close()


@pytest.fixture
def table(tmp_path):
    """y = 2a - 3b + 1, with 200 examples; a value that no log may show."""
    random = np.random.default_rng(6)
    x = random.normal(size=(200, 2)).round(4)
    lines = ["a,b,y"] + [f"{a},{b},{2 * a - 3 * b + 1:.6f}" for a, b in x]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def large(tmp_path):
    """Examples of two classes for trainings that take a while."""
    random = np.random.default_rng(7)
    x = random.normal(size=(20_000, 20)).astype(np.float32)
    y = (x[:, :4].sum(axis=1) + random.normal(size=20_000) > 0).astype(np.int64)
    path = tmp_path / "large.npz"
    np.savez(path, x=x, y=y)
    return path


def spec(tmp_path, value, name="spec.json"):
    path = tmp_path / name
    path.write_text(json.dumps(value))
    return path


def classes(epochs):
    """A network for the examples of `large`; it takes some 0.1 s an epoch."""
    return network(
        20, [dense(64, "relu"), dense(2, "softmax")], epochs, "sparse_categorical_crossentropy")


def detach(installation, key, specification, data, name):
    return installation.run(
        "train", specification, "--data", data, "--name", name, "--detach", key=key
    ).stdout.strip()


def show(installation, key, job):
    return installation.json("train", "show", job, key=key)


def wait_for(installation, key, job, states, seconds=120):
    return wait_until(
        lambda: (state := show(installation, key, job))["state"] in states and state, seconds,
        f"training {job} to be {states}")


def input_name(installation, keys, model):
    return installation.json("model", "show", model, key=keys.infer)["inputs"][0]["name"]


def create(channel, model, specification, file="training.csv", data=b"a,b,y\n1,2,3\n2,4,6\n", **options):
    request, response = (
        management.message("CreateTrainingRequest"), management.message("CreateTrainingResponse"))
    stub = channel.stream_unary(
        "/martlet.v1.Training/Create", request_serializer=request.SerializeToString,
        response_deserializer=response.FromString)
    parts = [request(model=model, specification=json.dumps(specification), options=options),
             request(file=file, data=data)]
    return stub(iter(parts), timeout=20).job


def refusal(body):
    with pytest.raises(grpc.RpcError) as error:
        body()
    return error.value.code()


def test_what_was_trained_is_served(house, table, tmp_path):
    installation, east, _ = house
    result = subprocess.run(
        [BINARY, "train", spec(tmp_path, SUM), "--data", table, "--name", "sum"],
        env=installation.environment(east.deploy), cwd=tmp_path, capture_output=True, text=True,
        timeout=120)
    assert result.returncode == 0, result.stderr
    assert "sum version 1" in result.stdout
    log = [json.loads(line) for line in (tmp_path / "sum.training.jsonl").read_text().splitlines()]
    assert log[0]["started"] == "begins"
    np.save(tmp_path / "x.npy", np.array([[1, 0], [0, 1], [0, 0]], np.float32))
    installation.run(
        "infer", "sum", "--input", f"{input_name(installation, east, 'sum')}={tmp_path / 'x.npy'}",
        "--output", tmp_path / "y.npz", key=east.infer)
    values = next(iter(np.load(tmp_path / "y.npz").values()))
    np.testing.assert_allclose(values.ravel(), [3, -2, 1], atol=1e-2)


def test_epochs_are_shown_written_and_drawn(house, large, tmp_path):
    installation, east, _ = house
    document = json.loads(installation.run(
        "train", spec(tmp_path, classes(5)), "--data", large, "--name", "drawn", "--seed", "3",
        "--log", tmp_path / "run.jsonl", "--json", key=east.deploy, timeout=180).stdout)
    assert document["training"]["state"] == "FINISHED"
    assert document["training"]["version"] == 1
    log = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert any(line.get("ends_epoch") for line in log)
    times = [line["time_ms"] for line in log]
    assert times == sorted(times)
    drawing = ElementTree.parse(tmp_path / "run.svg").getroot()
    assert drawing.tag.endswith("svg")
    assert len(drawing.findall(".//{*}polyline")) >= 1


@pytest.mark.parametrize("change, part", [
    ({"class_name": "Sequentiel"}, "Sequential"),
    ({"config": {"layers": [dense(1), {"class_name": "Denser", "config": {}}]}}, "Denser"),
    ({"fit": {"target": "y", "epoch": 3}}, "epoch"),
    ({"fit": {"target": "z"}}, "z"),
    ({"compile": {"loss": "mse", "optimizer": "adamant"}}, "adamant"),
])
def test_wrong_descriptions_say_what_is_wrong(house, table, tmp_path, change, part):
    installation, east, _ = house
    with pytest.raises(CommandFailed) as failure:
        installation.run(
            "train", spec(tmp_path, {**SUM, **change}), "--data", table, "--name", "wrong",
            "--no-log", key=east.deploy)
    assert failure.value.code == 65 and part in failure.value.stderr


@pytest.mark.parametrize("text, part", [
    ("a,y\n1,2\n3\n", "line 3, column 2: expected 2 columns"),
    ("a,y\n", "line of names only"),
    ("a,y\n" + "1,2\n" * 1000 + "x,2\n", "line 1002, column 1 ('a'): expected a number"),
    ("a,y\n1,\"2\n", "closing quotation mark"),
])
def test_wrong_data_say_where(house, tmp_path, text, part):
    installation, east, _ = house
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(CommandFailed) as failure:
        installation.run(
            "train", spec(tmp_path, SUM), "--data", tmp_path / "bad.csv", "--name", "wrong",
            "--no-log", key=east.deploy)
    assert failure.value.code == 65 and part in failure.value.stderr


def test_what_cannot_be_sent_is_said_at_once(house, tmp_path, table):
    installation, east, _ = house
    for data, code in [("missing.npz", 66), ("table.parquet", 65), ("table.txt", 65)]:
        if code == 65:
            (tmp_path / data).write_bytes(b"PAR1")
        with pytest.raises(CommandFailed) as failure:
            installation.run(
                "train", spec(tmp_path, SUM), "--data", tmp_path / data, "--name", "wrong",
                key=east.deploy)
        assert failure.value.code == code, failure.value.stderr
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(CommandFailed) as failure:
        installation.run(
            "train", spec(tmp_path, SUM), "--data", tmp_path / "empty.csv", "--name", "wrong",
            key=east.deploy)
    assert failure.value.code == 65 and "empty" in failure.value.stderr
    with pytest.raises(CommandFailed) as failure:
        installation.run(
            "train", spec(tmp_path, SUM), "--data", table, "--name", "wrong", "--workers", "300",
            key=east.deploy)
    assert failure.value.code == 65 and "shards (300), got 20" in failure.value.stderr


def test_tenants_and_rights(house):
    installation, east, west = house
    with installation.channel(east.deploy) as channel:
        job = create(channel, "mine", SUM).id
    narrow = installation.create_key("east", "deploy", "--models", "other*")
    cases = [("Get", {}), ("Cancel", {}), ("Resume", {}), ("Delete", {})]
    for key, code in [(west.deploy, Code.NOT_FOUND), (narrow, Code.NOT_FOUND),
                      (east.infer, Code.PERMISSION_DENIED), (None, Code.UNAUTHENTICATED)]:
        with installation.channel(key) as channel:
            for method, fields in cases:
                assert refusal(lambda: management.call(
                    channel, f"Training/{method}", id=job, **fields)) == code
            for method in ("Watch", "FetchModel"):
                assert refusal(lambda: list(management.stream(
                    channel, f"Training/{method}", id=job))) == code
            if key == narrow:
                assert refusal(lambda: create(channel, "mine", SUM)) == Code.PERMISSION_DENIED
            if key in (narrow, west.deploy):
                jobs = management.call(channel, "Training/List").jobs
                assert job not in [other.id for other in jobs]
    with installation.channel(east.deploy) as channel:
        assert job in [other.id for other in management.call(channel, "Training/List").jobs]


def test_cancelled_trainings_go_on(house, large, tmp_path):
    installation, east, _ = house
    job = detach(installation, east.deploy, spec(tmp_path, classes(60)), large, "paused")
    with installation.channel(east.deploy) as channel:
        for event in management.stream(channel, "Training/Watch", id=job):
            if event.progress.ends_epoch:
                break
    installation.run("train", "cancel", job, key=east.deploy)
    state = wait_for(installation, east.deploy, job, ["CANCELLED"])
    assert state["version"] == 0
    installation.run("train", "resume", job, key=east.deploy)
    result = installation.run(
        "train", "watch", job, "--log", tmp_path / "log.jsonl", key=east.deploy, timeout=180)
    assert "paused version 1" in result.stdout
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["started"] for line in log if "started" in line] == [
        "begins", "goes on from its last checkpoint"]
    # No epoch is computed twice: what was done when it was cancelled had been kept.
    epochs = [line["epoch"] for line in log if line.get("ends_epoch")]
    assert epochs == list(range(1, 61))


@pytest.mark.parametrize("name, config, inputs, expected", [
    ("Ridge", {"alpha": 1e-6}, {"x": [[1, 0], [0, 1], [0, 0]]}, [3, -2, 1]),
    ("DecisionTreeRegressor", {}, {"x": [[0, 0]]}, None),
    ("RandomForestRegressor", {"n_estimators": 5}, {"x": [[0, 0]]}, None),
])
def test_estimators_are_served(house, table, tmp_path, name, config, inputs, expected):
    installation, east, _ = house
    description = {"class_name": name, "config": config, "fit": {"features": ["a", "b"]}}
    model = name.lower()
    installation.run(
        "train", spec(tmp_path, description), "--data", table, "--name", model, "--target", "y",
        "--seed", "4", "--no-log", key=east.deploy)
    np.save(tmp_path / "x.npy", np.array(inputs["x"], np.float32))
    installation.run(
        "infer", model, "--input", f"{input_name(installation, east, model)}={tmp_path / 'x.npy'}",
        "--output", tmp_path / "y.npz", key=east.infer)
    values = next(iter(np.load(tmp_path / "y.npz").values())).ravel()
    if expected:
        np.testing.assert_allclose(values, expected, atol=1e-3)
    else:
        # Near the truth at 0, 0, which is 1.
        assert abs(values[0] - 1) < 2


def test_a_loss_that_is_no_number_ends_the_training(house, table, tmp_path):
    installation, east, _ = house
    wild = {**SUM, "compile": {"loss": "mse", "optimizer": {
        "class_name": "SGD", "config": {"learning_rate": 1e6}}}}
    job = detach(installation, east.deploy, spec(tmp_path, wild), table, "wild")
    state = wait_for(installation, east.deploy, job, ["FAILED"])
    assert state["code"] == "diverged" and "learning" in state["message"]


@pytest.mark.kill
def test_killed_processes_do_not_end_a_training(house, large, tmp_path):
    installation, east, _ = house
    job = detach(installation, east.deploy, spec(tmp_path, classes(150)), large, "survivor")
    folder = installation.data / "models" / "east" / ".training" / job
    watching = subprocess.Popen(
        [BINARY, "train", "watch", job, "--json"], env=installation.environment(east.deploy),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until((folder / "checkpoint").exists, 60, "a checkpoint")
    for _ in range(2):
        for role in ("model-0", "model-1"):
            installation.wait_restarted(role, installation.kill(role))
        # Longer than a checkpoint takes to come, so that the job gets further each time.
        time.sleep(2)
    output, error = watching.communicate(timeout=240)
    assert watching.returncode == 0, error
    assert json.loads(output)["training"]["version"] == 1
    models = installation.json("model", "list", key=east.deploy)
    versions = next(model["versions"] for model in models if model["name"] == "survivor")
    assert [version["version"] for version in versions] == [1]
    # The same training without a disturbance gives the same file.
    undisturbed = installation.json(
        "train", spec(tmp_path, classes(150)), "--data", large, "--name", "undisturbed", "--no-log",
        key=east.deploy)["training"]["id"]
    for name, id in (("one", job), ("two", undisturbed)):
        installation.run("train", "fetch", id, "--output", tmp_path / name, key=east.deploy)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_interrupt_lets_go(house, large, tmp_path):
    installation, east, _ = house
    process = subprocess.Popen(
        [BINARY, "train", spec(tmp_path, classes(60)), "--data", large, "--name", "released",
         "--log", tmp_path / "log.jsonl"],
        env=installation.environment(east.deploy), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    wait_until(
        lambda: (tmp_path / "log.jsonl").exists() and (tmp_path / "log.jsonl").read_text(), 60,
        "the first event")
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=10)
    assert process.returncode == 130
    job = re.search(r"martlet train watch (\w+)", error).group(1)
    assert f"martlet train cancel {job}" in error
    assert show(installation, east.deploy, job)["state"] in ("RUNNING", "WAITING", "FINISHED")
    wait_for(installation, east.deploy, job, ["FINISHED"])


def test_tenants_take_turns(large, tmp_path):
    installation = Installation(instances=1)
    try:
        installation.start()
        for name in ("east", "west"):
            installation.create_tenant(name)
        east, west = (installation.create_key(name, "deploy") for name in ("east", "west"))
        specification = spec(tmp_path, classes(8))
        jobs = [detach(installation, east, specification, large, f"e{i}") for i in range(4)]
        other = detach(installation, west, specification, large, "w")
        ends = {}
        with installation.channel(east) as mine, installation.channel(west) as theirs:
            for channel, ids in ((mine, jobs), (theirs, [other])):
                for job in ids:
                    *_, last = management.stream(channel, "Training/Watch", timeout=240, id=job)
                    assert ENDED[last.ended.state] == "FINISHED"
                    ends[job] = last.ended.ended_ms
        order = sorted(ends, key=ends.get)
        assert order.index(other) <= 2, "the second tenant waits for one job, or for two at most"
    finally:
        installation.close()


def test_values_are_in_no_log(house, tmp_path):
    installation, east, _ = house
    (tmp_path / "secret.csv").write_text(f"a,y\n{SECRET},1\n2,3\nx,{SECRET}\n")
    job = detach(installation, east.deploy, spec(tmp_path, SUM), tmp_path / "secret.csv", "quiet")
    wait_for(installation, east.deploy, job, ENDED.values())
    files = [installation.log, *(installation.data / "log").iterdir()]
    for file in files:
        assert str(SECRET) not in file.read_text(errors="replace"), file
    assert str(SECRET) not in json.dumps(show(installation, east.deploy, job))


def test_requests_are_answered_while_a_training_runs(house, large, tmp_path, table):
    installation, east, _ = house
    job = detach(installation, east.deploy, spec(tmp_path, classes(60)), large, "busy")
    installation.run(
        "train", spec(tmp_path, SUM), "--data", table, "--name", "asked", "--no-log",
        key=east.deploy, timeout=240)
    np.save(tmp_path / "x.npy", np.zeros((1, 2), np.float32))
    name = input_name(installation, east, "asked")
    answers = []

    def ask():
        for _ in range(5):
            answers.append(installation.json(
                "infer", "asked", "--input", f"{name}={tmp_path / 'x.npy'}", key=east.infer))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 10
    wait_for(installation, east.deploy, job, ["FINISHED"], seconds=240)


def test_deleted_trainings_are_gone_and_their_versions_stay(house, table, tmp_path):
    installation, east, _ = house
    document = installation.json(
        "train", spec(tmp_path, SUM), "--data", table, "--name", "kept", "--no-log",
        key=east.deploy)
    job = document["training"]["id"]
    folder = installation.data / "models" / "east" / ".training" / job
    assert not list(folder.glob("training.*")), "data go when they are not needed any more"
    installation.run("train", "delete", job, key=east.deploy)
    assert not folder.exists()
    with pytest.raises(CommandFailed) as failure:
        installation.run("train", "show", job, key=east.deploy)
    assert failure.value.code == 66
    assert "kept" in [model["name"] for model in installation.json("model", "list", key=east.deploy)]


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """Images of ten figures, moved and with noise: those of the first five, and all."""
    random = np.random.default_rng(12)
    drawn = np.kron(random.random((10, 4, 4)) > 0.5, np.ones((2, 2)))
    folder = tmp_path_factory.mktemp("figures")

    def examples(classes, count, name):
        y = random.integers(0, classes, count)
        x = random.normal(0, 0.4, (count, 12, 12, 1))
        for image, label, (row, column) in zip(x, y, random.integers(0, 5, (count, 2))):
            image[row:row + 8, column:column + 8, 0] += drawn[label]
        np.savez(folder / name, x=x.astype(np.float32), y=y)
        return folder / name

    return examples(5, 1500, "five.npz"), examples(10, 600, "ten.npz")


def figure_network(classes, epochs, frozen=False, head="head", **fit):
    def conv(name):
        return {"class_name": "Conv2D", "config": {
            "name": name, "filters": 12, "kernel_size": 3, "activation": "relu",
            "trainable": not frozen}}

    return {
        "class_name": "Sequential",
        "config": {"layers": [
            conv("first"), {"class_name": "MaxPooling2D", "config": {}}, conv("second"),
            {"class_name": "Flatten", "config": {}},
            {"class_name": "Dense", "config": {
                "name": head, "units": classes, "activation": "softmax",
                # A head that knows nothing says so, however large the features are.
                "kernel_initializer": "zeros"}}]},
        "compile": {"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.003}},
                    "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": epochs, "batch_size": 32, "seed": 3, **fit}}


def initializers(path):
    """Weights of an ONNX file by name, as their bytes."""
    import onnx

    return {tensor.name: tensor.raw_data for tensor in onnx.load(path).graph.initializer}


def first_loss(log):
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return next(line["metrics"]["loss"] for line in lines if line.get("ends_epoch"))


def test_a_training_begins_with_what_another_learned(house, figures, tmp_path):
    installation, east, west = house
    five, ten = figures

    def train(name, specification, data, *options, key=east.deploy):
        return installation.run(
            "train", spec(tmp_path, specification, f"{name}.json"), "--data", data, "--name", name,
            "--log", tmp_path / f"{name}.jsonl", *options, key=key, timeout=240).stdout

    def fetch(name):
        job = next(job["id"] for job in installation.json("train", "list", key=east.deploy)
                   if job["model"] == name)
        installation.run("train", "fetch", job, "--output", tmp_path / name, key=east.deploy)
        return initializers(tmp_path / name)

    train("figures", figure_network(5, 12), five)
    old = fetch("figures")
    output = train(
        "more", figure_network(10, 4, frozen=True, head="new"), ten, "--from", "figures")
    assert "4 of 6 weights from figures:1; new: new/kernel, new/bias" in output
    new = fetch("more")
    for layer in ("first", "second"):
        for weight in ("kernel", "bias"):
            assert new[f"{layer}/{weight}"] == old[f"{layer}/{weight}"]
    # A file of this machine gives the same.
    file = (tmp_path / "figures").rename(tmp_path / "figures.onnx")
    output = train(
        "sent", figure_network(10, 4, frozen=True, head="new"), ten, "--from", file)
    assert "4 of 6 weights from figures.onnx; new: new/kernel, new/bias" in output
    assert fetch("sent") == new
    train("scratch", figure_network(10, 4, head="new"), ten)
    assert first_loss(tmp_path / "more.jsonl") < 0.9 * first_loss(tmp_path / "scratch.jsonl")
    # The same name with another shape is said, unless it may be skipped.
    with pytest.raises(CommandFailed) as failure:
        train("wrong", figure_network(10, 1), ten, "--from", "figures:1")
    assert failure.value.code == 65
    assert "layer 'head': expected head/kernel of shape [108, 10]" in failure.value.stderr
    output = train("skips", figure_network(10, 1, skip_mismatch=True), ten, "--from", "figures:1")
    assert "4 of 6 weights from figures:1; new: head/kernel, head/bias" in output
    # Another tenant has no such model, and no version 2 is there.
    for key, name in ((west.deploy, "figures"), (east.deploy, "figures:2")):
        with pytest.raises(CommandFailed) as failure:
            train("none", figure_network(10, 1), ten, "--from", name, key=key)
        assert f"the initial model '{name}' is not found" in failure.value.stderr


@pytest.mark.kill
def test_killed_processes_do_not_begin_again_with_the_initial_model(house, figures, tmp_path):
    installation, east, _ = house
    five, ten = figures
    installation.run(
        "train", spec(tmp_path, figure_network(5, 3), "old.json"), "--data", five, "--name", "old",
        "--no-log", key=east.deploy, timeout=240)
    specification = spec(tmp_path, figure_network(
        10, 1_500, frozen=True, head="new", initial_model="old", checkpoint_steps=50), "new.json")
    job = detach(installation, east.deploy, specification, ten, "heir")
    undisturbed = detach(installation, east.deploy, specification, ten, "undisturbed-heir")
    folder = installation.data / "models" / "east" / ".training" / job
    # What is served under the name from now on is nothing to them.
    installation.run("model", "delete", "old", key=east.deploy)
    for _ in range(2):
        wait_until((folder / "checkpoint").exists, 60, "a checkpoint")
        for role in ("model-0", "model-1"):
            installation.wait_restarted(role, installation.kill(role))
        time.sleep(1)
    for id in (job, undisturbed):
        wait_for(installation, east.deploy, id, ["FINISHED"], seconds=240)
    assert not (folder / "initial.onnx").exists()
    log = (folder / "log.jsonl").read_text()
    assert log.count("4 of 6 weights from old:1") == 1
    assert "goes on from its last checkpoint" in log
    for name, id in (("one", job), ("two", undisturbed)):
        installation.run("train", "fetch", id, "--output", tmp_path / name, key=east.deploy)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
