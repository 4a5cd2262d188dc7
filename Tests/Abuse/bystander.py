"""A well-behaved client in a process of its own: small calls, a hundred a second, one at a time.

Each line on standard input is answered with what happened since the last one, as JSON. Started by
`Bystander`; as a program: bystander.py ADDRESS CA KEY.
"""

import json
import pathlib
import subprocess
import sys
import threading
import time

PERIOD_SECONDS = 0.01


class Bystander:
    """The process, seen from a test."""

    def __init__(self, installation, key):
        self.process = subprocess.Popen(
            [sys.executable, __file__, installation.address, str(installation.ca_path), key],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n", "the well-behaved client cannot call"

    def figures(self):
        """What happened since the last question: calls, failures, seconds, latencies."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


def main(address, ca, key):
    import grpc
    import numpy as np
    from tritonclient.grpc import service_pb2, service_pb2_grpc

    values = np.arange(16, dtype="<i4")
    request = service_pb2.ModelInferRequest(
        model_name="simple",
        inputs=[service_pb2.ModelInferRequest.InferInputTensor(
            name=name, datatype="INT32", shape=[1, 16]) for name in ("INPUT0", "INPUT1")],
        raw_input_contents=[values.tobytes()] * 2)
    channel = grpc.secure_channel(
        address, grpc.ssl_channel_credentials(pathlib.Path(ca).read_bytes()))
    infer = service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer
    metadata = [("authorization", f"Bearer {key}")]

    def call():
        answer = infer(request, timeout=20, metadata=metadata)
        assert np.array_equal(np.frombuffer(answer.raw_output_contents[0], "<i4"), values * 2)

    call()
    print("ready", flush=True)
    lock, seconds, failures, ended = threading.Lock(), [], [], False

    def work():
        while not ended:
            start, failure = time.monotonic(), None
            try:
                call()
            except (grpc.RpcError, AssertionError) as error:
                failure = str(error)[:300]
            took = time.monotonic() - start
            with lock:
                if failure:
                    failures.append(failure)
                else:
                    seconds.append(took)
            time.sleep(max(0, PERIOD_SECONDS - took))

    worker = threading.Thread(target=work)
    worker.start()
    since = time.monotonic()
    for _ in sys.stdin:
        with lock:
            taken, failed = sorted(seconds), list(failures)
            seconds.clear()
            failures.clear()
        now = time.monotonic()
        print(json.dumps({
            "calls": len(taken), "failures": failed, "seconds": now - since,
            "median": taken[len(taken) // 2] if taken else None,
            "p99": taken[len(taken) * 99 // 100] if taken else None}), flush=True)
        since = now
    ended = True
    worker.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
