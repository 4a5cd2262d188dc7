"""Writes Tests/Fixtures/language-models: a tiny model of every architecture with random weights as
GGUF, with llama.cpp's names of tensors and metadata, and what Hugging Face transformers computes
with it in float32. Needs what `language_models.txt` beside it lists; run by hand:

    python -m venv ENV && ENV/bin/pip install -r Tests/Fixtures/generate/language_models.txt
    ENV/bin/python Tests/Fixtures/generate/language_models.py [NAME...]

Seeds are fixed: the same files come out again. Each NAME.npz has

    tokens         [60] the text
    answers        [60, vocabulary] logits (for bert: [60, hidden] states), with keys and values
                   rounded to half precision before they are used, as our pages keep them
    plain_answers  the same of transformers as it is, at `plain_places` only
    plain_likely   [60] the most likely tokens of transformers as it is
"""

import sys
from importlib import import_module
from pathlib import Path

import gguf
import numpy as np
import torch
import transformers

FOLDER = Path(__file__).resolve().parents[1] / "language-models"
VOCABULARY, LENGTH = 272, 60
HIDDEN, HEADS, KEY_HEADS, HEAD, INNER, LAYERS = 48, 4, 2, 16, 64, 2
SIZES = dict(
    vocab_size=VOCABULARY, hidden_size=HIDDEN, intermediate_size=INNER, num_hidden_layers=LAYERS,
    num_attention_heads=HEADS, num_key_value_heads=KEY_HEADS, head_dim=HEAD,
    max_position_embeddings=512, rms_norm_eps=1e-5, pad_token_id=None, bos_token_id=256,
    eos_token_id=257, attn_implementation="eager")


# --- transformers ----------------------------------------------------------------------------

def randomize(model, seed):
    """Weights that neither vanish nor saturate, of values that half precision has."""
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        values = torch.randn(weight.shape, generator=generator)
        if name.endswith("bias"):
            values *= 0.2
        elif weight.dim() == 1:
            # Gemma's files of transformers have what is added to one.
            values = values * 0.1 + (0 if "gemma" in type(model).__module__ else 1)
        elif "embed" in name or "wte" in name or "wpe" in name:
            values *= 0.5
        else:
            # GPT-2's linear layers are transposed; its widths are all alike.
            values *= 1.2 * weight.shape[-1] ** -0.5
        if weight.dim() > 1:
            values = values.half().float()
        weight.data.copy_(values)


def halve_keys_and_values(model):
    """From now on attention reads keys and values in half precision."""
    module = import_module(type(model).__module__)
    plain = module.eager_attention_forward

    def rounded(owner, query, key, value, *rest, **named):
        return plain(owner, query, key.half().float(), value.half().float(), *rest, **named)

    module.eager_attention_forward = rounded
    return lambda: setattr(module, "eager_attention_forward", plain)


def answers(model, tokens):
    with torch.no_grad():
        output = model(tokens[None])
    result = output.logits if hasattr(output, "logits") else output.last_hidden_state
    return result[0].numpy()


def text(model, seed):
    """A text at whose every place the most likely token leads by more than halves change: with its
    answers, and the least lead in units of their deviation."""
    for _ in range(100):
        tokens = torch.randint(
            0, 256, (LENGTH,), generator=torch.Generator().manual_seed(seed))
        plain = answers(model, tokens)
        top = np.sort(plain, axis=-1)
        lead = np.min(top[:, -1] - top[:, -2]) / plain.std()
        if lead > 2e-3:
            return tokens, plain, lead
        seed += 1000
    raise ValueError("no text with clear answers: are the logits saturated?")


# --- GGUF ------------------------------------------------------------------------------------

