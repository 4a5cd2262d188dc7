internal import Compute
internal import Protocols

/// What a version's configuration says about generating: its `parameters`. Others are not ours.
struct LanguageSettings: Sendable, Equatable {
  /// `kv_cache_type`: how keys and values are kept, `f16` or `q8_0`.
  var cachePrecision = KeyValuePages.Precision.half
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
    if let shared = config.parameters["shared"]?.stringValue {
      guard let isShared = Bool(shared) else {
        throw ConfigurationError(
          "parameter 'shared': expected 'true' or 'false', got '\(shared.clipped)'")
      }
      self.isShared = isShared
    }
  }
}
