/// What an operator is built from: the node, the operator-set version it was written for, and
/// what is known of its inputs at load.
struct OperatorContext {
  let node: Node
  let opset: Int
  let known: KnownInputs
  let options: ModelOptions
  /// False while passes look at types only: the operator will be built again.
  let packsWeights: Bool

  func constant(_ index: Int) -> Tensor? { known.constant(index) }

  /// The rank of an input if known.
  func rank(_ index: Int) -> Int? { known.optional(index)?.shape?.count }

  func has(_ name: String) -> Bool { node.attributes[name] != nil }

  func int(_ name: String) throws(GraphError) -> Int? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .int(let value) = attribute else { throw wrongKind(name, "int", attribute) }
    return Int(value)
  }

  func int(_ name: String, default value: Int) throws(GraphError) -> Int {
    try int(name) ?? value
  }

  func bool(_ name: String, default value: Bool) throws(GraphError) -> Bool {
    try int(name).map { $0 != 0 } ?? value
  }

  func float(_ name: String) throws(GraphError) -> Float? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .float(let value) = attribute else { throw wrongKind(name, "float", attribute) }
    return value
  }

  func float(_ name: String, default value: Float) throws(GraphError) -> Float {
    try float(name) ?? value
  }

  func string(_ name: String) throws(GraphError) -> String? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .string(let bytes) = attribute else { throw wrongKind(name, "string", attribute) }
    return String(decoding: bytes, as: UTF8.self)
  }

  func ints(_ name: String) throws(GraphError) -> [Int]? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .ints(let values) = attribute else { throw wrongKind(name, "ints", attribute) }
    return values.map { Int($0) }
  }

  func floats(_ name: String) throws(GraphError) -> [Float]? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .floats(let values) = attribute else {
      throw wrongKind(name, "floats", attribute)
    }
    return values
  }

  func strings(_ name: String) throws(GraphError) -> [[UInt8]]? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .strings(let values) = attribute else {
      throw wrongKind(name, "strings", attribute)
    }
    return values
  }

  func tensor(_ name: String) throws(GraphError) -> Tensor? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .tensor(let value) = attribute else { throw wrongKind(name, "tensor", attribute) }
    return value
  }

  func graph(_ name: String) throws(GraphError) -> Graph {
    guard let attribute = node.attributes[name] else {
      throw GraphError(
        code: .invalidAttribute, message: "\(node.opType) needs the attribute \(name)")
    }
    guard case .graph(let value) = attribute else { throw wrongKind(name, "graph", attribute) }
    return value
  }

  /// Refuses an attribute outside what is supported.
  func unsupported(_ name: String, _ found: String, expected: String) -> GraphError {
    GraphError(
      code: .unsupportedAttribute,
      message: "\(node.opType) supports \(name) \(expected), got \(found)")
  }

  private func wrongKind(_ name: String, _ expected: String, _ found: Attribute) -> GraphError {
    GraphError(
      code: .invalidAttribute,
      message: "attribute '\(name)' of \(node.opType) must be \(expected), got \(found.kind)")
  }
}

/// Turns an axis counted from the end into one counted from the start. A scalar has none.
func normalizedAxis(_ axis: Int, rank: Int) throws(GraphError) -> Int {
  guard axis >= -rank && axis < rank else {
    throw GraphError(
      code: .invalidAttribute,
      message: "axis must be in \(-rank)..<\(rank) for rank \(rank), got \(axis)")
  }
  return axis < 0 ? axis + rank : axis
}
