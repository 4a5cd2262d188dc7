"""HTTP/2 by hand, for what a well-behaved gRPC library refuses to send."""

import socket
import ssl
import time

import h2.config
import h2.connection
import h2.events


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
