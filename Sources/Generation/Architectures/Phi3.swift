internal import Glibc
internal import JSON

extension Architecture {
  /// Phi 3 and 3.5: one matrix for queries, keys and values, one for gate and up; long contexts by
  /// factors of each frequency.
  static let phi3 = Architecture(name: "phi3", folder: .phi3) {
    metadata, source, vocabulary throws(ModelError) in
    var c = try DecoderConfiguration(metadata, vocabularySize: vocabulary)
    c.epsilon = Float(try metadata.positive("attention.layer_norm_rms_epsilon"))
    c.rotary = try RotaryConfiguration(metadata, headSize: c.headSize, pairs: .halves)
    c.gate = .joined
    let original = try metadata.integer(
      "rope.scaling.original_context_length", in: 1...16_777_216, default: c.contextLength)
    let isLong = c.contextLength > original
    c.rotary.factors = try metadata.numbers(
      isLong ? "rope.scaling.long_factors" : "rope.scaling.short_factors",
      count: c.rotary.dimension / 2)
    if c.rotary.factors == nil {
      c.rotary.factors = try source.optionalVector(
        isLong ? "rope_factors_long.weight" : "rope_factors_short.weight",
        count: c.rotary.dimension / 2)?.map(Double.init)
    }
    if c.rotary.factors != nil {
      let stretch = Double(c.contextLength) / Double(original)
      c.rotary.magnitude = try metadata.positive(
        "rope.scaling.attn_factor",
        default: stretch > 1 ? (1 + log(stretch) / log(Double(original))).squareRoot() : 1)
    }
    let window = try metadata.integer("attention.sliding_window", in: 0...16_777_216, default: 0)
    if window > 0 {
      c.window = window
      c.isLocal =
        try metadata.listedLayers(c.layerCount) ?? Array(repeating: true, count: c.layerCount)
    }
    return c
  }
}

extension FolderForm {
  static let phi3 = FolderForm(
    classes: ["Phi3ForCausalLM"],
    tensors: decoderTensors.merging([
      "blk.N.attn_qkv": "layers.N.self_attn.qkv_proj", "blk.N.ffn_up": "layers.N.mlp.gate_up_proj",
    ]) { $1 },
    defaults: [
      "rms_norm_eps": .real(1e-5), "max_position_embeddings": .integer(4096),
      "original_max_position_embeddings": .integer(4096),
    ]
  ) { c, metadata throws(ModelError) in
    try c.describeRotary(&metadata, hasFactors: true)
    try c.describeWindow(&metadata) { _ in true }
  }
}
