#!/usr/bin/env python3
"""Writes tokenizers/models.json: what other engines make of the corpus with real models, those that
scripts/language-models.sh installs. A row is a hash of the tokens (FNV-1a of 64 bits over their 32-bit
little-endian numbers), with special tokens as text and parsed, and one of the decoded text's bytes.

SmolLM2 and Gemma 3 by llama.cpp (its Python binding's ctypes module and its library), MiniLM by
`tokenizers`. SmolLM2 is built with `tokenizers` too, and must be equal.

Needs: gguf==0.19.0, tokenizers==0.23.3, llama-cpp-python==0.3.36 in FOLDER, built below
FOLDER/vendor/llama.cpp/build. Usage: tokenizer_models.py FOLDER"""

import ctypes
import json
import os
import sys
import types
from pathlib import Path

import gguf
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "Tests/Fixtures/tokenizers"
MODELS = ROOT / ".build/language-models"
CORPUS = json.loads((FOLDER / "corpus.json").read_text())


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % (1 << 64)
    return f"{value:016x}"


def hashed(ids):
    return fnv(b"".join(int(id).to_bytes(4, "little") for id in ids))


def llama(folder):
    os.environ["LLAMA_CPP_LIB_PATH"] = f"{folder}/vendor/llama.cpp/build/bin"
    package = types.ModuleType("llama_cpp")
    package.__path__ = [f"{folder}/llama_cpp"]
    sys.modules["llama_cpp"] = package
    import llama_cpp.llama_cpp as library
    library.llama_backend_init()
    return library


def by_llama(library, path):
    parameters = library.llama_model_default_params()
    parameters.vocab_only = True
    model = library.llama_model_load_from_file(str(path).encode(), parameters)
    vocabulary = library.llama_model_get_vocab(model)
    for text in CORPUS:
        data = text.encode()
        rows = []
        for parses in (False, True):
            room = (ctypes.c_int32 * (len(data) + 16))()
            count = library.llama_tokenize(
                vocabulary, data, len(data), room, len(room), True, parses)
            rows.append(list(room[:count]))
        pieces = ctypes.create_string_buffer(len(data) * 4 + 1_024)
        ids = (ctypes.c_int32 * max(1, len(rows[1])))(*rows[1])
        size = library.llama_detokenize(
            vocabulary, ids, len(rows[1]), pieces, len(pieces), False, True)
        yield rows[0], rows[1], pieces.raw[:size]


def smollm2(path):
    reader = gguf.GGUFReader(path)
    value = lambda name: reader.fields[f"tokenizer.ggml.{name}"].contents()
    tokens, kinds = value("tokens"), value("token_type")
    tokenizer = Tokenizer(models.BPE(
        vocab={token: id for id, token in enumerate(tokens)},
        merges=[tuple(merge.split(" ")) for merge in value("merges")]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([
        AddedToken(token, special=True, normalized=False)
        for token, kind in zip(tokens, kinds) if kind == 3])
    return tokenizer


def by_tokenizers(tokenizer):
    for text in CORPUS:
        rows = []
        for parses in (False, True):
            tokenizer.encode_special_tokens = not parses
            rows.append(tokenizer.encode(text).ids)
        yield rows[0], rows[1], tokenizer.decode(rows[1], skip_special_tokens=False).encode()


def main():
    library = llama(sys.argv[1])
    path = next((MODELS / "smollm2").glob("*.gguf"))
    rows = {"smollm2": list(by_llama(library, path))}
    assert [r[:2] for r in rows["smollm2"]] == [r[:2] for r in by_tokenizers(smollm2(path))]
    rows["gemma3"] = list(by_llama(library, next((MODELS / "gemma3").glob("*.gguf"))))
    minilm = Tokenizer.from_file(str(MODELS / "minilm/tokenizer.json"))
    minilm.no_truncation()
    minilm.no_padding()
    rows["minilm"] = list(by_tokenizers(minilm))
    lines = [
        f'"{name}":[\n' + ",\n".join(
            json.dumps([hashed(one), hashed(two), fnv(text)]) for one, two, text in found) + "\n]"
        for name, found in rows.items()]
    (FOLDER / "models.json").write_text("{" + ",\n".join(lines) + "}\n")
    print({name: len(found) for name, found in rows.items()})


main()
