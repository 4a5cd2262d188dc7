/// Every supported operator by domain and type. Each family of operators registers itself on
/// one line below and lives in its own file.
struct OperatorRegistry: Sendable {
  typealias Builder = @Sendable (OperatorContext) throws(GraphError) -> any Operator

  /// Writes the nodes that stand for one, for an operator that is several others in one.
  typealias Expander = @Sendable (inout Expansion) throws(GraphError) -> Void

  private var builders: [String: Builder] = [:]
  private var expanders: [String: Expander] = [:]
  private var gradients: [String: GradientRule] = [:]

  mutating func register(
    _ opType: String, domain: String = "", _ builder: @escaping Builder
  ) {
    builders[domain + ":" + opType] = builder
  }

  mutating func register(
    _ opType: String, domain: String, expansion: @escaping Expander
  ) {
    expanders[domain + ":" + opType] = expansion
  }

  mutating func setRule(_ opType: String, _ domain: String, _ rule: @escaping GradientRule) {
    gradients[domain + ":" + opType] = rule
  }

  /// How a node is differentiated, if it can be.
  func gradient(_ node: Node) -> GradientRule? { gradients[node.domain + ":" + node.opType] }

  /// Every operator that has a gradient as "domain:type".
  var differentiableNames: [String] { gradients.keys.sorted() }

  /// Every operator as "domain:type".
  var names: [String] { (Array(builders.keys) + expanders.keys).sorted() }

  func expansion(_ node: Node) -> Expander? { expanders[node.domain + ":" + node.opType] }

  func builder(_ node: Node) -> Builder? { builders[node.domain + ":" + node.opType] }

  /// Builds a node's operator, or refuses it by type and name.
  func build(_ context: OperatorContext) throws(GraphError) -> any Operator {
    guard let builder = builder(context.node) else {
      let domain = context.node.domain
      let name = domain.isEmpty ? context.node.opType : "\(domain).\(context.node.opType)"
      throw GraphError(
        code: .unsupportedOperator,
        message: "operator \(name) is not supported", node: context.node.displayName)
    }
    do {
      try InputCounts.check(context)
      return try builder(context)
    } catch {
      throw error.at(context.node)
    }
  }
}
