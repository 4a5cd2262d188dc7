import datetime
import os
import pathlib
import platform
import subprocess

import pytest

from installation import BINARY, ROOT
from siege import IS_FULL, Siege, table

REPORT = ROOT / "docs" / "abuse.md"
ROWS = []


def pytest_sessionstart(session):
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is missing: run `make build` or set MARTLET_BIN", returncode=1)


@pytest.fixture(scope="session")
def siege():
    """A gateway with its default limits."""
    siege = Siege(ROWS)
    yield siege
    siege.close()


@pytest.fixture(scope="session")
def impatient():
    """A gateway that waits for seconds where the default is tens of them: the mechanism is the
    same, and a test does not have to wait."""
    siege = Siege(ROWS, {
        "handshakeSeconds": 2, "headersSeconds": 2, "settingsSeconds": 2, "writeStallSeconds": 2,
        "transferGraceSeconds": 2})
    yield siege
    siege.close()


def pytest_terminal_summary(terminalreporter, config):
    if not ROWS:
        return
    text = table(ROWS)
    terminalreporter.write_line("")
    terminalreporter.write_line(text)
    # The page has whole runs only.
    if IS_FULL and not terminalreporter.stats.get("failed") and not config.getoption("keyword"):
        with REPORT.open("a") as report:
            report.write(f"\n## {heading()}\n{text}\n")


def heading():
    commit = subprocess.run(
        ["git", "-C", ROOT, "describe", "--always", "--dirty=+"], capture_output=True, text=True)
    model = next((line.split(":", 1)[1].strip() for line
                  in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    day = datetime.date.today().isoformat()
    return f"{day}, {commit.stdout.strip()}, {model}, {os.cpu_count()} cores"
