/// Every supported operator by domain and type. Each family of operators registers itself on
/// one line below and lives in its own file.
struct OperatorRegistry: Sendable {
  typealias Builder = @Sendable (OperatorContext) throws(GraphError) -> any Operator

  private var builders: [String: Builder] = [:]

  mutating func register(
    _ opType: String, domain: String = "", _ builder: @escaping Builder
  ) {
    builders[domain + ":" + opType] = builder
  }

  /// Every operator as "domain:type".
  var names: [String] { builders.keys.sorted() }

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
      return try builder(context)
    } catch {
      throw error.at(context.node)
    }
  }
}
