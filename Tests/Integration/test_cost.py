"""The forwarding path stays cheap: instructions and allocations a request, counted by callgrind."""

import json
import pathlib
import sys

import pytest

from installation import BINARY

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

# What compilers of one version may differ by, and what a change may add unnoticed.
TOLERANCE = 0.05


@pytest.mark.skipif("/debug/" in str(BINARY), reason="a debug build costs what it costs")
def test_a_forwarded_call_costs_what_is_recorded_and_allocates_nothing():
    import instructions
    found, allocations = instructions.measure(BINARY)
    recorded = json.loads(instructions.RECORD.read_text())
    # OpenSSL's record layer makes three small blocks for each record it writes; a record carries
    # several answers. Nobody else may allocate, but for timers: a request takes a millisecond here.
    assert allocations.pop("libcrypto", 0) < 1, "libcrypto allocates for more than records"
    assert sum(allocations.values()) < 0.2, f"allocations a request: {allocations}"
    for name, count in recorded.items():
        assert found[name] <= count * (1 + TOLERANCE), (
            f"{name}: {found[name]:,} instructions a request, recorded are {count:,}; if the change "
            "is worth it, run bench/instructions.py PROGRAM --record")
        assert found[name] >= count * (1 - 2 * TOLERANCE), (
            f"{name}: {found[name]:,} instructions a request, {count:,} recorded: record the gain "
            "with bench/instructions.py PROGRAM --record")
