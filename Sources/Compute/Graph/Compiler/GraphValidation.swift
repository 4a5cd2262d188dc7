extension Graph {
  /// Checks names and order: every node has outputs, every value is written once, every input
  /// exists, there is no cycle. Returns the graph with its nodes in an order in which they can run.
  func validated() throws(GraphError) -> Graph {
    try checkVersions()
    var known = Set<String>()
    for input in inputs {
      guard !input.name.isEmpty else {
        throw GraphError(code: .invalidGraph, message: "an input has no name")
      }
      guard known.insert(input.name).inserted else {
        throw GraphError(
          code: .duplicateName, message: "input '\(input.name)' is declared twice")
      }
      if let shape = input.shape, Shape.elementCount(shape.map { max($0, 1) }) == nil {
        throw GraphError(
          code: .shapeOverflow,
          message: "the shape \(Shape.describe(shape)) of input '\(input.name)' overflows")
      }
    }
    for name in initializers.keys where !known.insert(name).inserted {
      throw GraphError(
        code: .duplicateName, message: "'\(name)' is both an input and an initialiser")
    }
    var producers: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      guard !node.outputs.isEmpty else {
        throw GraphError(
          code: .invalidGraph, message: "\(node.opType) must name an output, got none",
          node: node.displayName)
      }
      for output in node.outputs where !output.isEmpty {
        if known.contains(output) || producers.updateValue(index, forKey: output) != nil {
          throw GraphError(
            code: .duplicateName, message: "value '\(output)' is written more than once",
            node: node.displayName)
        }
      }
    }
    var sorted = self
    sorted.nodes = try order(known: known, producers: producers).map { nodes[$0] }
    var outputNames = Set<String>()
    for output in outputs {
      guard known.contains(output.name) || producers[output.name] != nil else {
        throw GraphError(
          code: .missingInput, message: "no node writes the output '\(output.name)'")
      }
      guard outputNames.insert(output.name).inserted else {
        throw GraphError(
          code: .duplicateName, message: "output '\(output.name)' is declared twice")
      }
    }
    return sorted
  }

  /// The operator-set versions whose semantics are implemented.
  private static let supportedOpsets: [String: ClosedRange<Int>] = [
    "": 1...23, "ai.onnx.ml": 1...5, "ai.onnx.preview.training": 1...1,
    contributed: 1...1,
  ]

  private func checkVersions() throws(GraphError) {
    for node in nodes {
      guard let supported = Self.supportedOpsets[node.domain],
        let version = node.opset ?? opsets[node.domain]
      else { continue }
      guard supported.contains(version) else {
        throw GraphError(
          code: .unsupportedOperator,
          message: "operator sets \(supported.lowerBound) to \(supported.upperBound) of domain "
            + "'\(node.domain)' are supported, the model needs \(version)",
          node: node.displayName)
      }
    }
  }

  /// Kahn's algorithm over node numbers, keeping the file's order where it is free to.
  private func order(
    known: Set<String>, producers: [String: Int]
  ) throws(GraphError) -> [Int] {
    var waiting = [Int](repeating: 0, count: nodes.count)
    var readers = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() {
      for input in node.inputs where !input.isEmpty && !known.contains(input) {
        guard let producer = producers[input] else {
          throw GraphError(
            code: .missingInput,
            message: "input '\(input)' is neither an input, an initialiser nor an output",
            node: node.displayName)
        }
        waiting[index] += 1
        readers[producer].append(index)
      }
    }
    var ready = nodes.indices.filter { waiting[$0] == 0 }
    var next = 0
    while next < ready.count {
      for reader in readers[ready[next]] {
        waiting[reader] -= 1
        if waiting[reader] == 0 { ready.append(reader) }
      }
      next += 1
    }
    if ready.count < nodes.count, let stuck = waiting.firstIndex(where: { $0 > 0 }) {
      throw GraphError(
        code: .cycle, message: "the node needs its own result, directly or through others",
        node: nodes[stuck].displayName)
    }
    return ready
  }
}
