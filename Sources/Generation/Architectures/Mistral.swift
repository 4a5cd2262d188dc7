extension Architecture {
  /// Mistral with its sliding window in every layer.
  static let mistral = Architecture(name: "mistral") {
    metadata, source, vocabulary throws(ModelError) in
    var c = try Architecture.llama.configure(metadata, source, vocabulary)
    if metadata["attention.sliding_window"] != nil {
      c.window = try metadata.integer("attention.sliding_window", in: 1...16_777_216)
      c.isLocal = Array(repeating: true, count: c.layerCount)
    }
    return c
  }
}
