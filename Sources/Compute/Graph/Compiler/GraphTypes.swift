/// Types of every value of a graph, and the operator of every node, found by walking the
/// (sorted) nodes once.
struct GraphTypes {
  private(set) var types: [String: TensorType] = [:]
  private(set) var operators: [any Operator] = []
  private var weightByteCount = 0

  /// Only what needs no inference: inputs and initialisers.
  init(inputsOf graph: Graph) {
    for input in graph.inputs {
      if let dataType = input.dataType {
        types[input.name] = TensorType(dataType, input.shape, input.form)
      }
    }
    for (name, tensor) in graph.initializers {
      types[name] = TensorType(tensor.dataType, tensor.shape)
    }
  }

  /// Everything. `packs` is false for passes that only look at types.
  init(
    _ graph: Graph, registry: OperatorRegistry, options: ModelOptions, packs: Bool
  ) throws(GraphError) {
    self.init(inputsOf: graph)
    for node in graph.nodes {
      operators.append(
        try add(node, known(node, graph), graph, registry, options, packs: packs).0)
    }
  }

  /// Builds a node's operator and notes the types of its outputs.
  mutating func add(
    _ node: Node, _ known: KnownInputs, _ graph: Graph, _ registry: OperatorRegistry,
    _ options: ModelOptions, packs: Bool
  ) throws(GraphError) -> (any Operator, [TensorType]) {
    let op = try registry.build(
      OperatorContext(
        node: node, opset: node.opset ?? graph.opsets[node.domain] ?? Self.opsetMissing(node),
        known: known,
        options: options, packsWeights: packs))
    weightByteCount += packs ? op.weightByteCount : 0
    guard weightByteCount <= options.weightByteCountMax else {
      throw GraphError(
        code: .resourceExhausted,
        message: "packed weights may take \(options.weightByteCountMax) bytes "
          + "(weightByteCountMax), got \(weightByteCount)", node: node.displayName)
    }
    let outputs: [TensorType]
    do {
      outputs = try op.infer(known)
    } catch {
      throw error.at(node)
    }
    for (name, type) in zip(node.outputs, outputs) where !name.isEmpty {
      // What is not known yet may turn out to be 1.
      if let shape = type.shape, Shape.elementCount(shape.map { $0 < 0 ? 1 : $0 }) == nil {
        throw GraphError(
          code: .shapeOverflow,
          message: "the shape \(Shape.describe(shape)) of '\(name)' overflows",
          node: node.displayName)
      }
      types[name] = type
    }
    let nameCount = node.outputs.lastIndex { !$0.isEmpty }.map { $0 + 1 } ?? 0
    guard nameCount <= outputs.count else {
      throw GraphError(
        code: .invalidGraph,
        message: "\(node.opType) has \(outputs.count) outputs, got \(nameCount)",
        node: node.displayName)
    }
    return (op, outputs)
  }

  /// Notes a value that was computed.
  mutating func refine(_ name: String, _ tensor: Tensor) {
    types[name] = TensorType(tensor.dataType, tensor.shape)
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
