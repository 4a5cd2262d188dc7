internal import Compute
internal import JSON

extension Architecture {
  /// GPT-2: learned positions, normalisation by mean and variance, no gate.
  static let gpt2 = Architecture(name: "gpt2", folder: .gpt2) {
    metadata, _, vocabulary throws(ModelError) in
    var c = try DecoderConfiguration(metadata, vocabularySize: vocabulary)
    c.normalization = .layer
    c.epsilon = Float(try metadata.positive("attention.layer_norm_epsilon"))
    c.positions = .learned
    c.activation = .geluTanh
    c.gate = .none
    c.requiredLayerTensors = [
      "attn_output.bias", "ffn_up.bias", "ffn_down.bias", "attn_norm.bias", "ffn_norm.bias",
    ]
    return c
  }
}

extension FolderForm {
  /// Its products are stored as inputs by outputs.
  static let gpt2 = FolderForm(
    classes: ["GPT2LMHeadModel"], prefixes: ["transformer.", ""],
    tensors: [
      "token_embd": "wte", "position_embd": "wpe", "output_norm": "ln_f",
      "blk.N.attn_norm": "h.N.ln_1", "blk.N.attn_qkv": "h.N.attn.c_attn",
      "blk.N.attn_output": "h.N.attn.c_proj", "blk.N.ffn_norm": "h.N.ln_2",
      "blk.N.ffn_up": "h.N.mlp.c_fc", "blk.N.ffn_down": "h.N.mlp.c_proj",
    ],
    biases: [FolderBiases(["attn_qkv", "attn_output", "ffn_up", "ffn_down"], .always)],
    keys: [
      "n_embd": "embedding_length", "n_layer": "block_count", "n_head": "attention.head_count",
      "n_positions": "context_length", "n_inner": "feed_forward_length",
      "layer_norm_epsilon": "attention.layer_norm_epsilon",
    ],
    requiredKeys: ["n_embd", "n_layer", "n_head", "n_positions"],
    defaults: ["layer_norm_epsilon": .real(1e-5), "n_positions": .integer(1024)],
    tiesEmbeddings: true,
    activation: (key: "activation_function", names: ["gelu_new", "gelu_pytorch_tanh"]),
    turned: ["blk.N.attn_qkv", "blk.N.attn_output", "blk.N.ffn_up", "blk.N.ffn_down"]
  ) { c, metadata throws(ModelError) in
    try c.require("scale_attn_weights", true)
    try c.require("scale_attn_by_inverse_layer_idx", false)
    if c["n_inner"] == nil, let hidden = try c.number("n_embd") {
      metadata["feed_forward_length"] = .number(4 * hidden)
    }
  }
}
