internal import Compute

extension Architecture {
  /// Gemma 3: five layers that see a window, turning faster, then one that sees all.
  static let gemma3 = Architecture(name: "gemma3") {
    metadata, _, vocabulary throws(ModelError) in
    var c = try DecoderConfiguration(gemma: metadata, vocabularySize: vocabulary)
    c.rotary = try RotaryConfiguration(
      metadata, headSize: c.headSize, base: 1_000_000, pairs: .halves)
    var local = RotaryConfiguration()
    local.dimension = c.rotary.dimension
    local.base = try metadata.positive("rope.local.freq_base", default: 10_000)
    c.localRotary = local
    c.logitSoftCap = Float(try metadata.optionalPositive("final_logit_softcapping") ?? 0)
    c.window = try metadata.integer("attention.sliding_window", in: 1...1_048_576, default: 512)
    let pattern = try metadata.integer("attention.sliding_window_pattern", in: 1...64, default: 6)
    c.isLocal = (0..<c.layerCount).map { ($0 + 1) % pattern != 0 }
    // The 27B model, alone, scales by its hidden size over its heads.
    if c.layerCount == 62 { c.scaleByHiddenSize() }
    c.requiredLayerTensors += ["attn_q_norm.weight", "attn_k_norm.weight"]
    return c
  }
}
