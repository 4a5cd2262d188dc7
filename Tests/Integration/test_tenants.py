"""Keys, rights, tenants: who may do what, and how fast it changes."""

import time

import grpc
import numpy as np
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

import management
from conftest import FIXTURES
from installation import ROOT, CommandFailed

Code = grpc.StatusCode
SIXTEEN = np.arange(16, dtype="<i4").tobytes()


def request(model="simple"):
    return service_pb2.ModelInferRequest(
        model_name=model, raw_input_contents=[SIXTEEN, SIXTEEN],
        inputs=[service_pb2.ModelInferRequest.InferInputTensor(
            name=name, datatype="INT32", shape=[1, 16]) for name in ("INPUT0", "INPUT1")])


def stub(channel):
    return service_pb2_grpc.GRPCInferenceServiceStub(channel)


def outcome(channel, model="simple", metadata=None):
    try:
        stub(channel).ModelInfer(request(model), timeout=10, metadata=metadata)
        return Code.OK
    except grpc.RpcError as error:
        return error.code()


# --- rights -------------------------------------------------------------------------------------

def rpcs(channel, model):
    """Every RPC of the protocol with the right it needs, as {name: call}."""
    s = stub(channel)
    load = service_pb2.RepositoryModelLoadRequest(model_name=model)
    unload = service_pb2.RepositoryModelUnloadRequest(model_name=model)
    return {
        "ModelReady": lambda: s.ModelReady(service_pb2.ModelReadyRequest(name=model), timeout=10),
        "ModelMetadata": lambda: s.ModelMetadata(
            service_pb2.ModelMetadataRequest(name=model), timeout=10),
        "ModelConfig": lambda: s.ModelConfig(
            service_pb2.ModelConfigRequest(name=model), timeout=10),
        "ModelStatistics": lambda: s.ModelStatistics(
            service_pb2.ModelStatisticsRequest(name=model), timeout=10),
        "RepositoryModelLoad": lambda: s.RepositoryModelLoad(load, timeout=10),
        "RepositoryModelUnload": lambda: s.RepositoryModelUnload(unload, timeout=10),
        "TraceSetting": lambda: s.TraceSetting(
            service_pb2.TraceSettingRequest(model_name=model), timeout=10),
        "LogSettings": lambda: s.LogSettings(service_pb2.LogSettingsRequest(), timeout=10),
        "SystemSharedMemoryRegister": lambda: s.SystemSharedMemoryRegister(
            service_pb2.SystemSharedMemoryRegisterRequest(name="r", key="/k", byte_size=64),
            timeout=10),
        "CudaSharedMemoryStatus": lambda: s.CudaSharedMemoryStatus(
            service_pb2.CudaSharedMemoryStatusRequest(), timeout=10),
    }


@pytest.mark.parametrize("rpc", [
    "RepositoryModelLoad", "RepositoryModelUnload", "TraceSetting", "LogSettings",
    "SystemSharedMemoryRegister"])
def test_a_key_for_inference_administers_nothing(server, keys, rpc):
    with server.channel(keys.infer) as channel:
        with pytest.raises(grpc.RpcError) as error:
            rpcs(channel, "simple")[rpc]()
    assert error.value.code() == Code.PERMISSION_DENIED, error.value.details()


@pytest.mark.parametrize("rpc", ["ModelMetadata", "ModelConfig", "ModelStatistics",
                                 "RepositoryModelLoad", "RepositoryModelUnload"])
def test_no_rpc_tells_another_tenants_model_from_one_that_does_not_exist(
        server, keys, other, rpc):
    answers = []
    with server.channel(keys.deploy) as channel:
        for model in ("private", "absent9"):
            with pytest.raises(grpc.RpcError) as error:
                rpcs(channel, model)[rpc]()
            answers.append(
                (error.value.code(), error.value.details().replace(model, "MODEL")))
    assert answers[0] == answers[1]
    assert answers[0][0] == Code.NOT_FOUND


def test_every_rpc_needs_a_key(server):
    with server.channel() as channel:
        for name, call in rpcs(channel, "simple").items():
            with pytest.raises(grpc.RpcError) as error:
                call()
            assert error.value.code() == Code.UNAUTHENTICATED, name


@pytest.mark.parametrize("method", [
    "ListModels", "ShowModel", "LoadModel", "UnloadModel", "DeleteModel"])
