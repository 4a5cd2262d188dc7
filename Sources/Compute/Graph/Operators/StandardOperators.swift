extension OperatorRegistry {
  /// Every operator that can run, one family per line.
  static let standard: OperatorRegistry = {
    var registry = OperatorRegistry()
    AliasOperator.register(in: &registry)
    return registry
  }()
}
