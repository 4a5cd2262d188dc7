"""A client that gives all windows there are and then does not read from its socket."""

import socket

import http2_frames as h2
from http2_frames import Setting
from installation import wait_until
from peer import Peer, Target
from siege import INFER, count

STREAMS = 50
FLOATS = 32 << 10


class Deaf(Peer):
    """Leaves what comes in the kernel's small buffer."""

    def __init__(self, target):
        super().__init__(target)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)


def ends(siege):
    return siege.limit_count("write_stall") + siege.limit_count("slow_reader")


def test_slow_reader(impatient):
    connections = count(4, 40)
    seen = ends(impatient)
    with impatient.attack("slow reader") as row:
        peers = []
        for _ in range(connections):
            peer = Deaf(Target("gateway", impatient.address(), impatient.context(), INFER))
            peers.append(peer.handshake((Setting.INITIAL_WINDOW_SIZE, h2.WINDOW_MAX)))
            peer.send(h2.window_update(0, h2.WINDOW_MAX - h2.WINDOW_BYTES))
            for i in range(STREAMS):
                peer.send(*impatient.call(2 * i + 1, FLOATS))
        wait_until(lambda: ends(impatient) >= seen + connections, 60, "the stalled to be ended")
        for peer in peers:
            peer.close()
        row.sent = f"{connections * STREAMS} calls for {FLOATS >> 8} KiB"
        row.end = "connection ended or RST_STREAM"
    before, peak, _ = row.resident
    assert peak - before < 512, f"{peak:.0f} MiB"