def byte_alphabet():
    """GPT-2's letters for the 256 bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters, next_letter = {}, 256
    for byte in range(256):
        if byte in plain:
            letters[byte] = chr(byte)
        else:
            letters[byte], next_letter = chr(next_letter), next_letter + 1
    return [letters[byte] for byte in range(256)]


def add_tokenizer(writer, kind):
    """A vocabulary of 256 bytes and 16 other tokens, so that models load as whole."""
    special = [f"<special{i}>" for i in range(VOCABULARY - 256)]
    if kind == "gpt2":
        tokens = byte_alphabet() + special
        types = [1] * 256 + [3] * len(special)
        writer.add_tokenizer_pre("gpt-2")
        writer.add_token_merges(["t h", "i n"])
    elif kind == "llama":
        tokens = [f"<0x{byte:02X}>" for byte in range(256)] + special
        types = [6] * 256 + [3] * len(special)
        writer.add_token_scores([0.0] * len(tokens))
        writer.add_unk_token_id(258)
    else:
        letters = [chr(97 + i % 26) * (1 + i // 26) for i in range(256)]
        tokens = ["\u2581" + letter for letter in letters[:128]] + letters[:128] + special
        types = [1] * 256 + [3] * len(special)
        writer.add_unk_token_id(258)
        writer.add_sep_token_id(257)
    writer.add_tokenizer_model(kind)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_bos_token_id(256)
    writer.add_eos_token_id(257)


def permuted(weight, heads):
    """Rows of queries or keys in llama.cpp's order, in which neighbours are pairs."""
    rows = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return rows.swapaxes(1, 2).reshape(weight.shape)


