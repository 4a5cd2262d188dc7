extension Architecture {
  /// Qwen 2 and 2.5: Llama with biases of queries, keys and values.
  static let qwen2 = Architecture(name: "qwen2") {
    metadata, _, vocabulary throws(ModelError) in
    var c = try DecoderConfiguration(metadata, vocabularySize: vocabulary)
    c.epsilon = Float(try metadata.positive("attention.layer_norm_rms_epsilon"))
    c.rotary = try RotaryConfiguration(metadata, headSize: c.headSize, pairs: .halves)
    return c
  }
}
