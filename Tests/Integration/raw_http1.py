"""HTTP/1.1 by hand over TLS, for what a well-behaved library refuses to send."""

import socket
import ssl


def connect(installation, alpn=("http/1.1",)):
    context = ssl.create_default_context(cafile=str(installation.ca_path))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    host, port = installation.address.rsplit(":", 1)
    plain = socket.create_connection((host, int(port)), timeout=10)
    return context.wrap_socket(plain, server_hostname=host)


def read_to_end(connection):
    """Everything until the peer ends."""
    received = b""
    while True:
        try:
            data = connection.recv(1 << 16)
        except ssl.SSLEOFError:
            data = b""
        if not data:
            return received
        received += data


def exchange(installation, data, alpn=("http/1.1",)):
    """Sends bytes and returns all that comes until the gateway closes the connection."""
    with connect(installation, alpn) as connection:
        connection.sendall(data)
        return read_to_end(connection)
