/// Writes the nodes that stand for one node: an operator that is several of the standard's in one
/// is said in their terms, so that it has no second implementation and every pass and kernel of
/// theirs serves it. Values are called by their names in the graph.
struct Expansion: NodeWriting {
  /// The node that is replaced, and what is known of its inputs.
  let context: OperatorContext
  var written: WrittenNodes
  /// Outputs of the node by the names that their values got first.
  private var outputs: [String: String] = [:]

  init(_ context: OperatorContext, number: Int) {
    self.context = context
    written = WrittenNodes(of: context.node, prefix: "\0expansion\(number).")
  }

  /// The constants that the nodes read.
  var initializers: [String: Tensor] { written.initializers }

  /// The nodes, once everything is written.
  var nodes: [Node] {
    written.nodes.map { node in
      var node = node
      node.inputs = node.inputs.map { outputs[$0] ?? $0 }
      node.outputs = node.outputs.map { outputs[$0] ?? $0 }
      return node
    }
  }

  // MARK: - What the node has

  /// The name of a mandatory input.
  func input(_ index: Int) throws(GraphError) -> String {
    guard let name = optional(index) else {
      throw GraphError(code: .missingInput, message: "input \(index) is required and missing")
    }
    return name
  }

  /// The name of an input, nil if left out.
  func optional(_ index: Int) -> String? {
    let inputs = context.node.inputs
    return index < inputs.count && !inputs[index].isEmpty ? inputs[index] : nil
  }

  /// The type of a mandatory input.
  func type(_ index: Int) throws(GraphError) -> TensorType { try context.known.type(index) }

  /// The shape of an input whose rank has to be known: one of those given, if any are.
  func shape(_ index: Int, ranks: ClosedRange<Int> = 0...64) throws(GraphError) -> [Int] {
    guard let shape = try type(index).shape, ranks.contains(shape.count) else {
      throw GraphError(
        code: .shapeMismatch,
        message: "the rank of input \(index) must be known and in \(ranks), got "
          + Shape.describe(try type(index).shape))
    }
    return shape
  }

  /// Whether somebody wants an output.
  func wants(_ index: Int) -> Bool {
    index < context.node.outputs.count && !context.node.outputs[index].isEmpty
  }

  /// Those of the node's attributes that are named.
  func attributes(_ names: String...) -> [String: Attribute] {
    context.node.attributes.filter { names.contains($0.key) }
  }

  /// Refuses an attribute that is set to something else than zero.
  func refuse(_ names: String...) throws(GraphError) {
    for name in names where try context.int(name, default: 0) != 0 {
      throw context.unsupported(name, "1", expected: "0")
    }
  }

  // MARK: - What stands for it

  /// Says which value is an output of the node. Outputs that nobody wants are left out.
  mutating func give(_ value: String, as output: Int = 0) {
    guard wants(output) else { return }
    let name = context.node.outputs[output]
    let isOurs = written.nodes.contains { $0.outputs.contains(value) }
    if isOurs, outputs[value] == nil {
      outputs[value] = name
    } else {
      var copy = Node(opType: "Identity", inputs: [value], outputs: [name])
      copy.opset = WrittenNodes.opset
      written.nodes.append(copy)
    }
  }
}

extension Graph {
  /// Nodes that a file's may become; a file has at most 200,000.
  private static let expandedNodeCountMax = 1_000_000

  /// The graph with every node of an operator that stands for others replaced by them.
  func expanded(_ registry: OperatorRegistry, _ options: ModelOptions) throws(GraphError) -> Graph {
    guard nodes.contains(where: { registry.expansion($0) != nil }) else { return self }
    var graph = self
    var types = GraphTypes(inputsOf: self)
    var (kept, pending) = ([Node](), Array(nodes.reversed()))
    var (number, byteCount) = (0, 0)
    while let node = pending.popLast() {
      let known = types.known(node, graph)
      guard let body = registry.expansion(node) else {
        _ = try types.add(node, known, graph, registry, options, packs: false)
        kept.append(node)
        continue
      }
      number += 1
      var expansion = Expansion(
        OperatorContext(
          node: node, opset: node.opset ?? opsets[node.domain] ?? 1, known: known,
          options: options, packsWeights: false),
        number: number)
      do {
        try body(&expansion)
      } catch {
        throw error.at(node)
      }
      for (name, tensor) in expansion.initializers {
        graph.initializers[name] = tensor
        types.refine(name, tensor)
        byteCount += tensor.storage.byteCount
      }
      pending += expansion.nodes.reversed()
      guard byteCount <= options.weightByteCountMax else {
        throw GraphError(
          code: .resourceExhausted,
          message: "constants that nodes stand for may take \(options.weightByteCountMax) bytes "
            + "(weightByteCountMax), got \(byteCount)", node: node.displayName)
      }
      guard kept.count + pending.count <= Self.expandedNodeCountMax else {
        throw GraphError(
          code: .resourceExhausted,
          message: "the graph stands for more than \(Self.expandedNodeCountMax) nodes",
          node: node.displayName)
      }
    }
    graph.nodes = kept
    return graph
  }
}
