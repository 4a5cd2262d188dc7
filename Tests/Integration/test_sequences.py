"""Stateful models: a sequence's requests find its state, whichever connection they come by."""

import queue
import threading
import uuid

import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from conftest import FIXTURES, bearer, connect
from installation import wait_until

VALUES = [11, 7, 5, 3, 2, 0, 1]
NOT_STARTED = "must specify the START flag on the first request of the sequence"


def tensor(value):
    result = triton.InferInput("INPUT", [1, 1], "INT32")
    result.set_data_from_numpy(np.array([[value]], np.int32))
    return result


def step(client, headers, model, value, sequence, start=False, end=False):
    result = client.infer(
        model, [tensor(value)], headers=headers, sequence_id=sequence, sequence_start=start,
        sequence_end=end)
    return int(result.as_numpy("OUTPUT")[0, 0])


def whole(client, headers, model, values, sequence):
    return [
        step(client, headers, model, value, sequence, i == 0, i == len(values) - 1)
        for i, value in enumerate(values)]


def refused(call):
    with pytest.raises(InferenceServerException) as error:
        call()
    return error.value


@pytest.mark.parametrize("sequence", [1000, 2**63 - 1, "1001", str(uuid.uuid4())])
def test_a_sequence_is_summed_up(client, headers, sequence):
    assert whole(client, headers, "running_sum", VALUES, sequence) == list(np.cumsum(VALUES))


def test_signals_and_the_correlation_id_reach_the_model(client, headers):
    assert whole(client, headers, "simple_sequence", VALUES, 5) == [12, 7, 5, 3, 2, 0, 1]
    assert whole(client, headers, "simple_dyna_sequence", VALUES, 6) == [12, 7, 5, 3, 2, 0, 7]
    sums = list(np.cumsum(VALUES))
    sums[-1] += 1002
    assert whole(client, headers, "simple_string_dyna_sequence", VALUES, "1002") == sums


def test_interleaved_sequences_from_many_connections(server, keys):
    """Two model services and a connection a request: each sequence keeps to its own."""
    headers = bearer(keys.infer)
    failures = []

    def run(first):
        try:
            for i in range(12):
                for sequence in range(first, first + 5):
                    with connect(server, keys.infer) as client:
                        got = step(
                            client, headers, "running_sum", sequence, sequence, i == 0, i == 11)
                    assert got == sequence * (i + 1)
        except Exception as error:  # reported by the test, not by the thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=[100 * n]) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_stream_carries_several_sequences(client, headers):
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)), headers=headers)
    plans = {2000: VALUES, 2001: [-v for v in VALUES], "text": [1] * 7}
    for i in range(7):
        for sequence, values in plans.items():
            client.async_stream_infer(
                "running_sum", [tensor(values[i])], request_id=f"{sequence}",
                sequence_id=sequence, sequence_start=i == 0, sequence_end=i == 6)
    got = {str(sequence): [] for sequence in plans}
    for _ in range(21):
        result, error = answers.get(timeout=20)
        assert error is None
        got[result.get_response().id].append(int(result.as_numpy("OUTPUT")[0, 0]))
    client.stop_stream()
    for sequence, values in plans.items():
        assert got[str(sequence)] == list(np.cumsum(values))


def test_rules_of_sequences(client, headers):
    error = refused(lambda: step(client, headers, "running_sum", 1, 3000))
    assert error.status() == "StatusCode.INVALID_ARGUMENT"
    assert f"sequence 3000 to model 'running_sum' {NOT_STARTED}" in error.message()
    error = refused(lambda: client.infer("running_sum", [tensor(1)], headers=headers))
    assert "must specify a non-zero or non-empty correlation ID" in error.message()
    step(client, headers, "running_sum", 1, 3001, start=True, end=True)
    assert NOT_STARTED in refused(
        lambda: step(client, headers, "running_sum", 1, 3001)).message()
    # A second start begins anew.
    step(client, headers, "running_sum", 5, 3002, start=True)
    assert step(client, headers, "running_sum", 1, 3002, start=True) == 1
    pair = triton.InferInput("INPUT", [2, 1], "INT32")
    pair.set_data_from_numpy(np.array([[1], [2]], np.int32))
    assert "batch-size 1" in refused(lambda: client.infer(
        "running_sum", [pair], headers=headers, sequence_id=3002)).message()
    assert step(client, headers, "running_sum", 1, 3002, end=True) == 2


def test_tenants_do_not_share_sequences(server, client, headers, other):
    server.deploy(FIXTURES / "models" / "running_sum", "running_sum", other.deploy)
    foreign = bearer(other.infer)
    assert step(client, headers, "running_sum", 40, 4000, start=True) == 40
    assert NOT_STARTED in refused(
        lambda: step(client, foreign, "running_sum", 1, 4000)).message()
    assert step(client, foreign, "running_sum", 2, 4000, start=True, end=True) == 2
    assert step(client, headers, "running_sum", 2, 4000, end=True) == 42
    server.run("model", "delete", "running_sum", key=other.deploy)


def test_an_instance_that_dies_takes_only_its_own_sequences_along(server, client, headers):
    """Those that lived on it have to begin again, and are told so; nobody gets a wrong sum."""
    ids = range(5000, 5012)
    for sequence in ids:
        assert step(client, headers, "running_sum", sequence, sequence, start=True) == sequence
    dead = server.kill("model-0")
    server.wait_restarted("model-0", dead)

    def next_step(sequence):
        try:
            return step(client, headers, "running_sum", 1, sequence)
        except InferenceServerException as error:
            if error.status() == "StatusCode.UNAVAILABLE":
                return None  # its instance is not back yet
            assert NOT_STARTED in error.message()
            return "lost"

    outcomes = {
        sequence: wait_until(lambda: next_step(sequence), 10, "the instance to be back")
        for sequence in ids}
    kept = [s for s, outcome in outcomes.items() if outcome != "lost"]
    assert all(outcomes[s] == s + 1 for s in kept)
    assert 0 < len(kept) < len(ids)
    for sequence in set(ids) - set(kept):
        assert step(client, headers, "running_sum", 7, sequence, start=True) == 7
    for sequence in ids:
        step(client, headers, "running_sum", 0, sequence, end=True)
