/// Types and constants of every value of a graph, and the operator of every node, found by
/// walking the (sorted) nodes once.
struct GraphTypes {
  private(set) var types: [String: TensorType] = [:]
  private(set) var operators: [any Operator] = []

  init(_ graph: Graph, registry: OperatorRegistry, options: ModelOptions) throws(GraphError) {
    for input in graph.inputs {
      guard let dataType = input.dataType else {
        throw GraphError(
          code: .unsupportedType, message: "input '\(input.name)' is not a tensor")
      }
      types[input.name] = TensorType(dataType, input.shape)
    }
    for (name, tensor) in graph.initializers {
      types[name] = TensorType(tensor.dataType, tensor.shape)
    }
    for node in graph.nodes {
      let known = known(node, graph)
      let context = OperatorContext(
        node: node, opset: graph.opsets[node.domain] ?? GraphTypes.opsetMissing(node),
        known: known, options: options)
      let op = try registry.build(context)
      let outputs: [TensorType]
      do {
        outputs = try op.infer(known)
      } catch {
        throw error.at(node)
      }
      for (name, type) in zip(node.outputs, outputs) where !name.isEmpty {
        if let shape = type.shape, type.isConcrete, Shape.elementCount(shape) == nil {
          throw GraphError(
            code: .shapeOverflow,
            message: "the shape \(Shape.describe(shape)) of '\(name)' overflows",
            node: node.displayName)
        }
        types[name] = type
      }
      let nameCount = node.outputs.lastIndex { !$0.isEmpty }.map { $0 + 1 } ?? 0
      if nameCount > outputs.count {
        throw GraphError(
          code: .invalidGraph,
          message: "\(node.opType) has \(outputs.count) outputs, got \(nameCount)",
          node: node.displayName)
      }
      operators.append(op)
    }
  }

  /// What is known of a node's inputs.
  func known(_ node: Node, _ graph: Graph) -> KnownInputs {
    KnownInputs(
      types: node.inputs.map { $0.isEmpty ? nil : types[$0] },
      constants: node.inputs.map { $0.isEmpty ? nil : graph.initializers[$0] })
  }

  // Files without an entry for a domain use its first version; for the standard domain that
  // is never meant, so the oldest semantics we support apply.
  private static func opsetMissing(_ node: Node) -> Int { node.domain.isEmpty ? 7 : 1 }
}