def test_model_management_is_per_tenant(server, keys, other, method):
    with server.channel(keys.deploy) as channel:
        if method == "ListModels":
            names = {m.name for m in management.call(channel, "Models/ListModels").models}
            assert "simple" in names and "private" not in names
            return
        with pytest.raises(grpc.RpcError) as error:
            management.call(channel, f"Models/{method}", name="private")
        assert error.value.code() == Code.NOT_FOUND
    with server.channel(other.infer) as channel:
        assert outcome(channel, "private") == Code.OK


def test_an_index_shows_only_ones_own_models(server, keys, other):
    for key, mine, theirs in [(keys.deploy, "simple", "private"),
                              (other.deploy, "private", "simple")]:
        with server.channel(key) as channel:
            index = stub(channel).RepositoryIndex(
                service_pb2.RepositoryIndexRequest(), timeout=10)
        names = {model.name for model in index.models}
        assert mine in names and theirs not in names


def test_statistics_of_all_models_show_only_ones_own(server, keys, other):
    with server.channel(other.infer) as channel:
        for _ in range(10):
            found = stub(channel).ModelStatistics(
                service_pb2.ModelStatisticsRequest(), timeout=10)
            names = {model.name for model in found.model_stats}
            # The tests of sequences deploy a model of this tenant's own as well.
            assert names <= {"private", "running_sum"}


def test_tenants_may_use_the_same_name(server, keys, other):
    server.deploy(FIXTURES / "models" / "identity_fp32", "shared-name", keys.deploy)
    server.deploy(FIXTURES / "models" / "identity_int64", "shared-name", other.deploy)
    found = []
    for key in (keys.infer, other.infer):
        with server.channel(key) as channel:
            for _ in range(4):
                answer = stub(channel).ModelMetadata(
                    service_pb2.ModelMetadataRequest(name="shared-name"), timeout=10)
                found.append(answer.inputs[0].datatype)
    assert found == ["FP32"] * 4 + ["INT64"] * 4


def test_a_key_for_some_models_reaches_only_those(server, keys):
    with server.channel(keys.manage) as channel:
        key = management.call(
            channel, "Keys/CreateKey", role="infer", model_patterns=["identity_*"]).api_key
    with server.channel(key) as channel:
        assert outcome(channel, "simple") == Code.PERMISSION_DENIED
        with pytest.raises(grpc.RpcError) as error:
            rpcs(channel, "simple")["ModelConfig"]()
        assert error.value.code() == Code.PERMISSION_DENIED
        assert rpcs(channel, "identity_fp32")["ModelReady"]().ready
        # The name may hide behind other fields, or come twice: the last one counts.
        hidden = service_pb2.ModelInferRequest(model_name="identity_fp32").SerializeToString()
        hidden += request("simple").SerializeToString()
        with pytest.raises(grpc.RpcError) as error:
            channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")(hidden, timeout=10)
        assert error.value.code() in (Code.PERMISSION_DENIED, Code.INVALID_ARGUMENT)
        late = request("").SerializeToString() + request("simple").SerializeToString()[:8]
        with pytest.raises(grpc.RpcError) as error:
            channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")(late, timeout=10)
        assert error.value.code() in (Code.PERMISSION_DENIED, Code.INVALID_ARGUMENT)


def test_every_message_of_a_stream_is_authorised(server, keys):
    with server.channel(keys.manage) as channel:
        key = management.call(
            channel, "Keys/CreateKey", role="infer", model_patterns=["identity_*"]).api_key
    allowed = service_pb2.ModelInferRequest(
        model_name="identity_fp32", raw_input_contents=[bytes(4)],
        inputs=[service_pb2.ModelInferRequest.InferInputTensor(
            name="INPUT0", datatype="FP32", shape=[1, 1])])
    with server.channel(key) as channel:
        answers, refused = [], None
        try:
            for answer in stub(channel).ModelStreamInfer(
                    iter([allowed, request("simple")]), timeout=10):
                answers.append(answer)
        except grpc.RpcError as error:
            refused = error.code()
    # The second message must not have been answered, in whichever form it was refused.
    good = [a for a in answers if not a.error_message]
    assert all(a.infer_response.model_name == "identity_fp32" for a in good)
    assert refused == Code.PERMISSION_DENIED or any(a.error_message for a in answers)


# --- managing keys ------------------------------------------------------------------------------

