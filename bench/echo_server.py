#!/usr/bin/env python3
"""A grpcio echo server, bytes in and out. Usage: echo_server.py HOST:PORT"""

import signal
import sys
import threading
from concurrent import futures

import grpc


class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: request)


if __name__ == "__main__":
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers([Echo()])
    server.add_insecure_port(sys.argv[1])
    server.start()
    print(f"ready {sys.argv[1]}", flush=True)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    stopping.wait()
    server.stop(1).wait()
