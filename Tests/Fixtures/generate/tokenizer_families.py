#!/usr/bin/env python3
"""Trains a small tokenizer of each family on the corpus and Debian's licence texts, and writes it with
the tokens that Hugging Face `tokenizers` gives for every string of the corpus: tokenizers/NAME.json.

A row is [tokens, text, tokens, text]: with special tokens as text and parsed, with what special tokens
the post-processor adds; then decoded without special tokens. A text that is the string itself is null;
a row of two is one whose halves are alike. Where `tokenizers` lets a text become special tokens though it
shall not parse them, the first two are null: ours must not.

Needs: tokenizers==0.23.3. Usage: tokenizer_families.py [NAME...]"""

import base64
import json
import random
import struct
import sys
from pathlib import Path

from tokenizers import (
    AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers)

FOLDER = Path(__file__).parent.parent / "tokenizers"
CORPUS = json.loads((FOLDER / "corpus.json").read_text())
LICENCES = [
    Path("/usr/share/common-licenses", name).read_text(errors="replace")
    for name in ("GPL-3", "Apache-2.0", "MPL-2.0")]
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")


def texts():
    return [line for text in LICENCES for line in text.splitlines(True)] + CORPUS


def special(text, **flags):
    return AddedToken(text, special=True, normalized=False, **flags)


def byte_level(pre_tokenizer, size, normalizer=None, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.train_from_iterator(texts(), trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    return tokenizer


def gpt2():
    tokenizer = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True), 700)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens([special("<|endoftext|>"), special("<mask>", lstrip=True)])
    tokenizer.add_tokens([
        AddedToken("  ", normalized=False), AddedToken("<tool_call>", normalized=False, rstrip=True),
        AddedToken("word", normalized=False, single_word=True)])
    return tokenizer


def llama3():
    tokenizer = byte_level(
        pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), 900,
        ignore_merges=True)
    tokenizer.add_special_tokens([special("<|begin_of_text|>"), special("<|im_start|>"), special("<|im_end|>")])
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=True),
        processors.TemplateProcessing(
            single="<|begin_of_text|> $A", special_tokens=[
                ("<|begin_of_text|>", tokenizer.token_to_id("<|begin_of_text|>"))])])
    return tokenizer


def qwen2():
    tokenizer = byte_level(
        pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(QWEN2), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), 800,
        normalizers.NFC())
    tokenizer.add_special_tokens([special("<|endoftext|>"), special("<|im_start|>"), special("<|im_end|>")])
    tokenizer.add_tokens([AddedToken("<think>", normalized=False), AddedToken("é", normalized=True)])
    return tokenizer


def deepseek():
    tokenizer = byte_level(
        pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex("[\r\n]"), "isolated"),
            pre_tokenizers.Split(Regex(r"\s?\p{L}+"), "isolated"),
            pre_tokenizers.Split(Regex(r"\s?\p{P}+"), "isolated"),
            pre_tokenizers.Split(Regex("[一-龥ࠀ-一가-퟿]+"), "isolated"),
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), 700)
    tokenizer.add_special_tokens([special("<s>"), special("</s>")])
    return tokenizer


