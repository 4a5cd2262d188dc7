/// Looks at a graph backwards, from a value to what it is computed from.
struct GraphPattern {
  let graph: Graph
  private let uses: GraphUses

  init(_ graph: Graph) {
    self.graph = graph
    uses = GraphUses(graph)
  }

  /// The standard node of this type that writes a value as its first output.
  func node(_ opType: String, writing name: String) -> Node? {
    guard let index = uses.producer[name] else { return nil }
    let node = graph.nodes[index]
    return node.opType == opType && node.domain.isEmpty && node.outputs[0] == name ? node : nil
  }

  /// The only node that reads a value, if no caller sees it.
  func onlyReader(_ name: String) -> Int? { uses.onlyReader(name) }

  /// A constant of one FP32 number.
  func number(_ name: String) -> Float? {
    guard let tensor = graph.initializers[name], tensor.dataType == .fp32,
      tensor.elementCount == 1
    else { return nil }
    return tensor.elements(as: Float.self)[0]
  }

  /// Whether a value is a constant number, but for the rounding of whoever wrote it.
  func isNumber(_ name: String, _ expected: Float) -> Bool {
    number(name).map { abs($0 - expected) <= 1e-4 * abs(expected) } ?? false
  }

  /// A constant FP32 row.
  func row(_ name: String) -> Tensor? {
    guard let tensor = graph.initializers[name], tensor.dataType == .fp32,
      tensor.shape.count == 1
    else { return nil }
    return tensor
  }

  /// Both inputs of a commutative node, each as the first once.
  func orders(_ node: Node) -> [(String, String)] {
    guard node.inputs.count == 2 else { return [] }
    return [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])]
  }

  /// The axes a reduction takes, from its attribute or its second input; nil if it is not said.
  func axes(_ node: Node) -> [Int]? {
    if case .ints(let axes) = node.attributes["axes"] { return axes.map { Int($0) } }
    guard node.inputs.count > 1, let tensor = graph.initializers[node.inputs[1]],
      tensor.dataType == .int64
    else { return nil }
    return tensor.elements(as: Int64.self).map { Int($0) }
  }
}
