internal import Compute
internal import Generation
internal import Protocols

/// What a version's configuration says about generating: its `parameters`. Others are not ours.
struct LanguageSettings: Sendable, Equatable {
  /// `kv_cache_type`: how keys and values are kept, `f16` or `q8_0`.
  var cachePrecision = KeyValuePages.Precision.half
  /// `quantize`: what weights become that are plain numbers, `q8_0`, `q4_K` or `none`: they stay.
  var quantization: WeightQuantization?
  /// `shared`: whether every tenant may use it; only the operator can share.
  var isShared = false

  init(_ config: Inference.ModelConfig) throws(ConfigurationError) {
    if let type = config.parameters["kv_cache_type"]?.stringValue {
      switch type {
      case "f16": cachePrecision = .half
      case "q8_0": cachePrecision = .bytes
      default:
        throw ConfigurationError(
          "parameter 'kv_cache_type': expected 'f16' or 'q8_0', got '\(type.clipped)'")
      }
    }
    if let wanted = config.parameters["quantize"]?.stringValue, wanted != "none" {
      guard let quantization = WeightQuantization(rawValue: wanted) else {
        throw ConfigurationError(
          "parameter 'quantize': expected 'q8_0', 'q4_K' or 'none', got '\(wanted.clipped)'")
      }
      self.quantization = quantization
    }
    if let shared = config.parameters["shared"]?.stringValue {
      guard let isShared = Bool(shared) else {
        throw ConfigurationError(
          "parameter 'shared': expected 'true' or 'false', got '\(shared.clipped)'")
      }
      self.isShared = isShared
    }
  }
}