def splits():
    """Every behaviour of Split, none of which is in a common tokenizer."""
    tokenizer = byte_level(
        pre_tokenizers.Sequence([
            pre_tokenizers.Split("</", "removed"),
            pre_tokenizers.Split(Regex(r"\w+"), "merged_with_next"),
            pre_tokenizers.Split(Regex("[a-c]"), "contiguous"),
            pre_tokenizers.Split(Regex("[.!?]+"), "merged_with_previous"),
            pre_tokenizers.Split(Regex(r"\s"), "merged_with_next"),
            pre_tokenizers.Split(Regex("[0-9]{2}"), "contiguous", invert=True),
            pre_tokenizers.Punctuation("contiguous"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), 600)
    return tokenizer


def with_bytes(vocabulary, merges):
    """A vocabulary with the tokens that stand for bytes."""
    first = [f"<0x{byte:02X}>" for byte in range(256)]
    tokens = ["<unk>", "<s>", "</s>"] + first + [t for t in vocabulary if t not in ("<unk>", "<s>", "</s>")]
    return {token: index for index, token in enumerate(tokens)}, merges


def sentence_piece_pairs(prepend):
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.normalizer = normalizers.Replace(" ", "▁")
    trained.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trained.train_from_iterator(
        LICENCES[0].splitlines(True) + [t for t in CORPUS if "<s" not in t], trainers.BpeTrainer(
            vocab_size=900, limit_alphabet=300, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False))
    state = json.loads(trained.to_str())["model"]
    vocabulary, merges = with_bytes(state["vocab"], [tuple(m) for m in state["merges"]])
    tokenizer = Tokenizer(models.BPE(
        vocab=vocabulary, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.add_special_tokens([special("<unk>"), special("<s>"), special("</s>")])
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    if prepend:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        steps.append(decoders.Strip(" ", 1, 0))
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
        tokenizer.add_tokens([AddedToken("\n\n", normalized=False), AddedToken("<start_of_turn>", normalized=False)])
    tokenizer.decoder = decoders.Sequence(steps)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def llama2():
    return sentence_piece_pairs(prepend=True)


def gemma():
    return sentence_piece_pairs(prepend=False)


def unknown():
    """Pairs without bytes to fall back on: unknown characters stay unknown, each for itself."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator(LICENCES[0].splitlines(), trainers.BpeTrainer(
        vocab_size=500, special_tokens=["[UNK]"], show_progress=False))
    return tokenizer


def replacements(rules):
    """SentencePiece's table of a few rules: a double array whose keys have no common prefixes."""
    size = 256 * 64
    units, used, values = [0] * size, {0}, b""
    def place(base, label, unit):
        units[base ^ label] = unit
        used.add(base ^ label)
    def build(node, keys, base_hint):
        labels = sorted({key[0] for key, _ in keys})
        base = base_hint
        while any((base ^ label) in used for label in labels + [0]) or base & 0xFF:
            base += 256
        return base, labels
    def add(node, keys, is_root=False):
        nonlocal values
        base, labels = build(node, keys, 256)
        offset = base ^ node
        assert offset < 1 << 21
        for label in labels:
            used.add(base ^ label)
        used.add(base)
        units[node] |= offset << 10
        for label in labels:
            child = base ^ label
            units[child] = label
            rest = [(key[1:], value) for key, value in keys if key[0] == label]
            leaf = [value for key, value in rest if not key]
            deeper = [(key, value) for key, value in rest if key]
            if leaf:
                # The value is the child that no byte leads to.
                child_base = 256
                while any((child_base ^ l) in used for l in range(256)):
                    child_base += 256
                for l in range(256):
                    used.add(child_base ^ l)
                units[child] |= ((child_base ^ child) << 10) | 1 << 8
                units[child_base] = 1 << 31 | leaf[0]
                assert not deeper
            else:
                add(child, deeper)
    keys = []
    for old, new in rules:
        keys.append((old.encode(), len(values)))
        values += new.encode() + b"\0"
    add(0, keys, True)
    units = units[:max(used) + 257]
    array = struct.pack(f"<{len(units)}I", *units)
    return struct.pack("<I", len(array)) + array + values


def unigram(precompiled=None, fallback=False):
    tokenizer = Tokenizer(models.Unigram())
    steps = [normalizers.Replace(Regex(" {2,}"), " ")]
    steps.insert(0, precompiled or normalizers.NFKC())
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first" if fallback else "always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="first" if fallback else "always")
    tokenizer.train_from_iterator(LICENCES[0].splitlines() + CORPUS[:200], trainers.UnigramTrainer(
        vocab_size=700, unk_token="<unk>", special_tokens=["<pad>", "</s>", "<unk>"], show_progress=False))
    if fallback:
        state = json.loads(tokenizer.to_str())["model"]["vocab"]
        tokenizer.model = models.Unigram(
            [tuple(e) for e in state] + [(f"<0x{b:02X}>", -20.0) for b in range(256)], 2, True)
        tokenizer.decoder = decoders.Sequence([
            decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first")])
    tokenizer.add_special_tokens([special("<pad>"), special("</s>"), special("<extra_id_0>", rstrip=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def t5():
    return unigram()


def xlm():
    rules = [("ﬁ", "fi"), ("ﬂ", "fl"), ("①", "1"), ("\u00a0", " "), ("\u3000", " "), ("\u200b", " "),
             ("e\u0301", "é"), ("Å", "A"), ("\t", " "), ("\n", " "), ("👍🏽", "+1"), ("ﾊﾟ", "パ")]
    state = {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(replacements(rules)).decode()}
    return unigram(normalizers.Precompiled(base64.b64decode(state["precompiled_charsmap"])), fallback=True)


def word_piece(lowercase, **options):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase, **options)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(cleanup=lowercase)
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(LICENCES[0].splitlines() + CORPUS, trainers.WordPieceTrainer(
        vocab_size=900, limit_alphabet=400, special_tokens=specials, show_progress=False))
    tokenizer.add_special_tokens([special(t) for t in specials[:-1]] + [special("[MASK]", lstrip=True)])
    return tokenizer


def bert():
    tokenizer = word_piece(True)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


def bert_cased():
    tokenizer = word_piece(False, strip_accents=False, handle_chinese_chars=False)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


FAMILIES = [gpt2, llama3, qwen2, deepseek, splits, llama2, gemma, unknown, t5, xlm, bert, bert_cased]


def injected(tokenizer, text):
    """Whether a text becomes special tokens though they are not parsed."""
    tokenizer.encode_special_tokens = True
    special = {
        id for id, token in tokenizer.get_added_tokens_decoder().items()
        if token.special and token.content not in ("<unk>", "[UNK]")}
    ids = set(tokenizer.encode(text, add_special_tokens=False).ids)
    # A unigram model has its unknown token among those that text may become.
    return bool(ids & special) or text == "<unk>" and isinstance(tokenizer.model, models.Unigram)


def rows(tokenizer, strings):
    for text in strings:
        row = []
        for parses in (False, True):
            tokenizer.encode_special_tokens = not parses
            ids = tokenizer.encode(text).ids
            decoded = tokenizer.decode(ids, skip_special_tokens=True)
            row += [ids, None if decoded == text else decoded]
        if injected(tokenizer, text):
            row[:2] = [None, None]
        if row[:2] == row[2:]:
            row = row[:2]
        yield row


def decoded(tokenizer):
    """Texts of tokens that nobody wrote: parts of characters, and what models make of nothing."""
    chooser = random.Random(11)
    size = tokenizer.get_vocab_size()
    for count in range(60):
        # Low numbers are special tokens and bytes.
        ids = [
            chooser.randrange(size if chooser.random() < 0.5 else min(size, 260))
            for _ in range(count % 16)]
        yield [ids, tokenizer.decode(ids, skip_special_tokens=count % 2 == 0)]


def main():
    for make in FAMILIES:
        if sys.argv[1:] and make.__name__ not in sys.argv[1:]:
            continue
        tokenizer = make()
        state = json.loads(tokenizer.to_str())
        lines = ",\n".join(
            json.dumps(row, ensure_ascii=True, separators=(",", ":")) for row in rows(tokenizer, CORPUS))
        text = '{"tokenizer":' + json.dumps(state, ensure_ascii=False, separators=(",", ":")) + \
            ',\n"rows":[\n' + lines + '\n],\n"decoded":' + \
            json.dumps(list(decoded(tokenizer)), separators=(",", ":")) + "}\n"
        path = FOLDER / f"{make.__name__}.json"
        path.write_text(text)
        print(path.name, len(text), tokenizer.get_vocab_size(), "tokens")


main()
