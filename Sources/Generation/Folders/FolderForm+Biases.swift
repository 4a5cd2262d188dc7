/// Products of a model, under GGUF's names, and whether something is added to them.
struct FolderBiases: Sendable {
  enum Presence: Sendable {
    case always, never
    /// What config.json says; left out, it is false.
    case stated(key: String)
  }

  var tensors: [String]
  var presence: Presence

  init(_ tensors: [String], _ presence: Presence) {
    self.tensors = tensors.map { "blk.N." + $0 }
    self.presence = presence
  }
}

extension FolderForm {
  /// What Hugging Face's library reads of most decoders.
  static let statedBiases = [
    FolderBiases(
      ["attn_q", "attn_k", "attn_v", "attn_qkv", "attn_output"], .stated(key: "attention_bias")),
    FolderBiases(["ffn_gate", "ffn_up", "ffn_down"], .stated(key: "mlp_bias")),
  ]

  /// Biases are used where they are, so they must be where the model's own library uses them.
  func checkBiases(
    _ c: FolderConfiguration, _ source: FolderWeights, layerCount: Int
  ) throws(ModelError) {
    for bias in biases {
      for layer in 0..<layerCount {
        for tensor in bias.tensors where tensors[tensor] != nil {
          try bias.check("blk.\(layer)" + tensor.dropFirst(5) + ".bias", c, source)
        }
      }
    }
  }
}

extension FolderBiases {
  fileprivate func check(
    _ name: String, _ c: FolderConfiguration, _ source: FolderWeights
  ) throws(ModelError) {
    let isThere = source.tensor(name) != nil
    let original = source.originalName(name)
    switch presence {
    case .always:
      guard isThere else { throw ModelError(.missingTensor, "tensor \(original) is missing") }
    case .never:
      guard !isThere else {
        throw ModelError(
          .badTensor,
          "tensor \(original): expected none, as such a model adds nothing there, got one")
      }
    case .stated(let key):
      let stated = try c.bool(key)
      guard isThere != (stated ?? false) else { return }
      throw isThere
        ? c.error(
          key,
          "expected true, as there is a tensor \(original), got \(stated == nil ? "none" : "false")"
        )
        : c.error(key, "expected a tensor \(original), as it is true, got none")
    }
  }
}
