/// Nodes that stand for something, on their way into a graph, and the constants they read.
struct WrittenNodes {
  var nodes: [Node] = []
  var initializers: [String: Tensor] = [:]
  /// The name of every node, for errors.
  let displayName: String
  /// What the names of all values begin with: NUL cannot be part of a name that was read from a file.
  /// They are short because a long name of the file would be made anew by every value.
  let prefix: String
  private var valueCount = 0

  /// The operator set that nodes are written for, whatever the model's.
  static let opset = 21

  init(of node: Node, prefix: String) {
    displayName = node.displayName
    self.prefix = prefix
  }

  mutating func name() -> String {
    valueCount += 1
    return "\(prefix)\(valueCount)"
  }
}

/// Whoever says something in the terms of other operators: an operator that is several in one, and the
/// gradient of one.
protocol NodeWriting {
  var written: WrittenNodes { get set }
}

extension NodeWriting {
  /// Writes a node with `count` outputs and gives their names.
  mutating func values(
    _ count: Int, _ opType: String, _ inputs: [String?], _ attributes: [String: Attribute] = [:],
    domain: String = "", opset: Int = WrittenNodes.opset
  ) -> [String] {
    var names = inputs.map { $0 ?? "" }
    while names.last == "" { names.removeLast() }
    var node = Node(
      name: written.displayName, opType: opType, domain: domain, inputs: names,
      outputs: (0..<count).map { _ in written.name() }, attributes: attributes)
    node.opset = domain.isEmpty ? opset : 1
    written.nodes.append(node)
    return node.outputs
  }

  /// Writes a node and gives the name of its output.
  mutating func value(
    _ opType: String, _ inputs: [String?], _ attributes: [String: Attribute] = [:],
    domain: String = "", opset: Int = WrittenNodes.opset
  ) -> String {
    values(1, opType, inputs, attributes, domain: domain, opset: opset)[0]
  }

  /// A constant.
  mutating func constant(_ tensor: Tensor) -> String {
    let name = written.name()
    written.initializers[name] = tensor
    return name
  }

  /// A constant vector of INT64.
  mutating func integers(_ values: [Int]) -> String {
    constant(Tensor(int64: values.map { Int64($0) }, shape: [values.count]))
  }

  /// A constant scalar.
  mutating func number(_ value: Double, _ type: DataType) throws(GraphError) -> String {
    func scalar<T: Element>(_ element: T.Type) -> Tensor {
      Tensor([T(converting: value)], shape: [], dataType: type)
    }
    return constant(scalar(try type.numeric()))
  }
}
