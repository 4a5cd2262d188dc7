extension Architecture {
  /// Qwen 3: heads of queries and keys are normalised.
  static let qwen3 = Architecture(name: "qwen3", configure: Architecture.qwen2.configure)
}
