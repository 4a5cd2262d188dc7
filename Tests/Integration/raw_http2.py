"""HTTP/2 by hand, for what a well-behaved gRPC library refuses to send."""

import socket
import ssl
import threading
import time

import h2.config
import h2.connection
import h2.events
import h2.exceptions


class Connection:
    """One TLS connection; `post` opens a stream, `finish` collects what came back on it."""

    def __init__(self, installation, address=None):
        context = ssl.create_default_context(cafile=str(installation.ca_path))
        context.set_alpn_protocols(["h2"])
        host, port = (address or installation.address).rsplit(":", 1)
        plain = socket.create_connection((host, int(port)), timeout=10)
        self.socket = context.wrap_socket(plain, server_hostname=host)
        assert self.socket.selected_alpn_protocol() == "h2"
        self.session = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=True, header_encoding="utf-8", validate_outbound_headers=False,
            normalize_outbound_headers=False))
        self.session.initiate_connection()
        self.flush()
        self.received = {}
        self.closed = False

    def flush(self):
        data = self.session.data_to_send()
        if data:
            self.socket.sendall(data)

    def open(self, path, key, headers=()):
        """Starts a gRPC call; returns the stream's number."""
        stream = self.session.get_next_available_stream_id()
        fields = [(":method", "POST"), (":scheme", "https"), (":authority", "localhost"),
                  (":path", path), ("content-type", "application/grpc"), ("te", "trailers")]
        if key:
            fields.append(("authorization", f"Bearer {key}"))
        self.session.send_headers(stream, [*fields, *headers])
        self.received[stream] = []
        self.flush()
        return stream

    def send(self, stream, data, end=False):
        """Sends as much as flow control allows, reading when it must wait, until an answer ends
        the stream."""
        view = memoryview(bytes(data))
        while view and not self.closed:
            window = min(self.session.local_flow_control_window(stream),
                         self.session.max_outbound_frame_size, len(view))
            if window <= 0:
                self.read()
                if self.ended(stream):
                    return
                continue
            self.session.send_data(stream, view[:window])
            view = view[window:]
            self.flush()
        if end:
            self.session.end_stream(stream)
            self.flush()

    def ended(self, stream):
        done = (h2.events.StreamEnded, h2.events.StreamReset)
        return any(isinstance(event, done) for event in self.received[stream])

    def read(self):
        """One read from the socket; False when the peer has closed the connection."""
        try:
            data = self.socket.recv(1 << 16)
        except (ConnectionError, ssl.SSLError):
            data = b""
        if not data:
            self.closed = True
            return False
        for event in self.session.receive_data(data):
            stream = getattr(event, "stream_id", None)
            if isinstance(event, h2.events.DataReceived):
                self.session.acknowledge_received_data(event.flow_controlled_length, stream)
            if stream in self.received:
                self.received[stream].append(event)
            if isinstance(event, h2.events.ConnectionTerminated):
                self.closed = True
        self.flush()
        return True

    def finish(self, stream, seconds=10):
        """(headers and trailers as one dictionary, body, reset code or None)."""
        end = time.monotonic() + seconds
        while not self.ended(stream):
            if time.monotonic() > end or not self.read():
                break
        fields, body, reset = {}, b"", None
        for event in self.received[stream]:
            if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
                fields.update(dict(event.headers))
            elif isinstance(event, h2.events.DataReceived):
                body += event.data
            elif isinstance(event, h2.events.StreamReset):
                reset = event.error_code
        return fields, body, reset

    def vanish(self):
        """Closes the socket without a word, as a client does whose machine is unplugged."""
        # SO_LINGER 0: a reset instead of an orderly end.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


def frame(message, compressed=0):
    """gRPC's length-prefixed message."""
    return bytes([compressed]) + len(message).to_bytes(4, "big") + message


class Upstream:
    """A service in clear text that does to each whole request what `behave` says.

    `behave(session, stream, number)` gets h2's session, the stream, and how many requests came
    before, and may return frames to send as they are; `resets` lists the (stream, code) that
    clients sent, `connections` counts them.
    """

    def __init__(self, behave):
        self.behave, self.resets, self.requests, self.connections = behave, [], 0, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection):
        session = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        session.initiate_connection()
        with connection:
            try:
                while True:
                    connection.sendall(session.data_to_send())
                    data = connection.recv(1 << 16)
                    if not data:
                        return
                    for event in session.receive_data(data):
                        if isinstance(event, h2.events.StreamReset):
                            self.resets.append((event.stream_id, event.error_code))
                        if isinstance(event, h2.events.StreamEnded):
                            number, self.requests = self.requests, self.requests + 1
                            frames = self.behave(session, event.stream_id, number)
                            connection.sendall(session.data_to_send() + (frames or b""))
            except (OSError, h2.exceptions.ProtocolError):
                pass

    def close(self):
        self.listener.close()
