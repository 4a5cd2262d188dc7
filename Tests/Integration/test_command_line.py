"""What is wrong with a command line is said before anything is asked for; and nothing that others wrote moves
the terminal's cursor."""

import os
import struct
import subprocess

import pytest

from installation import BINARY, ROOT

KEY = "mk_" + "a" * 61


def run(*arguments, input=None, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MARTLET_")}
    return subprocess.run(
        [BINARY, *arguments], capture_output=True, timeout=20, input=input,
        env={**clean, "MARTLET_CA": "/etc/ssl/certs/ca-certificates.crt", **environment})


@pytest.mark.parametrize("option, value, words", [
    ("--max-tokens", "-1", "expected a whole number from 0 to 4294967295, got '-1'"),
    ("--max-tokens", "x", "expected a whole number from 0 to 4294967295, got 'x'"),
    ("--max-tokens", "4294967296", "got '4294967296'"),
    ("--temperature", "nan", "expected a number, got 'nan'"),
    ("--seed", "-5", "got '-5'"),
    ("--top-k", "-1", "got '-1'"),
    ("--timeout", "-1", "expected --timeout above 0 seconds, got -1"),
])
def test_a_wrong_number_is_told_with_what_came(option, value, words):
    result = run("generate", "m", "text", option, value)
    assert result.returncode == 64 and words in result.stderr.decode(), result.stderr
    assert "Missing value" not in result.stderr.decode()


@pytest.mark.parametrize("key", ["secret of something else", "sk_" + "a" * 61, "mk_a", "mk_" + "a" * 300,
                                 KEY + "\n", "mk_\u00fc" + "a" * 60])
def test_a_key_that_is_none_is_told_at_once_and_not_shown(key):
    for arguments, environment in (((), {"MARTLET_API_KEY": key}), (("--api-key", key), {})):
        result = run("model", "list", *arguments, **environment)
        text = result.stderr.decode()
        assert result.returncode == 64 and "expected an API key" in text and ", got " in text
        assert key.strip() not in text


def test_an_authority_that_cannot_be_read_or_is_none(tmp_path):
    for path in (tmp_path / "absent.pem", tmp_path):
        result = run("model", "list", MARTLET_CA=str(path), MARTLET_API_KEY=KEY)
        assert result.returncode == 66 and f"cannot read '{path}'" in result.stderr.decode()
    for content in (b"", b"no certificate", b"\0" * 100,
                    b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        path = tmp_path / "ca.pem"
        path.write_bytes(content)
        result = run("model", "list", MARTLET_CA=str(path), MARTLET_API_KEY=KEY)
        text = result.stderr.decode()
        assert result.returncode == 65 and str(path) in text and "expected PEM" in text, text


def test_arguments_are_text():
    result = run("generate", "m", b"\xc3\xa4\xff\xfeb")
    assert result.returncode == 64
    assert result.stderr == b"martlet: argument 3: expected UTF-8 text, got another byte at offset 2\n"


def test_standard_input_is_text():
    result = run("generate", "m", "-", input=b"a\xff\xfeb\n")
    assert result.returncode == 64
    assert result.stderr == (
        b"martlet: standard input: expected UTF-8 text, got another byte at offset 1\n")


def test_a_schemas_file_is_text(tmp_path):
    path = tmp_path / "schema.json"
    path.write_bytes(b'{"const": "\xe4"}')
    for command in (("generate", "m", "text"), ("chat", "m")):
        result = run(*command, "--json-schema", path, MARTLET_API_KEY=KEY)
        assert result.returncode == 65
        assert result.stderr.decode() == (
            f"martlet: '{path}': expected UTF-8 text, got another byte at offset 11\n")


def test_lines_of_a_conversation_are_text():
    # The last character is not whole. Nothing of it is sent: no server is asked.
    result = run("chat", "m", input=b"\xff\n\nHi \xe2\x82\r\n/exit\nno \xff\n", MARTLET_API_KEY=KEY)
    assert result.returncode == 0
    assert result.stderr.decode().splitlines() == [
        f"martlet: line {line}: expected UTF-8 text, got another byte at offset {offset}"
        for line, offset in ((1, 0), (3, 3))]


def language_models(folder):
    """A model with random weights, and the same one whose last norm and head are no numbers."""
    tiny = ROOT / "Tests" / "Fixtures" / "language-models" / "llama.gguf"
    spoilt = folder / "spoilt.gguf"
    spoilt.write_bytes(tiny.read_bytes()[:-26_304] + b"\xff" * 26_304)
    return tiny, spoilt


def test_a_text_that_fails_and_one_without_a_length(server, keys, tmp_path):
    tiny, spoilt = language_models(tmp_path)
    server.deploy(tiny, "tiny", keys.deploy)
    server.deploy(spoilt, "spoilt", keys.deploy)
    # About a token for each letter: 256 more would not fit the context of 512.
    answer = server.json("generate", "tiny", "q7" * 200, key=keys.infer)
    assert 0 < answer["generated_tokens"] <= 512 - answer["prompt_tokens"] < 256
    result = server.run(
        "generate", "tiny", "q7" * 200, "--max-tokens", 256, key=keys.infer, check=False)
    assert result.returncode == 65 and "max_tokens: expected at most" in result.stderr

    result = server.run("generate", "spoilt", "abc", key=keys.infer, check=False)
    assert result.returncode == 70 and "INTERNAL: expected finite logits" in result.stderr
    for name in ("tiny", "spoilt"):
        server.run("model", "delete", name, key=keys.deploy)


def hostile_file(architecture):
    def text(value):
        return struct.pack("<Q", len(value)) + value
    return (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text(b"general.architecture")
            + struct.pack("<I", 8) + text(architecture))


def test_names_in_a_file_do_not_reach_the_terminal_as_commands(server, keys, tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(hostile_file(b"\x1b]0;owned\x07\x1b[2Jllama\xe2\x80\xae"))
    result = server.run("model", "deploy", path, "--name", "hostile", key=keys.deploy, check=False)
    assert result.returncode == 65 and "owned" in result.stderr
    assert "\\u{1B}]0;owned\\u{7}" in result.stderr and "\\u{202E}" in result.stderr
    assert not any(ord(c) < 32 and c != "\n" or c == "\u202e" for c in result.stderr)