@pytest.mark.parametrize("role", ["infer", "deploy"])
def test_keys_are_managed_only_with_the_right_to(server, keys, role):
    with server.channel(getattr(keys, role)) as channel:
        for method, fields in [("CreateKey", {}), ("ListKeys", {}), ("ListAudit", {}),
                               ("RevokeKey", dict(key_id="x")), ("RotateKey", dict(key_id="x"))]:
            with pytest.raises(grpc.RpcError) as error:
                management.call(channel, f"Keys/{method}", **fields)
            assert error.value.code() == Code.PERMISSION_DENIED, method


def test_a_manager_reaches_no_other_tenant(server, keys, other):
    with server.channel(other.manage) as channel:
        [victim, *_] = management.call(channel, "Keys/ListKeys").keys
    with server.channel(keys.manage) as channel:
        for method, fields in [("CreateKey", dict(tenant="south", role="infer")),
                               ("ListKeys", dict(tenant="south")),
                               ("ListAudit", dict(tenant="south")),
                               ("RevokeKey", dict(key_id=victim.id)),
                               ("RotateKey", dict(key_id=victim.id))]:
            with pytest.raises(grpc.RpcError) as error:
                management.call(channel, f"Keys/{method}", **fields)
            assert error.value.code() in (Code.PERMISSION_DENIED, Code.NOT_FOUND), method
        with pytest.raises(grpc.RpcError) as error:
            management.call(channel, "Tenants/CreateTenant", name="mine")
        assert error.value.code() == Code.PERMISSION_DENIED
    with server.channel(other.infer) as channel:
        assert outcome(channel, "private") == Code.OK


def test_a_manager_cannot_raise_itself_to_administrator(server, keys):
    with server.channel(keys.manage) as channel:
        with pytest.raises(grpc.RpcError) as error:
            management.call(channel, "Keys/CreateKey", role="admin")
        assert error.value.code() in (Code.PERMISSION_DENIED, Code.INVALID_ARGUMENT)


def test_lists_never_show_a_secret(server, keys):
    output = server.run("key", "list", "--tenant", keys.tenant).stdout
    output += server.run("key", "list", "--tenant", keys.tenant, "--json").stdout
    for key in (keys.infer, keys.deploy, keys.manage):
        assert key not in output
    database = b"".join(p.read_bytes() for p in server.data.glob("auth.db*"))
    secrets = [k.encode() for k in (keys.infer, keys.deploy, keys.manage)]
    assert not [s for s in secrets if s in database or s[-40:] in database]


def test_the_audit_log_tells_who_made_and_revoked_a_key(server, keys):
    with server.channel(keys.manage) as channel:
        made = management.call(channel, "Keys/CreateKey", role="infer").key
        management.call(channel, "Keys/RevokeKey", key_id=made.id)
        entries, after = [], 0
        while page := management.call(
                channel, "Keys/ListAudit", after_sequence=after, limit=1000).entries:
            entries += page
            after = page[-1].sequence
    actions = [e.action for e in entries if e.subject == made.id or made.id in e.subject]
    assert "key.create" in actions and "key.revoke" in actions
    assert {entry.tenant for entry in entries} == {keys.tenant}
    assert len({entry.hash for entry in entries}) == len(entries)


def test_a_revoked_key_is_refused_within_one_second(server, keys):
    with server.channel(keys.manage) as manage:
        for _ in range(3):
            made = management.call(manage, "Keys/CreateKey", role="infer")
            with server.channel(made.api_key) as channel:
                assert outcome(channel) == Code.OK
                management.call(manage, "Keys/RevokeKey", key_id=made.key.id)
                revoked = time.monotonic()
                while outcome(channel) == Code.OK:
                    assert time.monotonic() - revoked < 1
                assert time.monotonic() - revoked < 1
                assert outcome(channel) == Code.UNAUTHENTICATED


def test_a_rotated_key_gives_way_to_its_successor(server, keys):
    with server.channel(keys.manage) as manage:
        made = management.call(manage, "Keys/CreateKey", role="infer")
        fresh = management.call(manage, "Keys/RotateKey", key_id=made.key.id)
    with server.channel(fresh.api_key) as channel:
        assert outcome(channel) == Code.OK
    with server.channel(made.api_key) as channel:
        end = time.monotonic() + 2
        while outcome(channel) == Code.OK:
            assert time.monotonic() < end, "the rotated key still works"
        assert outcome(channel) == Code.UNAUTHENTICATED


