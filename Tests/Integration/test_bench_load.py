"""`martlet bench load`: what it counts is what happened."""

import json

import numpy as np
import pytest

from installation import ROOT

DIGITS = ROOT / "Models" / "digits" / "samples" / "inputs.npy"


@pytest.fixture
def digit(tmp_path):
    np.save(tmp_path / "digit.npy", np.load(DIGITS)[:1])
    return f"input={tmp_path / 'digit.npy'}"


def load(server, keys, *arguments, **options):
    return server.run("bench", "load", "--calls", "4", *arguments, key=keys.infer, **options)


def test_a_steady_rate(server, keys, digit):
    told = json.loads(load(
        server, keys, "digits", "--input", digit, "--rate", "200", "--seconds", "1",
        "--json").stdout)
    # As many calls as were due, whatever the machine's speed.
    assert told["calls"] == 200 and told["statuses"] == {"OK": 200}
    assert told["deviating"] == 0 and told["failures"] == []
    times = told["milliseconds"]
    assert 0 < times["p50"] <= times["p99"] <= times["p999"] <= times["max"]
    assert sum(second["good"] for second in told["seconds"]) == 200


def test_as_fast_as_answers_come(server, keys, digit):
    told = load(server, keys, "digits", "--input", digit, "--seconds", "0.5").stdout
    assert "good ones a second" in told and "p99.9" in told


@pytest.mark.parametrize("arguments,words", [
    (["no-such-model"], "NOT_FOUND"),
    (["digits", "--rate", "-1"], "--rate"),
    (["digits", "--seconds", "0"], "--seconds"),
    (["digits", "--connections", "0"], "--connections"),
    (["digits", "--input", "input"], "expected --input NAME=FILE.npy, got 'input'"),
])
def test_mistakes_get_a_sentence(server, keys, arguments, words):
    result = load(server, keys, *arguments, check=False)
    assert result.returncode not in (0, 1) and words in result.stderr
