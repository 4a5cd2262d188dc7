internal import Compute
internal import JSON

extension Architecture {
  /// Gemma 2: every other layer sees a window, scores and logits are capped.
  static let gemma2 = Architecture(name: "gemma2", folder: .gemma2) {
    metadata, _, vocabulary throws(ModelError) in
    var c = try DecoderConfiguration(gemma: metadata, vocabularySize: vocabulary)
    c.rotary = try RotaryConfiguration(metadata, headSize: c.headSize, pairs: .halves)
    c.attentionSoftCap = Float(try metadata.positive("attn_logit_softcapping", default: 50))
    c.logitSoftCap = Float(try metadata.positive("final_logit_softcapping", default: 30))
    c.window = try metadata.integer("attention.sliding_window", in: 1...1_048_576, default: 4096)
    c.isLocal =
      try metadata.listedLayers(c.layerCount) ?? (0..<c.layerCount).map { $0 % 2 == 0 }
    // The 27B model, alone, scales by its hidden size over its heads, which GGUF files do not say.
    if c.layerCount == 46, metadata["attention.query_pre_attn_scalar"] == nil {
      c.scaleByHiddenSize()
    }
    return c
  }
}

extension DecoderConfiguration {
  /// What Gemma models share.
  init(gemma metadata: ModelMetadata, vocabularySize: Int) throws(ModelError) {
    try self.init(metadata, vocabularySize: vocabularySize)
    epsilon = Float(try metadata.positive("attention.layer_norm_rms_epsilon"))
    activation = .geluTanh
    requiredLayerTensors = ["post_attention_norm.weight", "post_ffw_norm.weight"]
    embeddingScale = Float(hiddenSize).squareRoot()
    if let scalar = try metadata.optionalPositive("attention.query_pre_attn_scalar") {
      attentionScale = 1 / Float(scalar).squareRoot()
    }
  }

  mutating func scaleByHiddenSize() {
    attentionScale = 1 / (Float(hiddenSize) / Float(headCount)).squareRoot()
  }
}

extension FolderForm {
  static let gemma2 = FolderForm(
    classes: ["Gemma2ForCausalLM"], tensors: gemmaTensors,
    keys: gemmaKeys.merging(["attn_logit_softcapping": "attn_logit_softcapping"]) { $1 },
    defaults: gemmaDefaults.merging(
      ["attn_logit_softcapping": .integer(50), "final_logit_softcapping": .integer(30)]) { $1 },
    tiesEmbeddings: true, activation: gemmaActivation, normalizationOffset: 1
  ) { c, metadata throws(ModelError) in
    for key in ["attn_logit_softcapping", "final_logit_softcapping"] where c[key] == nil {
      throw c.error(key, "expected a number, got null")
    }
    try c.require("use_bidirectional_attention", false)
    try c.describeRotary(&metadata)
    try c.describeWindow(&metadata) { $0 % 2 == 0 }
  }

  /// What Gemma models share. Their scales of normalisation are stored less one.
  static let gemmaTensors = decoderTensors.merging([
    "blk.N.post_attention_norm": "layers.N.post_attention_layernorm",
    "blk.N.ffn_norm": "layers.N.pre_feedforward_layernorm",
    "blk.N.post_ffw_norm": "layers.N.post_feedforward_layernorm",
  ]) { $1 }
  static let gemmaKeys = decoderKeys.merging([
    "query_pre_attn_scalar": "attention.query_pre_attn_scalar",
    "final_logit_softcapping": "final_logit_softcapping",
  ]) { $1 }
  static let gemmaDefaults: [String: JSONValue] = [
    "num_attention_heads": .integer(8), "num_key_value_heads": .integer(4),
    "head_dim": .integer(256), "query_pre_attn_scalar": .integer(256),
    "sliding_window": .integer(4096), "rms_norm_eps": .real(1e-6),
    "max_position_embeddings": .integer(8192),
  ]
  static let gemmaActivation = (key: "hidden_activation", names: ["gelu_pytorch_tanh"])
}