LLAMA_NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.qkv_proj": "attn_qkv", "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm", "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.gate_up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
GEMMA_NAMES = LLAMA_NAMES | {
    "post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}
GPT2_NAMES = {
    "transformer.wte": "token_embd", "transformer.wpe": "position_embd",
    "transformer.ln_f": "output_norm", "ln_1": "attn_norm", "attn.c_attn": "attn_qkv",
    "attn.c_proj": "attn_output", "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up",
    "mlp.c_proj": "ffn_down",
}
BERT_NAMES = {
    "embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm",
    "attention.self.query": "attn_q", "attention.self.key": "attn_k",
    "attention.self.value": "attn_v", "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm", "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm",
}


def tensor_name(name, names):
    stem, kind = name.rsplit(".", 1)
    for prefix in ("model.layers.", "transformer.h.", "encoder.layer."):
        if stem.startswith(prefix):
            layer, rest = stem[len(prefix):].split(".", 1)
            return f"blk.{layer}.{names[rest]}.{kind}"
    return f"{names[stem]}.{kind}"


def write(name, architecture, model, names, add_metadata, tokenizer="gpt2", prepare=None):
    writer = gguf.GGUFWriter(FOLDER / f"{name}.gguf", architecture)
    config = model.config
    writer.add_name(name)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    add_metadata(writer, config)
    add_tokenizer(writer, tokenizer)
    tied = dict(model.named_parameters())  # without what is tied
    for key, weight in tied.items():
        data = weight.detach().numpy()
        target = tensor_name(key, names)
        if prepare is not None:
            data = prepare(target, data, config)
        plain = data.ndim == 1 or "position" in target or "token_types" in target
        writer.add_tensor(target, data.astype(np.float32 if plain else np.float16))
    return writer


def rotary_metadata(writer, config):
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    parameters = config.rope_parameters
    base = parameters.get("full_attention", parameters)
    writer.add_rope_freq_base(base["rope_theta"])
    writer.add_rope_dimension_count(int(config.head_dim * base.get("partial_rotary_factor", 1)))


def llama_rows(target, data, config):
    if ".attn_q." in target:
        return permuted(data, config.num_attention_heads)
    if ".attn_k." in target:
        return permuted(data, config.num_key_value_heads)
    return data


def plus_one(target, data, config):
    return data + 1 if "norm" in target else data


# --- the models ------------------------------------------------------------------------------

def rope(kind="default", base=10_000.0, **more):
    return {"rope_type": kind, "rope_theta": base, **more}


def llama(name, parameters=None, tied=True, add=lambda writer: None):
    # One layer shows how positions are stretched.
    config = transformers.LlamaConfig(
        **SIZES | {"num_hidden_layers": LAYERS if parameters is None else 1},
        tie_word_embeddings=tied, rope_parameters=parameters or rope())
    model = transformers.LlamaForCausalLM(config)
    randomize(model, 1)
    writer = write(name, "llama", model, LLAMA_NAMES, rotary_metadata, "llama", llama_rows)
    add(writer)
    return model, writer


def llama3():
    factor, low, high, context, base = 8.0, 1.0, 4.0, 64, 10_000.0
    frequencies = base ** -(np.arange(0, HEAD, 2, dtype=np.float64) / HEAD)
    factors = []
    for frequency in frequencies:
        turns = context * frequency / (2 * np.pi)
        smooth = min(1.0, max(0.0, (turns - low) / (high - low)))
        factors.append(1 / ((1 - smooth) / factor + smooth))
    return llama(
        "llama-3", rope(
            "llama3", base, factor=factor, low_freq_factor=low, high_freq_factor=high,
            original_max_position_embeddings=context),
        add=lambda writer: writer.add_tensor(
            "rope_freqs.weight", np.array(factors, dtype=np.float32)))


def llama_linear():
    def add(writer):
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(4.0)

    return llama("llama-linear", rope("linear", factor=4.0), add=add)


def llama_yarn():
    def add(writer):
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(4.0)
        writer.add_rope_scaling_orig_ctx_len(128)

    return llama(
        "llama-yarn", rope("yarn", factor=4.0, original_max_position_embeddings=128), add=add)


def mistral():
    config = transformers.MistralConfig(
        **SIZES, tie_word_embeddings=True, rope_parameters=rope(), sliding_window=21)
    model = transformers.MistralForCausalLM(config)
    randomize(model, 2)
    writer = write("mistral", "mistral", model, LLAMA_NAMES, rotary_metadata, "llama", llama_rows)
    writer.add_sliding_window(21)
    return model, writer


def qwen2():
    sizes = {key: value for key, value in SIZES.items() if key != "head_dim"}
    sizes["hidden_size"] = HEADS * HEAD
    config = transformers.Qwen2Config(
        **sizes, tie_word_embeddings=True, rope_parameters=rope(base=1e6))
    config.head_dim = HEAD
    model = transformers.Qwen2ForCausalLM(config)
    randomize(model, 3)
    return model, write("qwen2", "qwen2", model, LLAMA_NAMES, rotary_metadata)


def qwen3():
    config = transformers.Qwen3Config(
        **SIZES, tie_word_embeddings=True, rope_parameters=rope(base=1e6))
    model = transformers.Qwen3ForCausalLM(config)
    randomize(model, 4)
    return model, write("qwen3", "qwen3", model, LLAMA_NAMES, rotary_metadata)


def gemma2():
    config = transformers.Gemma2Config(
        **SIZES, rope_parameters=rope(), sliding_window=21, attn_logit_softcapping=2.0,
        final_logit_softcapping=12.0, query_pre_attn_scalar=HEAD)
    model = transformers.Gemma2ForCausalLM(config)
    randomize(model, 5)
    writer = write(
        "gemma2", "gemma2", model, GEMMA_NAMES, rotary_metadata, "llama", prepare=plus_one)
    writer.add_sliding_window(21)
    writer.add_attn_logit_softcapping(2.0)
    writer.add_final_logit_softcapping(12.0)
    return model, writer


def gemma3():
    kinds = ["sliding_attention", "sliding_attention", "full_attention"]
    config = transformers.Gemma3TextConfig(
        **SIZES | {"num_hidden_layers": 3}, sliding_window=21, query_pre_attn_scalar=HEAD,
        layer_types=kinds, rope_parameters={
            "sliding_attention": rope(), "full_attention": rope("linear", 1e6, factor=8.0)})
    model = transformers.Gemma3ForCausalLM(config)
    randomize(model, 6)
    writer = write(
        "gemma3", "gemma3", model, GEMMA_NAMES, rotary_metadata, "llama", prepare=plus_one)
    writer.add_sliding_window(21)
    writer.add_uint32("gemma3.attention.sliding_window_pattern", 3)
    writer.add_float32("gemma3.rope.local.freq_base", 10_000.0)
    writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
    writer.add_rope_scaling_factor(8.0)
    return model, writer


def phi3_config(parameters, **more):
    sizes = {key: value for key, value in SIZES.items() if key != "head_dim"}
    sizes["hidden_size"] = HEADS * HEAD
    config = transformers.Phi3Config(**sizes | more, rope_parameters=parameters)
    config.head_dim = HEAD
    return config


def phi3():
    model = transformers.Phi3ForCausalLM(phi3_config(
        rope(partial_rotary_factor=0.5), sliding_window=21, tie_word_embeddings=False))
    randomize(model, 7)
    writer = write("phi3", "phi3", model, LLAMA_NAMES, rotary_metadata)
    writer.add_sliding_window(21)
    return model, writer


def phi3_long():
    original, context = 32, 128
    random = np.random.default_rng(8)
    short = [float(x) for x in np.float32(1 + random.random(HEAD // 2) * 0.2)]
    long = [float(x) for x in np.float32(1 + random.random(HEAD // 2) * 8)]
    config = phi3_config(
        rope("longrope", short_factor=short, long_factor=long, factor=context / original,
             original_max_position_embeddings=original),
        max_position_embeddings=context, original_max_position_embeddings=original,
        tie_word_embeddings=True)
    model = transformers.Phi3ForCausalLM(config)
    randomize(model, 8)
    writer = write("phi3-longrope", "phi3", model, LLAMA_NAMES, rotary_metadata)
    writer.add_rope_scaling_orig_ctx_len(original)
    writer.add_rope_scaling_attn_factors(
        float(np.sqrt(1 + np.log(context / original) / np.log(original))))
    writer.add_tensor("rope_factors_short.weight", np.array(short, dtype=np.float32))
    writer.add_tensor("rope_factors_long.weight", np.array(long, dtype=np.float32))
    return model, writer


def gpt2():
    config = transformers.GPT2Config(
        vocab_size=VOCABULARY, n_positions=64, n_embd=HEADS * HEAD, n_layer=LAYERS, n_head=HEADS,
        n_inner=INNER, bos_token_id=256, eos_token_id=257, attn_implementation="eager")
    model = transformers.GPT2LMHeadModel(config)
    randomize(model, 9)

    def add(writer, config):
        writer.add_feed_forward_length(config.n_inner)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)

    def transposed(target, data, config):
        return data.T.copy() if "blk." in target and data.ndim == 2 else data

    return model, write("gpt2", "gpt2", model, GPT2_NAMES, add, prepare=transposed)


def bert():
    config = transformers.BertConfig(
        vocab_size=VOCABULARY, hidden_size=HEADS * HEAD, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, intermediate_size=INNER, max_position_embeddings=64,
        type_vocab_size=2, attn_implementation="eager")
    model = transformers.BertModel(config, add_pooling_layer=False)
    randomize(model, 10)

    def add(writer, config):
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_layer_norm_eps(config.layer_norm_eps)
        writer.add_causal_attention(False)
        writer.add_pooling_type(gguf.PoolingType.MEAN)

    return model, write("bert", "bert", model, BERT_NAMES, add, "bert")


MODELS = {
    "llama": lambda: llama("llama", tied=False), "llama-3": llama3,
    "llama-linear": llama_linear, "llama-yarn": llama_yarn, "mistral": mistral, "qwen2": qwen2,
    "qwen3": qwen3, "gemma2": gemma2, "gemma3": gemma3, "phi3": phi3, "phi3-longrope": phi3_long,
    "gpt2": gpt2, "bert": bert,
}


def main(names):
    FOLDER.mkdir(exist_ok=True)
    torch.set_num_threads(1)
    for number, name in enumerate(MODELS):
        if names and name not in names:
            continue
        model, writer = MODELS[name]()
        model.eval()
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        tokens, plain, lead = text(model, 100 + number)
        restore = halve_keys_and_values(model)
        rounded = answers(model, tokens)
        restore()
        places = np.array([15, 31, 47, 59])
        np.savez(
            FOLDER / f"{name}.npz", tokens=tokens.numpy().astype(np.int32), answers=rounded,
            plain_places=places.astype(np.int32), plain_answers=plain[places],
            plain_likely=plain.argmax(-1).astype(np.int32))
        difference = np.linalg.norm(plain - rounded) / np.linalg.norm(plain)
        print(f"{name:14} halves change {difference:.1e}, least lead {lead:.1e}, "
              f"deviation {plain.std():.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
