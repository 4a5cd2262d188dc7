"""Folders of Hugging Face behind the gateway: SmolLM2 as float16 safetensors, deployed as stored and
quantised, beside its GGUF file; and the real all-MiniLM-L6-v2."""

import json
import shutil
import subprocess

import ml_dtypes
import numpy as np
import pytest

import huggingface_folder
import management
from conftest import Keys
from installation import ROOT, Installation
from test_generation import collect

TEXTS = ["Hello, wörld! 你好 🙂", "  spaces\tand\r\nlines 1234", "<|im_start|>user", "can't we'll"]


def deploy(installation, keys, path, name, *arguments):
    """Quantising takes its time in a build for debugging."""
    installation.run(
        "model", "deploy", path, "--name", name, "--timeout", 300, *arguments, key=keys.deploy,
        timeout=320)


@pytest.fixture(scope="module")
def smollm2():
    subprocess.run([ROOT / "scripts" / "language-models.sh", "smollm2"], check=True)
    return next((ROOT / ".build" / "language-models" / "smollm2").glob("*.gguf"))


@pytest.fixture(scope="module")
def folder(smollm2, tmp_path_factory):
    folder = tmp_path_factory.mktemp("folder") / "smollm2"
    huggingface_folder.convert(smollm2, folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def house(smollm2, folder):
    installation = Installation(instances=1)
    try:
        installation.start()
        installation.create_tenant("north")
        keys = Keys(installation, "north")
        deploy(installation, keys, smollm2, "file")
        deploy(installation, keys, folder, "folder")
        for kind in ("q8_0", "q4_K"):
            deploy(installation, keys, folder, kind, "--quantize", kind)
        yield installation, keys
    finally:
        installation.close()


@pytest.fixture(scope="module")
def channel(house):
    installation, keys = house
    with installation.channel(keys.infer) as channel:
        yield channel


def text(channel, model, method="Generate", **fields):
    return collect(management.stream(
        channel, f"Generation/{method}", model=model, options={
            "sampling": {"temperature": 0}, "max_tokens": 24}, **fields))[0]


def test_a_folder_answers_as_its_gguf_file(channel):
    """Float16 of the same numbers: the texts may part late, where two tokens are nearly even."""
    for prompt in ("The capital of France is", "Once upon a time", "Water boils at"):
        own, other = (text(channel, model, prompt=prompt) for model in ("folder", "file"))
        assert own.tokens[:8] == other.tokens[:8] and len(own.text) > 20


@pytest.mark.parametrize("model", ["folder", "q8_0", "q4_K"])
def test_a_folder_talks(channel, model):
    answer = text(channel, model, "Chat", messages=[
        {"role": "user", "content": "What is the capital of France?"}])
    assert "Paris" in answer.text and answer.finish == "stop"
    assert answer.usage.prompt_tokens == 37


def test_a_folder_has_its_gguf_files_tokens(channel):
    for written in TEXTS:
        for special in (False, True):
            own, other = (
                management.call(channel, "Generation/Tokenize", model=model, text=written,
                                parse_special=special)
                for model in ("folder", "file"))
            assert list(own.tokens) == list(other.tokens) and own.pieces == other.pieces


def test_only_the_models_files_are_stored(house):
    installation, _ = house
    stored = {file.name for file in (
        installation.data / "models" / "north" / "folder" / "1").iterdir()}
    assert stored == {
        "config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors.index.json",
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}
    quantised = {file.name for file in (
        installation.data / "models" / "north" / "q4_K" / "1").iterdir()}
    assert quantised == stored | {"config.pbtxt"}


def test_the_platform_is_named(house):
    installation, keys = house
    model = installation.json("model", "show", "folder", key=keys.infer)
    assert model["platform"] == "safetensors" and model["versions"][0]["state"] == "READY"


def refused(installation, keys, folder, *arguments):
    result = installation.run(
        "model", "deploy", folder, "--name", "spoiled", *arguments, key=keys.deploy, check=False)
    assert result.returncode != 0
    assert "spoiled" not in installation.run("model", "list", key=keys.deploy).stdout
    return result.stderr


def test_spoiled_folders_are_refused_with_a_sentence(house, tmp_path):
    installation, keys = house
    source = ROOT / "Tests" / "Fixtures" / "huggingface" / "llama"
    spoiled = tmp_path / "spoiled"
    shutil.copytree(source, spoiled)
    installation.deploy(spoiled, "tiny", keys.deploy)
    config = json.loads((spoiled / "config.json").read_text())

    (spoiled / "config.json").unlink()
    assert "config.json" in refused(installation, keys, spoiled)
    (spoiled / "config.json").write_text(json.dumps(config | {"architectures": ["Mamba2"]}))
    assert '"Mamba2"' in refused(installation, keys, spoiled)
    (spoiled / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    assert "model.layers.2" in refused(installation, keys, spoiled)
    (spoiled / "config.json").write_text(json.dumps(config))
    assert "q8_0, q4_K or none" in refused(installation, keys, spoiled, "--quantize", "q3")

    weights = (spoiled / "model.safetensors").read_bytes()
    (spoiled / "model.safetensors").write_bytes(weights[:-1])
    assert "truncated" in refused(installation, keys, spoiled)
    (spoiled / "model.safetensors").unlink()
    assert "model.safetensors.index.json" in refused(installation, keys, spoiled)
    (spoiled / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": "../../secret.safetensors"}}))
    assert "plain name" in refused(installation, keys, spoiled)
    (spoiled / "model.safetensors").write_bytes(weights)
    (spoiled / "tokenizer.json").unlink()
    assert "tokenizer.json" in refused(installation, keys, spoiled)


def test_an_onnx_model_is_not_quantised(house):
    installation, keys = house
    assert "language model" in refused(
        installation, keys, ROOT / "Models" / "wine", "--quantize", "q8_0")


def test_a_new_version_keeps_what_weights_become(house, tmp_path):
    installation, keys = house
    source = ROOT / "Tests" / "Fixtures" / "huggingface" / "llama"
    deploy(installation, keys, source, "kept", "--quantize", "q8_0")
    deploy(installation, keys, source, "kept")
    versions = installation.data / "models" / "north" / "kept"
    assert "q8_0" in (versions / "2" / "config.pbtxt").read_text()
    deploy(installation, keys, source, "kept", "--quantize", "none")
    assert "none" in (versions / "3" / "config.pbtxt").read_text()


def test_a_real_folder_embeds(house):
    """all-MiniLM-L6-v2 (BERT, F32), against what transformers computes of it."""
    installation, keys = house
    subprocess.run([ROOT / "scripts" / "language-models.sh", "minilm"], check=True)
    deploy(installation, keys, ROOT / ".build" / "language-models" / "minilm", "minilm")
    expected = json.loads(
        (ROOT / "Tests" / "Fixtures" / "huggingface" / "minilm.json").read_text())
    with installation.channel(keys.infer) as channel:
        answer = management.call(
            channel, "Generation/Embed", timeout=60, model="minilm", texts=list(expected))
    for row, want in zip(answer.embeddings, expected.values()):
        got = np.array(list(row.values))
        assert np.abs(got - np.array(want)).max() < 2e-3


def test_bfloat16_answers_too(house, smollm2, tmp_path):
    installation, keys = house
    huggingface_folder.convert(smollm2, tmp_path / "bf16", ml_dtypes.bfloat16, shards=1)
    deploy(installation, keys, tmp_path / "bf16", "bf16")
    with installation.channel(keys.infer) as channel:
        assert "Paris" in text(channel, "bf16", prompt="The capital of France is").text
