internal import JSON

extension Architecture {
  /// Qwen 2 and 2.5: Llama with biases of queries, keys and values.
  static let qwen2 = Architecture(name: "qwen2", folder: .qwen2) {
    metadata, _, vocabulary throws(ModelError) in
    var c = try DecoderConfiguration(metadata, vocabularySize: vocabulary)
    c.epsilon = Float(try metadata.positive("attention.layer_norm_rms_epsilon"))
    c.rotary = try RotaryConfiguration(metadata, headSize: c.headSize, pairs: .halves)
    // GGUF files name a window and do not say which layers it is for: none.
    if let isLocal = try metadata.listedLayers(c.layerCount) {
      c.window = try metadata.integer("attention.sliding_window", in: 1...16_777_216)
      c.isLocal = isLocal
    }
    return c
  }
}

extension FolderForm {
  static let qwen2 = FolderForm(
    classes: ["Qwen2ForCausalLM"],
    biases: [
      FolderBiases(["attn_q", "attn_k", "attn_v"], .always),
      FolderBiases(["attn_output", "ffn_gate", "ffn_up", "ffn_down"], .never),
    ],
    defaults: ["num_key_value_heads": .integer(32), "rms_norm_eps": .real(1e-6)],
    describe: describeQwen)

  /// The last layers see a window, if it is used.
  static let describeQwen:
    @Sendable (FolderConfiguration, inout ModelMetadata)
      throws(ModelError) -> Void = { c, metadata throws(ModelError) in
        try c.describeRotary(&metadata)
        guard try c.bool("use_sliding_window") == true else { return }
        let first = try c.integer("max_window_layers", in: 0...1_048_576) ?? 28
        try c.describeWindow(&metadata) { $0 >= first }
      }
}
