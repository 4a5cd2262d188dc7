/// Replaces every If of a graph by the branch that some inputs choose. Conditions that follow from
/// the inputs' shapes, or from a few whole numbers among them, are the same for every request like
/// the first; what is left then can be planned.
struct BranchSelection {
  /// A branch that was chosen: the If that writes these values, and what its condition was.
  struct Decision: Hashable {
    let outputs: [String]
    let isTrue: Bool
  }

  /// In the order in which they were found.
  private(set) var decisions: [Decision] = []

  /// Branches in branches: a file of a few bytes must not become a graph without end.
  private static let decisionCountMax = 1_000
  /// Rounds of folding, each of which decides all that is known then: branches within branches, and
  /// those whose conditions others give. And nodes that all rounds look at: a second's worth.
  private static let roundCountMax = 32
  private static let visitCountMax = 50_000

  /// Decides every If of a graph (closed, validated, expanded) for inputs of these shapes, some with
  /// known values. nil when a condition depends on anything else.
  init?(
    _ graph: Graph, shapes: [[Int]], values: [Int: Tensor], _ options: ModelOptions
  ) throws(GraphError) {
    var graph = graph
    for index in graph.inputs.indices {
      graph.inputs[index].shape = shapes[index]
      if let value = values[index] { graph.initializers[graph.inputs[index].name] = value }
    }
    graph.inputs = graph.inputs.indices.filter { values[$0] == nil }.map { graph.inputs[$0] }
    var (roundCount, visitCount) = (0, 0)
    while graph.nodes.contains(where: \.isIf) {
      roundCount += 1
      visitCount += graph.nodes.count
      guard roundCount <= Self.roundCountMax, visitCount <= Self.visitCountMax else { return nil }
      try ConstantFolding.pass.run(&graph, .standard, options)
      let known = graph.nodes.filter { $0.isIf }.compactMap { node in
        graph.condition(of: node).map { Decision(outputs: node.outputs, isTrue: $0) }
      }
      guard !known.isEmpty || !graph.nodes.contains(where: \.isIf),
        decisions.count + known.count <= Self.decisionCountMax
      else { return nil }
      for decision in known {
        try graph.inline(decision, number: decisions.count, options)
        decisions.append(decision)
      }
    }
  }

  /// A graph with the decisions carried out, for inputs of any shapes that lead to them.
  func apply(to graph: Graph, _ options: ModelOptions) throws(GraphError) -> Graph {
    var graph = graph
    for (number, decision) in decisions.enumerated() {
      try graph.inline(decision, number: number, options)
    }
    return graph
  }
}

extension Node {
  fileprivate var isIf: Bool { opType == "If" && domain.isEmpty }
}

extension Graph {
  /// Whether there is an If that could be decided.
  var hasBranches: Bool { nodes.contains(where: \.isIf) }

  /// The inputs that conditions may follow from, here and in the branches. The graph is closed.
  var inputsOfConditions: Set<String> {
    var found: Set<String> = []
    var open: [String] = []
    for node in nodes where node.isIf {
      open += node.inputs.prefix(1)
      for attribute in ["then_branch", "else_branch"] {
        guard case .graph(let body) = node.attributes[attribute] else { continue }
        let inner = body.inputsOfConditions
        for (input, position) in zip(body.inputs, node.captures(of: attribute))
        where inner.contains(input.name) {
          open.append(node.inputs[position])
        }
      }
    }
    var sources: [String: [String]] = [:]
    for node in nodes { for output in node.outputs { sources[output] = node.inputs } }
    while let name = open.popLast() {
      if found.insert(name).inserted { open += sources[name] ?? [] }
    }
    return found.intersection(inputs.map(\.name))
  }

  fileprivate func condition(of node: Node) -> Bool? {
    guard let name = node.inputs.first, let value = initializers[name], value.dataType == .bool,
      value.elementCount == 1
    else { return nil }
    return value.elements(as: UInt8.self)[0] != 0
  }

  /// Puts the nodes of a branch in the place of its If. Their values get names of their own.
  fileprivate mutating func inline(
    _ decision: BranchSelection.Decision, number: Int, _ options: ModelOptions
  ) throws(GraphError) {
    guard let index = nodes.firstIndex(where: { $0.isIf && $0.outputs == decision.outputs }) else {
      return
    }
    let node = nodes[index]
    let attribute = decision.isTrue ? "then_branch" : "else_branch"
    guard case .graph(var body) = node.attributes[attribute] else {
      throw GraphError(code: .invalidAttribute, message: "If needs a \(attribute)")
    }
    let captures = node.captures(of: attribute)
    guard body.inputs.count == captures.count else {
      throw GraphError(code: .invalidGraph, message: "\(attribute) must have no inputs")
    }
    var names: [String: String] = [:]
    for (input, position) in zip(body.inputs, captures) {
      names[input.name] = node.inputs[position]
    }
    body = try body.validated().expanded(.standard, options)
    // NUL cannot be part of a name that was read from a file.
    let suffix = "\0branch\(number)"
    func renamed(_ name: String) -> String { name.isEmpty ? "" : names[name] ?? name + suffix }
    for (name, tensor) in body.initializers { initializers[renamed(name)] = tensor }
    var inlined = body.nodes
    for position in inlined.indices {
      inlined[position].inputs = inlined[position].inputs.map(renamed)
      inlined[position].outputs = inlined[position].outputs.map(renamed)
    }
    for (output, name) in zip(body.outputs, node.outputs) where !name.isEmpty {
      inlined.append(Node(opType: "Identity", inputs: [renamed(output.name)], outputs: [name]))
    }
    nodes.replaceSubrange(index...index, with: inlined)
  }
}
