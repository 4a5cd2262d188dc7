"""Tables of results, and the way to the integration tests' tools."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Integration"))


def table(rows, columns):
    """Prints a table of results; returns how many are not `pass`."""
    width = max(len(name) for name in rows)
    print(" " * width + "  " + "  ".join(columns))
    failed = 0
    for name, results in rows.items():
        cells = []
        for column in columns:
            result = results.get(column, "-")
            failed += result not in ("pass", "-")
            cells.append(result.ljust(len(column)))
        print(name.ljust(width) + "  " + "  ".join(cells).rstrip())
    return failed


def finish(passed, failed):
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
