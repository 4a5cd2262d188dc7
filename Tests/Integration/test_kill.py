"""`kill -9` under load: nothing acknowledged is lost, and what can go on goes on."""

import collections
import threading
import time

import grpc
import numpy as np
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

import management
from conftest import FIXTURES, Keys
from installation import ROOT, Installation, wait_until

pytestmark = pytest.mark.kill
Code = grpc.StatusCode
DIGIT = np.load(ROOT / "Models" / "digits" / "samples" / "inputs.npy")[:1]


@pytest.fixture
def installation():
    it = Installation(instances=2)
    try:
        it.start()
        it.create_tenant("north")
        it.keys = Keys(it, "north")
        it.deploy(ROOT / "Models" / "digits", "digits", it.keys.deploy)
        yield it
    finally:
        it.close()


def request():
    return service_pb2.ModelInferRequest(
        model_name="digits", raw_input_contents=[DIGIT.tobytes()],
        inputs=[service_pb2.ModelInferRequest.InferInputTensor(
            name="input", datatype="FP32", shape=[1, 1, 28, 28])])


class Load:
    """Clients that ask for a digit without a pause; remembers each outcome and when."""

    def __init__(self, installation, clients=4, key=None):
        self.installation, self.key = installation, key or installation.keys.infer
        self.outcomes, self.stopping = [], threading.Event()
        self.threads = [
            threading.Thread(target=self.ask, daemon=True) for _ in range(clients)]

    def ask(self):
        with self.installation.channel(self.key) as channel:
            stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
            while not self.stopping.is_set():
                started = time.monotonic()
                try:
                    answer = stub.ModelInfer(request(), timeout=10)
                    ok = len(answer.raw_output_contents[0]) == 40
                    code = Code.OK if ok else Code.DATA_LOSS
                    details = ""
                except grpc.RpcError as error:
                    code, details = error.code(), error.details()
                    time.sleep(0.01)
                self.outcomes.append((started, time.monotonic(), code, details))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        wait_until(lambda: len(self.outcomes) > 100, 10, "the load to start")
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(15)

    def run_for(self, seconds):
        time.sleep(seconds)

    def codes(self, after=0.0):
        return collections.Counter(
            code for started, _, code, _ in self.outcomes if started >= after)

    def failures(self):
        return [(code, details) for _, _, code, details in self.outcomes if code != Code.OK]


def test_killing_a_model_instance_fails_no_call(installation):
    with Load(installation) as load:
        for role in ("model-0", "model-1", "model-0"):
            dead = installation.kill(role)
            load.run_for(0.5)
            installation.wait_restarted(role, dead)
            load.run_for(1.0)  # until it is back among those that are asked
    assert load.failures() == []
    assert load.codes()[Code.OK] > 500


def test_models_deployed_while_an_instance_is_down_are_there_when_it_returns(installation):
    dead = installation.kill("model-1")
    installation.deploy(FIXTURES / "models" / "simple", "simple", installation.keys.deploy)
    installation.wait_restarted("model-1", dead)
    time.sleep(1)
    sixteen = np.arange(16, dtype="<i4").tobytes()
    good = service_pb2.ModelInferRequest(
        model_name="simple", raw_input_contents=[sixteen, sixteen],
        inputs=[service_pb2.ModelInferRequest.InferInputTensor(
            name=name, datatype="INT32", shape=[1, 16]) for name in ("INPUT0", "INPUT1")])
    with installation.channel(installation.keys.infer) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        for _ in range(40):  # both instances are asked
            stub.ModelInfer(good, timeout=5)


def create_keys_until(installation, stopping, acknowledged):
    """Creates keys without a pause; only those that were acknowledged count."""
    with installation.channel(installation.keys.manage) as channel:
        while not stopping.is_set():
            try:
                made = management.call(channel, "Keys/CreateKey", role="infer", timeout=5)
                acknowledged.append(made)
            except grpc.RpcError:
                time.sleep(0.01)


