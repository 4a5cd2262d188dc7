/// Exporters hand weights to a Loop as values that it carries from one iteration to the next, and its
/// body gives them back as they came. Such a value is captured instead: what is constant outside is
/// constant in the body then, and its weights are packed.
extension Node {
  /// A Loop (closed) without the values that it carries unchanged; Identity nodes give its former
  /// outputs.
  fileprivate func capturingInvariants() -> [Node] {
    guard opType == "Loop", domain.isEmpty, case .graph(var body) = attributes["body"],
      formalInputCount >= 2, body.outputs.count >= formalInputCount - 1,
      body.inputs.count == inputs.count, bodyCount == 1
    else { return [self] }
    var node = self
    var copies: [Node] = []
    let origins = body.origins
    for index in (0..<formalInputCount - 2).reversed() {
      let (value, input) = (inputs[2 + index], body.inputs[2 + index])
      guard !value.isEmpty, origins[body.outputs[1 + index].name] == input.name else { continue }
      node.inputs.remove(at: 2 + index)
      node.inputs.append(value)
      body.inputs.remove(at: 2 + index)
      // Its type is that of what is captured.
      body.inputs.append(Graph.Value(name: input.name, dataType: nil, shape: nil))
      body.outputs.remove(at: 1 + index)
      node.countCapture()
      if index < node.outputs.count {
        let output = node.outputs.remove(at: index)
        if !output.isEmpty {
          copies.append(Node(opType: "Identity", inputs: [value], outputs: [output]))
        }
      }
    }
    node.attributes["body"] = .graph(body)
    return [node] + copies
  }
}

extension Node {
  /// What cannot fail on values, and is not worth less than handing its result to every iteration.
  private static let movable: Set<String> = [
    "Add", "Cast", "Concat", "Exp", "Gemm", "Identity", "MatMul", "Mul", "Neg", "Relu", "Shape",
    "Sigmoid", "Slice", "Split", "Sqrt", "Squeeze", "Sub", "Tanh", "Transpose", "Unsqueeze",
  ]

  private var isMovable: Bool { domain.isEmpty && Self.movable.contains(opType) }

  /// A Loop (closed) without the nodes of its body that give the same in every iteration, and those
  /// nodes. `weights` gets what they read of the body's.
  fileprivate func withoutInvariants(_ weights: inout [String: Tensor]) -> [Node] {
    guard opType == "Loop", domain.isEmpty, case .graph(var body) = attributes["body"],
      body.inputs.count == inputs.count, bodyCount == 1,
      let own = outputs.first(where: { !$0.isEmpty })
    else { return [self] }
    var node = self
    // What body and graph call the same.
    var outer: [String: String] = [:]
    for index in captures(of: "body") { outer[body.inputs[index].name] = inputs[index] }
    var constants = body.initializers
    for node in body.nodes where node.opType == "Constant" && node.domain.isEmpty {
      if let name = node.outputs.first, case .tensor(let value) = node.attributes["value"] {
        constants[name] = value
      }
    }
    // NUL cannot be part of a name that was read from a file.
    func renamed(_ name: String) -> String { name.isEmpty ? "" : "\(name)\0\(own)" }
    var (moved, kept) = ([Node](), [Node]())
    for node in body.nodes {
      let isInvariant = node.inputs.allSatisfy {
        $0.isEmpty || outer[$0] != nil || constants[$0] != nil
      }
      // What is constant is computed at load, wherever it is.
      guard node.isMovable, isInvariant, node.inputs.contains(where: { outer[$0] != nil }) else {
        kept.append(node)
        continue
      }
      var copy = node
      for (index, name) in node.inputs.enumerated() where outer[name] == nil {
        copy.inputs[index] = renamed(name)
        if let value = constants[name] { weights[renamed(name)] = value }
      }
      copy.inputs = copy.inputs.map { outer[$0] ?? $0 }
      copy.outputs = node.outputs.map(renamed)
      for name in node.outputs where !name.isEmpty { outer[name] = renamed(name) }
      moved.append(copy)
    }
    guard !moved.isEmpty else { return [self] }
    let read = Set(kept.flatMap(\.inputs) + body.outputs.map(\.name))
    let given = Set(moved.flatMap(\.outputs))
    for (name, value) in outer.sorted(by: { $0.key < $1.key })
    where given.contains(value) && read.contains(name) {
      body.inputs.append(Graph.Value(name: name, dataType: nil, shape: nil))
      node.inputs.append(value)
      node.countCapture()
    }
    body.nodes = kept
    node.attributes["body"] = .graph(body)
    return moved + [node]
  }
}

extension Graph {
  /// The graph with what its loops (closed) do not change taken out of them.
  func movingInvariants() -> Graph {
    var graph = self
    graph.nodes = nodes.flatMap { $0.capturingInvariants() }
      .flatMap { $0.withoutInvariants(&graph.initializers) }
    return graph
  }

  /// Inputs by the names they have, also behind Identity nodes.
  fileprivate var origins: [String: String] {
    var found = Dictionary(inputs.map { ($0.name, $0.name) }) { first, _ in first }
    for node in nodes where node.opType == "Identity" && node.domain.isEmpty {
      guard let input = node.inputs.first, let output = node.outputs.first else { continue }
      if let origin = found[input] { found[output] = origin }
    }
    return found
  }
}
