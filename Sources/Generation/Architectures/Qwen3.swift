extension Architecture {
  /// Qwen 3: heads of queries and keys are normalised.
  static let qwen3 = Architecture(name: "qwen3") {
    metadata, source, vocabulary throws(ModelError) in
    var c = try Architecture.qwen2.configure(metadata, source, vocabulary)
    c.requiredLayerTensors = ["attn_q_norm.weight", "attn_k_norm.weight"]
    return c
  }
}
