extension Graph {
  /// The graph with every body (a branch of If, what Loop repeats) reading only its own inputs:
  /// what it takes from around it becomes further inputs, of the body and of its node. So passes
  /// see all that a node reads, and a body is compiled like any graph.
  func closingBodies(_ passes: ModelOptions.Passes) -> Graph {
    var graph = self
    graph.nodes = nodes.map { $0.closed(opsets, passes) }
    return passes.contains(.loops) ? graph.movingInvariants() : graph
  }

  /// Names that the graph reads and does not define, in the order of their first use.
  fileprivate var freeNames: [String] {
    var seen = Set(inputs.map(\.name)).union(initializers.keys)
    for node in nodes { seen.formUnion(node.outputs) }
    var free: [String] = []
    for name in nodes.flatMap(\.inputs) + outputs.map(\.name)
    where !name.isEmpty && seen.insert(name).inserted {
      free.append(name)
    }
    return free
  }
}

extension Node {
  /// Holds how many inputs each body added, in the order of the attributes' names. NUL cannot be
  /// part of a name that was read from a file.
  fileprivate static let captureCounts = "captures\0"

  fileprivate func closed(_ opsets: [String: Int], _ passes: ModelOptions.Passes) -> Node {
    var node = self
    var counts: [Int64] = []
    for name in attributes.keys.sorted() {
      guard case .graph(var body) = attributes[name] else { continue }
      body.opsets = opsets
      body = body.closingBodies(passes)
      let free = body.freeNames
      body.inputs += free.map { Graph.Value(name: $0, dataType: nil, shape: nil) }
      node.attributes[name] = .graph(body)
      node.inputs += free
      counts.append(Int64(free.count))
    }
    if !counts.isEmpty { node.attributes[Self.captureCounts] = .ints(counts) }
    return node
  }
}

extension Node {
  fileprivate static func isGraph(_ attribute: Attribute) -> Bool {
    if case .graph = attribute { true } else { false }
  }

  /// How many bodies the node has.
  var bodyCount: Int { attributes.values.count(where: Self.isGraph) }

  /// Notes that the last input is one that the only body captures.
  mutating func countCapture() {
    var count: Int64 = 1
    if case .ints(let counts) = attributes[Self.captureCounts] { count += counts[0] }
    attributes[Self.captureCounts] = .ints([count])
  }

  /// Inputs that are not captured by bodies.
  var formalInputCount: Int {
    guard case .ints(let counts) = attributes[Self.captureCounts] else { return inputs.count }
    return inputs.count - Int(counts.reduce(0, +))
  }

  /// The inputs that the body of an attribute captures.
  func captures(of name: String) -> Range<Int> {
    guard case .ints(let counts) = attributes[Self.captureCounts] else {
      return inputs.count..<inputs.count
    }
    var first = formalInputCount
    let names = attributes.keys.sorted().filter { Self.isGraph(attributes[$0]!) }
    for (other, count) in zip(names, counts) {
      if other == name { return first..<first + Int(count) }
      first += Int(count)
    }
    return first..<first
  }
}

extension OperatorContext {
  /// Inputs of the node that are not captured by bodies.
  var formalInputCount: Int { node.formalInputCount }

  /// The node's inputs that the body of an attribute captures.
  func captures(of name: String) -> Range<Int> { node.captures(of: name) }
}
