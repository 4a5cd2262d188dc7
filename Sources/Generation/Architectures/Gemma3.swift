internal import Compute
internal import JSON

extension Architecture {
  /// Gemma 3: five layers that see a window, turning faster, then one that sees all.
  static let gemma3 = Architecture(name: "gemma3", folder: .gemma3) {
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
    if let isLocal = try metadata.listedLayers(c.layerCount) {
      c.isLocal = isLocal
    } else {
      let pattern = try metadata.integer("attention.sliding_window_pattern", in: 1...64, default: 6)
      c.isLocal = (0..<c.layerCount).map { ($0 + 1) % pattern != 0 }
    }
    // The 27B model, alone, scales by its hidden size over its heads, which GGUF files do not say.
    if c.layerCount == 62, metadata["attention.query_pre_attn_scalar"] == nil {
      c.scaleByHiddenSize()
    }
    c.requiredLayerTensors += ["attn_q_norm.weight", "attn_k_norm.weight"]
    return c
  }
}

extension FolderForm {
  static let gemma3 = FolderForm(
    classes: ["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"],
    tensors: gemmaTensors.merging(headNormTensors) { $1 }, keys: gemmaKeys,
    defaults: gemmaDefaults.merging(["max_position_embeddings": .integer(131_072)]) { $1 },
    tiesEmbeddings: true, activation: gemmaActivation, normalizationOffset: 1
  ) { c, metadata throws(ModelError) in
    try c.require("use_bidirectional_attention", false)
    if try c.number("attn_logit_softcapping") != nil {
      throw c.error("attn_logit_softcapping", "expected null, got a number")
    }
    try c.describeRotary(&metadata, base: 1_000_000)
    if let base = try c.localRotaryBase() { metadata["rope.local.freq_base"] = .number(base) }
    let pattern = try c.integer("sliding_window_pattern", in: 1...64) ?? 6
    try c.describeWindow(&metadata) { ($0 + 1) % pattern != 0 }
  }
}
