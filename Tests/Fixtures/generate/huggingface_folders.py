"""Writes Tests/Fixtures/huggingface: a small model of every architecture as Hugging Face's
transformers saves it, with random weights, and in expected.safetensors what transformers computes
in float32 of the weights that are stored: logits [tokens, vocabulary], or hidden states.

Needs torch==2.13.0, transformers==5.24.0, tokenizers==0.23.3, safetensors==0.8.0. Seeds are fixed:
the same files come out again.
"""

import json
import shutil
from pathlib import Path

import torch
import transformers as hf
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

FOLDER = Path(__file__).resolve().parents[1] / "huggingface"
VOCABULARY, HIDDEN, COUNT = 96, 32, 24
SIZES = dict(
    vocab_size=VOCABULARY, hidden_size=HIDDEN, intermediate_size=64, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, head_dim=16, max_position_embeddings=64,
    bos_token_id=1, eos_token_id=2, pad_token_id=0)
GEMMA = SIZES | dict(query_pre_attn_scalar=24, sliding_window=6)


def fill(model, seed):
    """Weights that make all parts count: norms that are not one, biases that are not zero."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if name.endswith("bias"):
                parameter.copy_(0.2 * noise)
            elif parameter.ndim == 1:
                parameter.add_(0.2 * noise)
            elif "emb" in name.lower() or ".wte" in name or ".wpe" in name:
                parameter.copy_(0.7 * noise)
            else:
                parameter.copy_(1.2 * noise / HIDDEN ** 0.5)


def write(name, model, dtype, seed, shards=False, edit=None):
    folder = FOLDER / name
    fill(model, seed)
    # 70 KB a file is two of them or more.
    model.to(dtype).save_pretrained(folder, max_shard_size="70KB" if shards else "1GB")
    loaded = type(model).from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    loaded.eval()
    tokens = torch.randint(3, VOCABULARY, (COUNT,), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        output = loaded(tokens[None])
    result = output.logits if hasattr(output, "logits") else output.last_hidden_state
    save_file(
        {"tokens": tokens, "expected": result[0].float().contiguous()},
        folder / "expected.safetensors")
    (folder / "generation_config.json").unlink(missing_ok=True)
    if edit:
        path = folder / "config.json"
        config = json.loads(path.read_text())
        edit(config)
        path.write_text(json.dumps(config, indent=2) + "\n")
    print(name, sum(file.stat().st_size for file in folder.iterdir()), result.abs().max().item())


def old_rotary(config):
    """As transformers 4 wrote it."""
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    config["rope_scaling"] = None if parameters == {"rope_type": "default"} else parameters


def old_gemma3(config):
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters["full_attention"].pop("rope_theta")
    config["rope_local_base_freq"] = parameters["sliding_attention"]["rope_theta"]
    config["rope_scaling"] = parameters["full_attention"]
    config["sliding_window_pattern"] = 3
    del config["layer_types"]


def decoders_of_all_kinds():
    bf16, f16, f32 = torch.bfloat16, torch.float16, torch.float32
    llama3 = dict(
        rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0,
        high_freq_factor=4.0, original_max_position_embeddings=16)
    write("llama", hf.LlamaForCausalLM(hf.LlamaConfig(
        **SIZES | dict(vocab_size=320), tie_word_embeddings=False, rope_parameters=llama3)),
        bf16, 1)
    write("llama-old", hf.LlamaForCausalLM(hf.LlamaConfig(
        **SIZES, tie_word_embeddings=True, attention_bias=True, mlp_bias=True,
        rope_parameters=llama3)), bf16, 2, edit=old_rotary)
    write("llama-yarn", hf.LlamaForCausalLM(hf.LlamaConfig(
        **SIZES, tie_word_embeddings=True, rope_parameters=dict(
            rope_type="yarn", rope_theta=10000.0, factor=4.0,
            original_max_position_embeddings=16))), bf16, 3)
    write("mistral", hf.MistralForCausalLM(hf.MistralConfig(
        **SIZES, sliding_window=6)), f16, 4, shards=False)
    write("qwen2", hf.Qwen2ForCausalLM(hf.Qwen2Config(
        **{key: value for key, value in SIZES.items() if key != "head_dim"}
        | dict(num_attention_heads=2), use_sliding_window=True, sliding_window=6,
        max_window_layers=1)), f32, 5, shards=True)
    write("qwen3", hf.Qwen3ForCausalLM(hf.Qwen3Config(**SIZES, tie_word_embeddings=True)), bf16, 6)
    write("gemma2", hf.Gemma2ForCausalLM(hf.Gemma2Config(
        **GEMMA, attn_logit_softcapping=5.0, final_logit_softcapping=4.0)), bf16, 7)
    gemma3 = GEMMA | dict(num_hidden_layers=3, layer_types=[
        "sliding_attention", "sliding_attention", "full_attention"], rope_parameters=dict(
            full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1e6),
            sliding_attention=dict(rope_type="default", rope_theta=1e4)))
    write("gemma3", hf.Gemma3ForCausalLM(hf.Gemma3TextConfig(**gemma3)), bf16, 8)
    write("gemma3-old", hf.Gemma3ForCausalLM(hf.Gemma3TextConfig(**gemma3)), bf16, 8,
          edit=old_gemma3)
    # More tokens than the original context, so that transformers takes the long factors too.
    phi3 = {key: value for key, value in SIZES.items() if key != "head_dim"} | dict(
        num_attention_heads=2, num_key_value_heads=1)
    write("phi3", hf.Phi3ForCausalLM(hf.Phi3Config(
        **phi3, original_max_position_embeddings=16, rope_parameters=dict(
            rope_type="longrope", rope_theta=10000.0,
            short_factor=[1.0] * 8, long_factor=[1 + i / 2 for i in range(8)],
            original_max_position_embeddings=16))), bf16, 9, edit=old_rotary)
    write("gpt2", hf.GPT2LMHeadModel(hf.GPT2Config(
        vocab_size=VOCABULARY, n_embd=HIDDEN, n_layer=2, n_head=2, n_positions=64, bos_token_id=1,
        eos_token_id=2)), f32, 10)
    write("bert", hf.BertModel(hf.BertConfig(
        vocab_size=VOCABULARY, hidden_size=HIDDEN, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=64), add_pooling_layer=False), f32, 11)


TEXT = ("The quick brown fox jumps over the lazy dog. Pack my box with five dozen liquor jugs. "
        "How vexingly quick daft zebras jump, and how the dog and the fox are quick! " * 4)
TEMPLATE = ("{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
            "{% if add_generation_prompt %}<|assistant|>{% endif %}")


def tokenizer():
    """A byte-level tokenizer for `llama`: 320 tokens, one more than the model has rows."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator([TEXT], trainers.BpeTrainer(
        vocab_size=317, special_tokens=["<pad>", "<s>", "</s>"], show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    made.add_special_tokens(["<|user|>", "<|assistant|>", "<|end|>", "<image>"])
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)])
    folder = FOLDER / "llama"
    made.save(str(folder / "tokenizer.json"))
    end = made.token_to_id("<|end|>")
    assert end == 319 and made.get_vocab_size() == 321, (end, made.get_vocab_size())
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"bos_token": "<s>", "eos_token": "</s>", "chat_template": "not this one"}) + "\n")
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    (folder / "generation_config.json").write_text(json.dumps(
        {"eos_token_id": [2, end]}) + "\n")
    texts = ["The lazy dog", "how quick!", "Größe 🦆"]
    (folder / "tokens.json").write_text(json.dumps(
        {text: made.encode(text).ids for text in texts}, ensure_ascii=False) + "\n")


def minilm():
    """Embeddings of the real all-MiniLM-L6-v2 (scripts/language-models.sh minilm)."""
    source = FOLDER.parents[2] / ".build" / "language-models" / "minilm"
    tokens = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokens.no_padding()
    model = hf.AutoModel.from_pretrained(source, attn_implementation="eager").eval()
    expected = {}
    for text in ["A cat sits on the mat.", "Zinsen wurden erhöht: 0.25 %!"]:
        ids = torch.tensor([tokens.encode(text).ids])
        with torch.no_grad():
            mean = model(ids).last_hidden_state[0].mean(0)
        expected[text] = [round(value, 6) for value in (mean / mean.norm()).tolist()]
    (FOLDER / "minilm.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")


shutil.rmtree(FOLDER, ignore_errors=True)
decoders_of_all_kinds()
tokenizer()
minilm()
print(sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()))
