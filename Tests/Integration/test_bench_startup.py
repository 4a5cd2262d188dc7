"""`martlet bench startup`: models load, run and go, and leave no memory behind."""

import json
import subprocess

import pytest

from installation import BINARY, ROOT
from onnx import TensorProto, helper

DIGITS = ROOT / "Models" / "digits" / "model.onnx"


def startup(path, *arguments):
    return subprocess.run([BINARY, "bench", "startup", "--model", path, *arguments],
                          capture_output=True, text=True, timeout=120)


@pytest.fixture
def wide(tmp_path):
    """Weights of 16 MB that are scaled, turned and packed: what leaks them shows at once."""
    size, kernel = 640, 3
    weights = helper.make_tensor(
        "w", TensorProto.FLOAT, [size, size, kernel, kernel],
        b"\0\0\0\x3c" * (size * size * kernel * kernel), raw=True)
    factors = helper.make_tensor("f", TensorProto.FLOAT, [size, 1, 1], b"\0\0\0\x40" * size, raw=True)
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size, 4, 4])
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
         helper.make_node("Mul", ["c", "f"], ["y"])],
        "wide", [value("x")], [value("y")], [weights, factors])
    path = tmp_path / "wide.onnx"
    path.write_bytes(helper.make_model(
        graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())
    return path


def test_cycles_leave_nothing_behind(wide):
    told = startup(wide, "--cycles", "30", "--json")
    row = json.loads(told.stdout)
    assert row["cycles"] == 30 and row["fileBytes"] == wide.stat().st_size
    # The weights are held once while the model is loaded, and not at all afterwards: 20 copies of
    # one would be 300 MB.
    assert row["residentBytes"] >= 16 << 20
    assert row["emptyBytes"] <= row["emptyBytesAfterTen"] + (8 << 20), row
    assert told.returncode in (0, 1)


def test_a_person_reads_a_table():
    told = startup(DIGITS, "--cycles", "10").stdout
    assert "load, warm" in told and "process without, after 10" in told


@pytest.mark.parametrize("arguments", [("--cycles", "9"), ("--threads", "0")])
def test_arguments_out_of_range_are_refused(arguments):
    assert startup(DIGITS, *arguments).returncode == 64
