"""REST bodies that are promised and never end. A body is held whole before it is translated."""

import contextlib
import threading

import pytest

import raw_http1
from siege import MIB, count

SIZE = 20  # MiB of each


def send_most(connection, key):
    """Sends all of a body but the last mebibyte; the answer's status, if one came before the end."""
    fields = f"authorization: Bearer {key}\r\n" if key else ""
    with contextlib.suppress(OSError):
        connection.sendall(
            (f"POST /v2/models/identity/infer HTTP/1.1\r\nhost: a\r\n{fields}"
             f"content-length: {(SIZE + 1) * MIB}\r\n\r\n").encode())
        for _ in range(SIZE):
            connection.sendall(bytes(MIB))
    connection.settimeout(1)
    with contextlib.suppress(OSError):
        return connection.recv(12)[9:].decode()
    return "none"


@pytest.mark.parametrize("key, end, held", [("good", "429", 256), (None, "401", 0)])
def test_held_bodies(siege, key, end, held):
    connections = count(16, 128)
    name = "REST bodies that never end" + ("" if key else ", no key")
    with siege.attack(name, kept=64 << 20) as row:
        sockets = [raw_http1.connect(siege.installation) for _ in range(connections)]
        statuses = []
        threads = [
            threading.Thread(
                target=lambda s=s: statuses.append(send_most(s, siege.key if key else None)))
            for s in sockets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for s in sockets:
            s.close()
        assert set(statuses) <= {end, "none"} and end in statuses, statuses
        row.sent = f"{connections} bodies of {SIZE} MiB"
        row.end = end
    before, peak, _ = row.resident
    # What a tenant may have in flight; vectors that grow have room to spare.
    assert peak - before < held * 1.6 + 32, f"{peak - before} MiB"
