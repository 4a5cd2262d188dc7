"""A client of one connection that says exactly what a test wants, and what the RFC lets a server
answer. Silence is never waited for: a PING behind the stimulus tells when all of it was read."""

import dataclasses
import itertools
import socket
import ssl

import hpack

import http2_frames as h2
from http2_frames import ACK, END_HEADERS, END_STREAM, Code, Type

SECONDS_MAX = 10


@dataclasses.dataclass
class Target:
    """Where a server listens, and how to get in."""

    name: str
    address: tuple
    tls: ssl.SSLContext | None = None
    path: str = "/healthz"

    @property
    def scheme(self):
        return "https" if self.tls else "http"


@dataclasses.dataclass
class Response:
    fields: list
    body: bytes
    trailers: list

    @property
    def status(self):
        return dict(self.fields)[":status"]


class Peer:
    """One connection. `frames` has all that came, in order."""

    def __init__(self, target):
        self.target = target
        self.socket = socket.create_connection(target.address, timeout=SECONDS_MAX)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if target.tls:
            self.socket = target.tls.wrap_socket(self.socket, server_hostname="localhost")
            assert self.socket.selected_alpn_protocol() == "h2"
        self.buffer = b""
        self.frames = []
        self.blocks = {}
        self.decoder = hpack.Decoder()
        self.is_closed = False
        self.was_reset = False
        self.settings = None
        self.tokens = itertools.count(1)
        self.acknowledges_settings = True

    def close(self):
        self.socket.close()

    # --- sending -----------------------------------------------------------------------------

    def send(self, *frames):
        """All in one write, so that the server sees them together. A server that has closed is
        found out by reading."""
        try:
            self.socket.sendall(b"".join(frames))
        except (OSError, ssl.SSLError):
            pass

    def handshake(self, *settings):
        """Preface and settings of both sides, acknowledged."""
        self.send(h2.PREFACE, h2.settings(*settings))
        acknowledged = False
        while self.settings is None or not acknowledged:
            frame = self.read()
            assert frame, "the server closed the connection during the handshake"
            acknowledged = acknowledged or frame.type == Type.SETTINGS and frame.is_ack
        return self

    def apply(self, *settings):
        """Sends settings and waits for the acknowledgement."""
        self.send(h2.settings(*settings))
        self.read_until(lambda frame: frame.type == Type.SETTINGS and frame.is_ack)

    def fields(self, method="GET", path=None, **changes):
        """The pseudo-fields of a request that the target answers with a body."""
        return [(":method", method), (":scheme", self.target.scheme),
                (":path", path or self.target.path), (":authority", "localhost")]

    def request(self, stream=1, *more, method="GET", end=True, extra=()):
        """A HEADERS frame with a complete request, or one whose body follows."""
        block = h2.block([*self.fields(method), *extra]) + b"".join(more)
        return h2.headers(stream, block, END_HEADERS | (END_STREAM if end else 0))

    def post(self, stream=1, *extra):
        """A HEADERS frame whose request body follows."""
        return self.request(stream, method="POST", end=False, extra=extra)

    # --- reading -----------------------------------------------------------------------------

    def _fill(self, count):
        while len(self.buffer) < count:
            try:
                received = self.socket.recv(1 << 16)
            except TimeoutError:
                raise AssertionError(
                    f"nothing came for {SECONDS_MAX} s; before: {self.history()}") from None
            except (ConnectionError, ssl.SSLError):
                received, self.was_reset = b"", True
            if not received:
                self.is_closed = True
                return False
            self.buffer += received
        return True

    def read(self):
        """The next frame, or None when the connection has ended."""
        if self.is_closed or not self._fill(9):
            return None
        length = int.from_bytes(self.buffer[:3], "big")
        assert length <= h2.FRAME_BYTES_MAX, "the server's frame exceeds our limit"
        if not self._fill(9 + length):
            return None
        frame = h2.Frame(
            self.buffer[3], self.buffer[4],
            int.from_bytes(self.buffer[5:9], "big") & h2.WINDOW_MAX,
            self.buffer[9:9 + length])
        self.buffer = self.buffer[9 + length:]
        self.frames.append(frame)
        self._note(frame)
        return frame

    def _note(self, frame):
        if frame.type == Type.SETTINGS and not frame.is_ack:
            self.settings = frame.settings
            if self.acknowledges_settings:
                self.send(h2.settings(flags=ACK))
        elif frame.type == Type.PING and not frame.is_ack:
            self.send(h2.ping(frame.payload, ACK))
        elif frame.type == Type.HEADERS:
            # Every block goes through the decoder, or the next one could not be read.
            assert frame.flags & END_HEADERS, "our answers fit into one frame"
            self.blocks.setdefault(frame.stream, []).append(
                [(_text(name), _text(value)) for name, value
                 in self.decoder.decode(frame.payload)])

    def read_until(self, condition):
        """The first frame that fulfils the condition; the connection must not end before."""
        while True:
            frame = self.read()
            assert frame, f"the connection ended early; before: {self.history()}"
            if condition(frame):
                return frame

    def history(self):
        return ", ".join(map(str, self.frames[-12:])) or "nothing"

    # --- what the RFC permits ----------------------------------------------------------------

    def expect_alive(self):
        """Whatever was sent is tolerated: the connection answers PINGs. Returns the frames that
        came meanwhile."""
        start = len(self.frames)
        # Twice: an answer may overtake DATA that was queued before it, but only once.
        for _ in range(2):
            payload = next(self.tokens).to_bytes(8, "big")
            self.send(h2.ping(payload))
            self.read_until(lambda f: f.type == Type.PING and f.is_ack and f.payload == payload)
        return self.frames[start:-1]

    def expect_no_error(self):
        """Alive, and no stream was reset."""
        self.expect_alive()
        for frame in self.frames:
            assert frame.type not in (Type.RST_STREAM, Type.GOAWAY), self.history()

    def expect_connection_error(self, *codes):
        """5.4.1: a GOAWAY with one of the codes, then the end of the connection."""
        while frame := self.read():
            if frame.type == Type.GOAWAY:
                assert frame.code in codes, f"{frame}, expected {_names(codes)}"
                return self.expect_close()
            if frame.type == Type.RST_STREAM:
                assert frame.code in codes, f"{frame}, expected GOAWAY with {_names(codes)}"
        raise AssertionError(f"closed without GOAWAY; before: {self.history()}")

    def expect_stream_error(self, stream, *codes):
        """5.4.2: RST_STREAM with one of the codes on a connection that lives on; an endpoint may
        also treat it as a connection error (5.4.1)."""
        while frame := self.read():
            if frame.type == Type.GOAWAY:
                assert frame.code in codes, f"{frame}, expected {_names(codes)}"
                return self.expect_close()
            if frame.type == Type.RST_STREAM:
                assert frame.stream == stream, f"{frame}, expected stream {stream}"
                assert frame.code in codes, f"{frame}, expected {_names(codes)}"
                return self.expect_alive()
        raise AssertionError(f"closed without a word; before: {self.history()}")

    def expect_reset(self, stream, *codes):
        """RST_STREAM alone, where the RFC names it."""
        frame = self.read_until(lambda f: f.type == Type.RST_STREAM)
        assert frame.stream == stream and frame.code in codes, frame
        self.expect_alive()

    def expect_close(self):
        """The end of the connection, whatever came before it."""
        while self.read():
            pass

    def expect_response(self, stream=1, status="200"):
        """A whole response: HEADERS, DATA, perhaps trailers."""
        def ended():
            return any(f.stream == stream and f.ends_stream for f in self.frames)
        while not ended():
            frame = self.read()
            assert frame, f"the connection ended; before: {self.history()}"
            # NO_ERROR only says that the next request needs another connection.
            assert frame.type != Type.GOAWAY or frame.code == Code.NO_ERROR, frame
            assert not (frame.type == Type.RST_STREAM and frame.stream == stream), frame
        blocks = self.blocks[stream]
        body = b"".join(
            f.payload for f in self.frames if f.type == Type.DATA and f.stream == stream)
        response = Response(blocks[0], body, blocks[1] if len(blocks) > 1 else [])
        assert response.status == status, response
        return response

    def expect_data(self, stream=1):
        return self.read_until(lambda f: f.type == Type.DATA and f.stream == stream)


def _text(value):
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _names(codes):
    return " or ".join(code.name for code in codes)
