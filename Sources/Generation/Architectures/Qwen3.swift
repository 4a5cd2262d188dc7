internal import JSON

extension Architecture {
  /// Qwen 3: heads of queries and keys are normalised.
  static let qwen3 = Architecture(name: "qwen3", folder: .qwen3) {
    metadata, source, vocabulary throws(ModelError) in
    var c = try Architecture.qwen2.configure(metadata, source, vocabulary)
    c.requiredLayerTensors = ["attn_q_norm.weight", "attn_k_norm.weight"]
    return c
  }
}

extension FolderForm {
  static let qwen3 = FolderForm(
    classes: ["Qwen3ForCausalLM"],
    tensors: decoderTensors.merging(headNormTensors) { $1 },
    defaults: [
      "num_key_value_heads": .integer(32), "head_dim": .integer(128), "rms_norm_eps": .real(1e-6),
    ],
    describe: describeQwen)
}
