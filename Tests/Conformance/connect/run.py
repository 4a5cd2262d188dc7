"""Runs cases of connect's conformance suite for gRPC against our server and our client.

The suite's own runner is a Go program; this one drives the same two programs by the same protocol,
with grpcio on the other side. Usage: run.py [PART OF A CASE'S NAME]
"""

import pathlib
import subprocess
import sys
import tempfile

import grpc

import cases
import raw
import reference
from check import problems
from under_test import GZIP, IDENTITY, Client, Server

FILTER = sys.argv[1] if len(sys.argv) > 1 else ""
COMPRESSIONS = {IDENTITY: None, GZIP: grpc.Compression.Gzip}
passed, failed = 0, []


def report(name, sentences):
    global passed
    sentences = list(sentences)
    passed += not sentences
    if sentences:
        failed.append(name)
        print(f"FAIL  {name}: {'; '.join(sentences)}")


def chosen(side, what):
    return [case for case in what if FILTER in f"{side}/{case.name}"]


def self_signed(folder, name):
    """(certificate, key) that nobody vouches for but themselves."""
    paths = [folder / f"{name}.pem", folder / f"{name}.key"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-out", paths[0], "-keyout", paths[1], "-days", "2", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
        check=True, capture_output=True)
    return tuple(path.read_bytes() for path in paths)


def test_server(name, what, compression=IDENTITY, use_tls=False, identity=None, limit=0):
    """Our server, grpcio's client."""
    what = chosen(f"server/{name}", what)
    if not what:
        return
    server = Server(use_tls, identity[0] if identity else b"", limit)
    options = [*reference.UNLIMITED]
    if use_tls:
        credentials = grpc.ssl_channel_credentials(
            server.certificate, *(reversed(identity) if identity else ()))
        channel = grpc.secure_channel(
            server.target, credentials, options, compression=COMPRESSIONS[compression])
    else:
        channel = grpc.insecure_channel(
            server.target, options, compression=COMPRESSIONS[compression])
    with channel:
        for case in what:
            report(f"server/{name}/{case.name}", problems(case, reference.call(case, channel)))
    if identity:
        with grpc.secure_channel(
                server.target, grpc.ssl_channel_credentials(server.certificate),
                options) as stranger:
            case = cases.Case("stranger", "unary", what[0].messages[:1], code=14)
            report(f"server/{name}/stranger", problems(case, reference.call(case, stranger)))
    server.close()


def test_client(name, what, compression=IDENTITY, certificate=None, identity=None):
    """Our client, grpcio's server."""
    what = chosen(f"client/{name}", what)
    if not what:
        return
    credentials = None
    if certificate:
        credentials = grpc.ssl_server_credentials(
            [tuple(reversed(certificate))], identity[0] if identity else None,
            identity is not None)
    server, port = reference.serve(credentials, COMPRESSIONS[compression])
    client = Client()
    for case in what:
        report(f"client/{name}/{case.name}", problems(case, client.run(
            case, port, compression, certificate[0] if certificate else b"", identity)))
    if identity:
        case = cases.Case("stranger", "unary", what[0].messages[:1], code=14)
        report(f"client/{name}/stranger", problems(
            case, client.run(case, port, compression, certificate[0])))
    client.close()
    server.stop(None)


def test_raw():
    server = Server()
    for name in raw.REQUESTS:
        if FILTER in f"server/raw/{name}":
            report(f"server/raw/{name}", raw.request_problems(server.target, name))
    server.close()
    client = Client()
    for name in raw.RESPONSES:
        if FILTER in f"client/raw/{name}":
            report(f"client/raw/{name}", raw.response_problems(client, name))
    client.close()


def main():
    common = [*cases.basic(), *cases.errors()]
    with tempfile.TemporaryDirectory() as folder:
        ours = self_signed(pathlib.Path(folder), "server")
        theirs = self_signed(pathlib.Path(folder), "client")
    for compression, name in ((IDENTITY, "identity"), (GZIP, "gzip")):
        test_server(f"clear/{name}", common, compression)
        test_client(f"clear/{name}", common, compression)
        test_server(f"limits/{name}", cases.sizes("server"), compression, limit=cases.LIMIT)
        test_client(f"limits/{name}", cases.sizes("client"), compression)
    test_server("timeouts", cases.timeouts())
    test_client("timeouts", cases.timeouts())
    test_client("cancellation", cases.cancellations())
    test_server("tls", common, use_tls=True)
    test_client("tls", common, certificate=ours)
    test_server("client-certificates", common, use_tls=True, identity=theirs)
    test_client("client-certificates", common, certificate=ours, identity=theirs)
    test_raw()
    print(f"{passed} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


main()
