"""What a role's private port says of it."""

import re
import urllib.request


def operator(installation, role):
    """The address of a role's private port."""
    return (installation.data / "run" / f"{role}.operator").read_text().strip()


def metric(operator, name, **labels):
    """The sum of a metric's series that have these labels."""
    with urllib.request.urlopen(f"http://{operator}/metrics", timeout=5) as response:
        lines = response.read().decode().splitlines()
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines
               if re.match(name + r"[{ ]", line) and all(label in line for label in wanted))
