/// Writes the nodes of an operator's gradient.
typealias GradientRule = @Sendable (inout GradientNodes) throws(GraphError) -> Void

extension OperatorRegistry {
  /// Declares the gradient of operators.
  mutating func differentiate(
    _ opTypes: String..., domain: String = "", by rule: @escaping GradientRule
  ) {
    for opType in opTypes { setRule(opType, domain, rule) }
  }

  /// Declares that operators pass no gradient on: their answers are counts, choices or steps.
  mutating func doNotDifferentiate(_ opTypes: String..., domain: String = "") {
    for opType in opTypes { setRule(opType, domain) { _ in } }
  }
}
