#!/usr/bin/env python3
"""The gateway beside nginx before the same model service. Usage: peers.py PROGRAM

nginx terminates TLS and forwards over mTLS with the gateway's certificate and one fixed
identity: no keys, no rights, no access log. So it does strictly less than the gateway. It holds
one upstream connection a stream, so it may keep more of them than there are streams; with fewer it
would spend its time on handshakes.
"""

import pathlib
import subprocess
import sys
import time

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import load  # noqa: E402
from run import ROOT, ROUNDS, check_infer, infer_message, row  # noqa: E402
from service import Installation, free_address  # noqa: E402

CONFIGURATION = """\
worker_processes 1;
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  fastcgi_temp_path {directory}/fastcgi;
  proxy_temp_path {directory}/proxy;
  scgi_temp_path {directory}/scgi;
  uwsgi_temp_path {directory}/uwsgi;
  upstream model {{ server {upstream}; keepalive 1024; keepalive_requests 1000000; }}
  server {{
    listen {address} ssl http2;
    keepalive_requests 10000000;
    ssl_certificate {tls}/gateway.pem;
    ssl_certificate_key {tls}/gateway.key;
    location / {{
      grpc_pass grpcs://model;
      grpc_ssl_certificate {tls}/gateway.pem;
      grpc_ssl_certificate_key {tls}/gateway.key;
      grpc_set_header x-martlet-tenant bench;
      grpc_set_header x-martlet-key bench;
      grpc_set_header x-martlet-rights infer;
      grpc_set_header x-martlet-models *;
      grpc_set_header x-martlet-request-id bench;
    }}
  }}
}}
"""


def worker(master):
    """The one nginx process that does the work."""
    for _ in range(50):
        children = pathlib.Path(f"/proc/{master}/task/{master}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.1)
    raise RuntimeError("nginx started no worker")


def main(program):
    ours, theirs = [], []
    with Installation(program) as installation:
        key = installation.prepare(ROOT / "Tests" / "Fixtures" / "models" / "identity_fp32")
        address = free_address()
        configuration = installation.directory / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(
            directory=installation.directory, address=address, tls=installation.data / "tls",
            upstream=(installation.data / "run" / "model-0.address").read_text().strip()))
        nginx = subprocess.Popen(["nginx", "-c", configuration])
        try:
            process = worker(nginx.pid)
            message, path = infer_message(), "/inference.GRPCInferenceService/ModelInfer"
            check_infer(installation, key, message)
            with grpc.secure_channel(address, grpc.ssl_channel_credentials(
                    installation.ca)) as channel:
                channel.unary_unary(path)(message, timeout=10)
            gateway, headers = installation.pid("gateway"), [f"authorization: Bearer {key}"]
            for round in range(ROUNDS + 1):
                pair = (load.run(f"https://{installation.address}{path}", message, 30_000,
                                 gateway, headers),
                        load.run(f"https://{address}{path}", message, 30_000, process))
                if round:  # the first only warms
                    ours.append(pair[0])
                    theirs.append(pair[1])
        finally:
            nginx.terminate()
            nginx.wait(10)
    print(f"  {'proxy':<46} {'calls/s':>9}  {'CPU µs/call':>12}")
    mine = row("gateway: TLS, key, rights, access log → model", ours)
    other = row("nginx: TLS → model, nothing else", theirs)
    print(f"  ratio of CPU time: {mine[1] / other[1]:.2f}")


if __name__ == "__main__":
    main(str(pathlib.Path(sys.argv[1]).resolve()))
