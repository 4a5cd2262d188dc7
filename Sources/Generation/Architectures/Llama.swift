internal import JSON

extension Architecture {
  /// Llama 1 to 3, SmolLM, TinyLlama, and Mistral in GGUF. Its GGUF files have rows of queries and
  /// keys in an order in which neighbours are pairs.
  static let llama = Architecture(name: "llama", folder: .llama) {
    metadata, source, vocabulary throws(ModelError) in
    var c = try DecoderConfiguration(metadata, vocabularySize: vocabulary)
    c.epsilon = Float(try metadata.positive("attention.layer_norm_rms_epsilon"))
    c.rotary = try RotaryConfiguration(
      metadata, headSize: c.headSize, pairs: metadata.rotaryPairs ?? .neighbours)
    c.rotary.factors = try source.optionalVector(
      "rope_freqs.weight", count: c.rotary.dimension / 2)?.map(Double.init)
    return c
  }
}

extension FolderForm {
  /// Rows of queries and keys are in the order in which halves of a head are pairs.
  static let llama = FolderForm(
    classes: ["LlamaForCausalLM"], defaults: ["rms_norm_eps": .real(1e-6)]
  ) { c, metadata throws(ModelError) in
    metadata["rope.pairs"] = .string("halves")
    try c.describeRotary(&metadata)
  }
}
