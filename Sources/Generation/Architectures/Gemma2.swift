internal import Compute

extension Architecture {
  /// Gemma 2: every other layer sees a window, scores and logits are capped.
  static let gemma2 = Architecture(name: "gemma2") {
    metadata, _, vocabulary throws(ModelError) in
    var c = try DecoderConfiguration(gemma: metadata, vocabularySize: vocabulary)
    c.rotary = try RotaryConfiguration(metadata, headSize: c.headSize, pairs: .halves)
    c.attentionSoftCap = Float(try metadata.positive("attn_logit_softcapping", default: 50))
    c.logitSoftCap = Float(try metadata.positive("final_logit_softcapping", default: 30))
    c.window = try metadata.integer("attention.sliding_window", in: 1...1_048_576, default: 4096)
    c.isLocal = (0..<c.layerCount).map { $0 % 2 == 0 }
    // The 27B model, alone, scales by its hidden size over its heads.
    if c.layerCount == 46 { c.scaleByHiddenSize() }
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