def test_killing_auth_keeps_known_keys_working_and_loses_no_acknowledged_key(installation):
    acknowledged, stopping = [], threading.Event()
    writer = threading.Thread(
        target=create_keys_until, args=[installation, stopping, acknowledged])
    never_seen = installation.create_key("north", "infer")  # the gateway has not met it
    unavailable = []
    with Load(installation) as load:
        writer.start()
        wait_until(lambda: len(acknowledged) > 5, 10, "keys to be made")
        for _ in range(3):
            dead = installation.kill("auth")
            # What an unknown key sees until auth is back: UNAVAILABLE, never a refusal.
            with installation.channel(never_seen) as channel:
                try:
                    service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer(
                        request(), timeout=10)
                except grpc.RpcError as error:
                    unavailable.append(error.code())
            installation.wait_restarted("auth", dead)
            load.run_for(0.7)
        stopping.set()
        writer.join(15)
    assert load.failures() == []
    assert set(unavailable) <= {Code.UNAVAILABLE}
    assert len(acknowledged) > 10
    with installation.channel(installation.keys.manage) as channel:
        listed = {key.id for key in management.call(channel, "Keys/ListKeys").keys}
    assert {made.key.id for made in acknowledged} <= listed
    for made in (acknowledged[0], acknowledged[-1], acknowledged[len(acknowledged) // 2]):
        with installation.channel(made.api_key) as channel:
            service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer(request(), timeout=5)


def test_while_auth_is_down_unknown_keys_get_unavailable(installation):
    """Auth is held down with SIGSTOP, so that the supervisor does not bring it back at once."""
    import os
    import signal
    never_seen = installation.create_key("north", "infer")
    with installation.channel(installation.keys.infer) as known:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(known)
        stub.ModelInfer(request(), timeout=5)
        pid = installation.pid("auth")
        os.kill(pid, signal.SIGSTOP)
        try:
            for _ in range(20):
                stub.ModelInfer(request(), timeout=5)
            with installation.channel(never_seen) as channel:
                with pytest.raises(grpc.RpcError) as error:
                    service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer(
                        request(), timeout=8)
                assert error.value.code() == Code.UNAVAILABLE
        finally:
            os.kill(pid, signal.SIGCONT)
    with installation.channel(never_seen) as channel:
        def works():
            try:
                return service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer(
                    request(), timeout=5)
            except grpc.RpcError:
                return None
        wait_until(works, 10, "the key to be known when auth is back")


def test_killing_the_gateway_loses_nothing_and_clients_reconnect(installation):
    acknowledged, stopping = [], threading.Event()
    writer = threading.Thread(
        target=create_keys_until, args=[installation, stopping, acknowledged])
    deployed = []
    with Load(installation) as load:
        writer.start()
        wait_until(lambda: len(acknowledged) > 5, 10, "keys to be made")
        for i in range(3):
            installation.deploy(
                FIXTURES / "models" / "identity_fp32", f"kept-{i}", installation.keys.deploy)
            deployed.append(f"kept-{i}")
            dead = installation.kill("gateway")
            installation.wait_restarted("gateway", dead)
            died = time.monotonic()
            wait_until(lambda: load.codes(after=died)[Code.OK] > 50, 15,
                       "the same channels to be answered again")
        stopping.set()
        writer.join(15)
    # A call that was in flight through the gateway that died may fail, but only so.
    assert {code for code, _ in load.failures()} <= {Code.UNAVAILABLE, Code.UNKNOWN,
                                                     Code.INTERNAL, Code.CANCELLED}
    with installation.channel(installation.keys.manage) as channel:
        listed = {key.id for key in management.call(channel, "Keys/ListKeys").keys}
        models = {m.name for m in management.call(channel, "Models/ListModels").models}
    assert {made.key.id for made in acknowledged} <= listed
    assert set(deployed) <= models


def test_stopping_drains_and_a_second_run_continues(installation):
    with Load(installation, clients=2) as load:
        load.run_for(0.2)
        started = time.monotonic()
        assert installation.stop() == 0
        assert time.monotonic() - started < 10
        stopped_at = time.monotonic()
    # What was in flight when the signal came was answered, not cut off.
    cut = [(code, text) for begin, end, code, text in load.outcomes
           if code not in (Code.OK, Code.UNAVAILABLE, Code.CANCELLED) and end < stopped_at]
    assert cut == []
    installation.start()
    with installation.channel(installation.keys.infer) as channel:
        service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer(request(), timeout=5)
    assert oct(installation.data.joinpath("admin.key").stat().st_mode)[-3:] == "600"


def test_every_role_is_ready_in_well_under_a_second(installation):
    assert installation.stop() == 0
    installation.start()
    assert installation.ready_seconds < 1.5  # four processes on a busy machine
