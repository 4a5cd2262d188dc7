internal import JSON

extension Architecture {
  /// Mistral with its sliding window in every layer.
  static let mistral = Architecture(name: "mistral", folder: .mistral) {
    metadata, source, vocabulary throws(ModelError) in
    var c = try Architecture.llama.configure(metadata, source, vocabulary)
    if metadata["attention.sliding_window"] != nil {
      c.window = try metadata.integer("attention.sliding_window", in: 1...16_777_216)
      c.isLocal =
        try metadata.listedLayers(c.layerCount) ?? Array(repeating: true, count: c.layerCount)
    }
    return c
  }
}

extension FolderForm {
  static let mistral = FolderForm(
    classes: ["MistralForCausalLM"],
    defaults: [
      "num_key_value_heads": .integer(8), "sliding_window": .integer(4096),
      "rms_norm_eps": .real(1e-6),
    ]
  ) { c, metadata throws(ModelError) in
    metadata["rope.pairs"] = .string("halves")
    try c.describeRotary(&metadata)
    try c.describeWindow(&metadata) { _ in true }
  }
}