def test_a_deleted_tenants_keys_stop_working(server):
    server.create_tenant("short-lived")
    key = server.create_key("short-lived", "deploy")
    server.deploy(FIXTURES / "models" / "simple", "simple", key)
    with server.channel(key) as channel:
        assert outcome(channel) == Code.OK
        server.run("tenant", "delete", "short-lived")
        end = time.monotonic() + 2
        while outcome(channel) == Code.OK:
            assert time.monotonic() < end
        assert outcome(channel) == Code.UNAUTHENTICATED
    with pytest.raises(CommandFailed):
        server.create_key("short-lived")


# --- smuggled identities ------------------------------------------------------------------------

SMUGGLED = [
    [("x-martlet-tenant", "south")],
    [("x-martlet-tenant", "south"), ("x-martlet-rights", "infer,deploy,keys,admin"),
     ("x-martlet-models", "*"), ("x-martlet-key", "k"), ("x-martlet-request-id", "r")],
    [("x_martlet_tenant", "south"), ("x_martlet_rights", "admin")],
    [("x-martlet_tenant", "south")],
    [("x-martlet-tenant-bin", b"south")],
]


@pytest.mark.parametrize("metadata", SMUGGLED)
def test_an_identity_that_the_client_sends_is_ignored(server, keys, other, metadata):
    with server.channel(keys.infer) as channel:
        assert outcome(channel, "simple", metadata) == Code.OK
        assert outcome(channel, "private", metadata) == Code.NOT_FOUND
        with pytest.raises(grpc.RpcError) as error:
            stub(channel).RepositoryModelUnload(
                service_pb2.RepositoryModelUnloadRequest(model_name="simple"), timeout=10,
                metadata=metadata)
        assert error.value.code() == Code.PERMISSION_DENIED
        with pytest.raises(grpc.RpcError) as error:
            management.call(channel, "Keys/ListKeys", tenant="south", metadata=metadata)
        assert error.value.code() == Code.PERMISSION_DENIED
    with server.channel() as channel:
        assert outcome(channel, "private", metadata) == Code.UNAUTHENTICATED


# --- the command line ---------------------------------------------------------------------------

def test_exit_codes_tell_scripts_what_went_wrong(server, keys, other, tmp_path):
    run = lambda *a, key=None: server.run(*a, key=key, check=False)  # noqa: E731
    model = FIXTURES / "models" / "simple"
    assert run("model", "frobnicate").returncode == 64
    assert run("model", "deploy", tmp_path / "absent.onnx", "--name", "x",
               key=keys.deploy).returncode == 66
    assert run("model", "deploy", model, "--name", "x", key=keys.infer).returncode == 77
    assert run("model", "deploy", model, "--name", "x", key="mk_wrong").returncode == 77
    garbage = tmp_path / "garbage.onnx"
    garbage.write_bytes(b"\xff" * 100)
    assert run("model", "deploy", garbage, "--name", "x", key=keys.deploy).returncode == 65
    environment = {**server.environment(), "MARTLET_ADDRESS": "127.0.0.1:1"}
    import subprocess
    from installation import BINARY
    away = subprocess.run([BINARY, "model", "list"], env=environment, capture_output=True,
                          text=True, timeout=60)
    assert away.returncode == 69
    assert len(away.stderr.strip().splitlines()) == 1


def test_infer_from_the_command_line(server, keys, tmp_path):
    samples = ROOT / "Models" / "digits" / "samples"
    output = tmp_path / "answers.npz"
    server.run("infer", "digits", "--input", f"input={samples / 'inputs.npy'}",
               "--output", output, key=keys.infer)
    expected = np.load(FIXTURES / "digits" / "probabilities.npy")
    with np.load(output) as answers:
        np.testing.assert_allclose(answers["probabilities"], expected, atol=1e-4)
    document = server.json("infer", "digits", "--input", f"input={samples / 'inputs.npy'}",
                           key=keys.infer)
    assert document


def test_help_lists_the_commands(server):
    text = server.run("--help").stdout
    for command in ("up", "tenant", "key", "model", "infer", "bench"):
        assert command in text


def test_models_are_listed_shown_and_deleted(server, keys):
    server.deploy(FIXTURES / "models" / "simple", "to-delete", keys.deploy)
    assert "to-delete" in server.run("model", "list", key=keys.deploy).stdout
    assert "INT32" in server.run("model", "show", "to-delete", key=keys.deploy).stdout
    server.run("model", "delete", "to-delete", key=keys.deploy)
    assert "to-delete" not in server.run("model", "list", key=keys.deploy).stdout
    with server.channel(keys.infer) as channel:
        for _ in range(10):
            assert outcome(channel, "to-delete") == Code.NOT_FOUND
