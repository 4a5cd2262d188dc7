"""Makes a folder of Hugging Face (config.json, safetensors in shards, tokenizer.json) of a GGUF file
of Llama's architecture, with numpy alone: a real model where no hub is reachable."""

import json

import gguf
import ml_dtypes
import numpy as np
from gguf.quants import dequantize

NAMES = {
    "token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head",
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
CONTROL = 3
TYPES = {np.dtype(np.float32): "F32", np.dtype(np.float16): "F16",
         np.dtype(ml_dtypes.bfloat16): "BF16"}


def save(path, tensors):
    """A safetensors file."""
    header, offset = {}, 0
    for name, array in tensors.items():
        end = offset + array.nbytes
        header[name] = {"dtype": TYPES[array.dtype], "shape": list(array.shape),
                        "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in tensors.values():
            file.write(array.tobytes())


def half_pairs(weight, heads):
    """GGUF has pairs of a head's rows side by side, Hugging Face a head's halves."""
    rows, columns = weight.shape
    pairs = weight.reshape(heads, rows // heads // 2, 2, columns)
    return pairs.swapaxes(1, 2).reshape(rows, columns)


def convert(source, folder, dtype=np.float16, shards=2):
    reader = gguf.GGUFReader(source)

    def value(key):
        return reader.fields[key].contents()

    heads, key_heads = value("llama.attention.head_count"), value("llama.attention.head_count_kv")
    tensors = {}
    for tensor in reader.tensors:
        parts = tensor.name.removesuffix(".weight").split(".")
        weight = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if parts[-1] == "attn_q":
            weight = half_pairs(weight, heads)
        elif parts[-1] == "attn_k":
            weight = half_pairs(weight, key_heads)
        layer = f"model.layers.{parts[1]}." if parts[0] == "blk" else ""
        tensors[f"{layer}{NAMES[parts[-1]]}.weight"] = weight.astype(dtype)
    folder.mkdir(parents=True)
    names = sorted(tensors)
    places = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = names[shard::shards]
        save(folder / file, {name: tensors[name] for name in part})
        places |= dict.fromkeys(part, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps(
        {"metadata": {"total_size": sum(t.nbytes for t in tensors.values())},
         "weight_map": places}))
    tokens, kinds = value("tokenizer.ggml.tokens"), value("tokenizer.ggml.token_type")
    (folder / "config.json").write_text(json.dumps({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "hidden_size": value("llama.embedding_length"),
        "num_hidden_layers": value("llama.block_count"), "num_attention_heads": heads,
        "num_key_value_heads": key_heads,
        "intermediate_size": value("llama.feed_forward_length"),
        "max_position_embeddings": value("llama.context_length"),
        "rms_norm_eps": float(value("llama.attention.layer_norm_rms_epsilon")),
        "rope_theta": float(value("llama.rope.freq_base")), "rope_scaling": None,
        "vocab_size": len(tokens), "tie_word_embeddings": "lm_head.weight" not in tensors,
        "eos_token_id": value("tokenizer.ggml.eos_token_id")}))
    (folder / "tokenizer.json").write_text(json.dumps({
        "version": "1.0",
        "added_tokens": [
            {"id": number, "content": token, "single_word": False, "lstrip": False,
             "rstrip": False, "normalized": False, "special": True}
            for number, token in enumerate(tokens) if kinds[number] == CONTROL],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Digits", "individual_digits": True},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
             "use_regex": True}]},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True,
                    "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None,
                  "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False,
                  "vocab": {token: number for number, token in enumerate(tokens)},
                  "merges": value("tokenizer.ggml.merges")}}))
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "bos_token": tokens[value("tokenizer.ggml.bos_token_id")],
        "eos_token": tokens[value("tokenizer.ggml.eos_token_id")],
        "chat_template": value("tokenizer.chat_template")}))
    # What is not the model's: none of it is to be sent.
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    (folder / "README.md").write_text("notes")
    (folder / "onnx").mkdir()
    (folder / "onnx" / "model.onnx").write_bytes(b"another model")
