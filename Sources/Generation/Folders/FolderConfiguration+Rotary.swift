internal import Glibc

extension FolderConfiguration {
  /// Rotary positions: `rope_theta` and `rope_scaling`, or both in `rope_parameters`, there for each
  /// kind of layers if those differ.
  ///
  /// - Parameter hasFactors: whether the architecture reads `longrope`'s factors.
  func describeRotary(
    _ metadata: inout ModelMetadata, base: Double = 10_000, hasFactors: Bool = false
  ) throws(ModelError) {
    let parameters = try rotaryParameters(of: "full_attention")
    let own = try number("rope_theta")
    metadata["rope.freq_base"] = .number(try parameters?.number("rope_theta") ?? own ?? base)
    try describePart(parameters, &metadata)
    guard let parameters else { return }
    let olderType = try parameters.text("type")
    let type = try parameters.text("rope_type") ?? olderType ?? "default"
    switch type {
    // Within the context that the model was trained with, `dynamic` changes nothing.
    case "default", "dynamic": return
    case "linear": break
    case "llama3":
      metadata["rope.scaling.low_freq_factor"] = try parameters.value("low_freq_factor")
      metadata["rope.scaling.high_freq_factor"] = try parameters.value("high_freq_factor")
    case "yarn": try describeYaRN(parameters, &metadata)
    case "longrope", "su":
      guard hasFactors else {
        throw parameters.error("rope_type", "expected another type in such a model, got \(type)")
      }
      try describeLongRoPE(parameters, &metadata)
    default:
      throw parameters.error(
        "rope_type",
        "expected default, linear, dynamic, yarn, longrope or llama3, got \"\(type.prefix(40))\"")
    }
    metadata["rope.scaling.type"] = .string(type == "su" ? "longrope" : type)
    if let factor = try parameters.value("factor") {
      metadata["rope.scaling.factor"] = factor
    } else if ["linear", "llama3", "yarn"].contains(type) {
      throw parameters.error("factor", "expected a number, as rope_type is \(type), got none")
    }
    if let original = try originalContext(parameters) {
      metadata["rope.scaling.original_context_length"] = .number(original)
    }
  }

  /// The base of layers that see a window, where it is another one.
  func localRotaryBase() throws(ModelError) -> Double? {
    if let parameters = try object("rope_parameters")?.object("sliding_attention") {
      let type = try parameters.text("rope_type") ?? "default"
      guard type == "default" else {
        throw parameters.error("rope_type", "expected default, got \"\(type.prefix(40))\"")
      }
      if let base = try parameters.number("rope_theta") { return base }
    }
    return try number("rope_local_base_freq")
  }

  private func rotaryParameters(of kind: String) throws(ModelError) -> FolderConfiguration? {
    guard let parameters = try object("rope_parameters") else { return try object("rope_scaling") }
    return try parameters.object(kind) ?? parameters
  }

  /// Models of which only a part of each head turns.
  private func describePart(
    _ parameters: FolderConfiguration?, _ metadata: inout ModelMetadata
  ) throws(ModelError) {
    let own = try number("partial_rotary_factor")
    guard let part = try parameters?.number("partial_rotary_factor") ?? own, part != 1 else {
      return
    }
    guard part > 0, part < 1, let hidden = try number("hidden_size"),
      let heads = try number("num_attention_heads"), heads > 0
    else { throw error("partial_rotary_factor", "expected a number from 0 to 1, got \(part)") }
    let size = try number("head_dim") ?? (hidden / heads).rounded(.down)
    metadata["rope.dimension_count"] = .number((size * part).rounded(.down))
  }

  private func originalContext(_ parameters: FolderConfiguration) throws(ModelError) -> Double? {
    for holder in [parameters, self] {
      if let original = try holder.number("original_max_position_embeddings") { return original }
    }
    return try number("max_position_embeddings")
  }

  private func value(_ key: String) throws(ModelError) -> ModelMetadata.Value? {
    try number(key).map(ModelMetadata.Value.number)
  }

  /// GGUF's factor is multiplied with the usual one of 1 + 0.1 ln(factor), config.json's replaces it.
  private func describeYaRN(
    _ parameters: FolderConfiguration, _ metadata: inout ModelMetadata
  ) throws(ModelError) {
    metadata["rope.scaling.yarn_beta_fast"] = try parameters.value("beta_fast")
    metadata["rope.scaling.yarn_beta_slow"] = try parameters.value("beta_slow")
    try parameters.require("truncate", true)
    guard let factor = try parameters.number("factor"), factor >= 1 else {
      throw parameters.error("factor", "expected a number from 1 on")
    }
    func magnitude(_ scale: Double) -> Double { 1 + 0.1 * scale * log(factor) }
    var attention = try parameters.number("attention_factor")
    if attention == nil, let one = try parameters.number("mscale"),
      let all = try parameters.number("mscale_all_dim"), one != 0, all != 0
    {
      attention = magnitude(one) / magnitude(all)
    }
    if let attention { metadata["rope.scaling.attn_factor"] = .number(attention / magnitude(1)) }
  }

  private func describeLongRoPE(
    _ parameters: FolderConfiguration, _ metadata: inout ModelMetadata
  ) throws(ModelError) {
    for (key, name) in [("long_factor", "long"), ("short_factor", "short")] {
      guard let factors = try parameters.numbers(key) else { throw parameters.missing(key) }
      metadata["rope.scaling.\(name)_factors"] = .numbers(factors)
    }
    if let attention = try parameters.value("attention_factor") {
      metadata["rope.scaling.attn_factor"] = attention
    } else if let factor = try parameters.number("factor"),
      let original = try originalContext(parameters), original > 1
    {
      let stretch = factor > 1 ? (1 + log(factor) / log(original)).squareRoot() : 1
      metadata["rope.scaling.attn_factor"] = .number(stretch)
    }
  }
}
