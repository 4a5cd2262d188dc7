"""The programs under test: processes that speak the suite's protocol on their standard streams."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Integration"))

from installation import BINARY  # noqa: E402
from messages import KINDS, M, PACKAGE, fields, packed  # noqa: E402

GRPC, IDENTITY, GZIP = 2, 1, 2


class Program:
    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [str(BINARY), "conformance", *arguments], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)

    def send(self, message):
        data = message.SerializeToString()
        self.process.stdin.write(len(data).to_bytes(4, "big") + data)
        self.process.stdin.flush()

    def receive(self, cls):
        size = self.process.stdout.read(4)
        assert len(size) == 4, f"the program ended with {self.process.poll()}"
        return cls.FromString(self.process.stdout.read(int.from_bytes(size, "big")))

    def close(self):
        self.process.stdin.close()
        self.process.terminate()
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


class Server(Program):
    def __init__(self, use_tls=False, client_cert=b"", limit=0):
        super().__init__("server")
        self.send(M.ServerCompatRequest(
            wire_protocol=GRPC, use_tls=use_tls, client_tls_cert=client_cert,
            message_receive_limit=limit))
        where = self.receive(M.ServerCompatResponse)
        self.target, self.certificate = f"{where.host}:{where.port}", where.pem_cert


class Client(Program):
    def __init__(self):
        super().__init__("client")

    def run(self, case, port, compression=IDENTITY, server_cert=b"", credentials=None):
        """The ClientResponseResult of a case's call to 127.0.0.1:port."""
        method, _, _, number = KINDS[case.kind]
        request = M.ClientCompatRequest(
            test_name=case.name, wire_protocol=GRPC, compression=compression, host="127.0.0.1",
            port=port, server_tls_cert=server_cert, message_receive_limit=case.limit,
            service=f"{PACKAGE}.ConformanceService", method=case.method or method,
            stream_type=number, request_headers=fields(case.request_headers),
            request_messages=[packed(message) for message in case.messages],
            request_delay_ms=case.request_delay_ms, cancel=case.cancel)
        if case.timeout_ms:
            request.timeout_ms = case.timeout_ms
        if credentials:
            request.client_tls_creds.cert, request.client_tls_creds.key = credentials
        self.send(request)
        response = self.receive(M.ClientCompatResponse)
        assert response.test_name == case.name
        assert response.WhichOneof("result") == "response", response.error.message
        return response.response
