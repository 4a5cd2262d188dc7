internal import Compute
internal import Protocols

extension ONNXWriter {
  /// NodeProto.
  mutating func node(_ node: Node) throws(ONNXError) {
    guard !node.opType.isEmpty else {
      throw ONNXError(
        code: .malformed, message: "the node has no operator type",
        location: "node '\(node.displayName)'")
    }
    for input in node.inputs { out.field(1, string: input) }
    for output in node.outputs { out.field(2, string: output) }
    text(3, node.name)
    out.field(4, string: node.opType)
    do throws(ONNXError) {
      for (name, value) in node.attributes.sorted(by: { $0.key < $1.key }) {
        try message(5) { writer throws(ONNXError) in try writer.attribute(name, value) }
      }
    } catch {
      throw error.at("node '\(node.displayName)'")
    }
    text(7, node.domain)
    text(8, node.overload)
  }

  /// AttributeProto. The value is written even where it is its field's default, so that nobody has to
  /// guess.
  mutating func attribute(_ name: String, _ value: Attribute) throws(ONNXError) {
    out.field(1, string: name)
    switch value {
    case .float(let float):
      out.field(2, float: float)
      kind(1)
    case .int(let int):
      out.field(3, int64: int)
      kind(2)
    case .string(let bytes):
      out.field(4, bytes: bytes[...])
      kind(3)
    case .tensor(let tensor):
      try message(5) { writer throws(ONNXError) in try writer.tensor(tensor) }
      kind(4)
    case .graph(let graph):
      try message(6) { writer throws(ONNXError) in try writer.graph(graph) }
      kind(5)
    case .floats(let floats):
      floats.withUnsafeBytes { if !$0.isEmpty { out.field(7, rawBytes: $0) } }
      kind(6)
    case .ints(let ints):
      out.field(8, packed: ints)
      kind(7)
    case .strings(let strings):
      for string in strings { out.field(9, bytes: string[...]) }
      kind(8)
    case .tensors(let tensors):
      for tensor in tensors {
        try message(10) { writer throws(ONNXError) in try writer.tensor(tensor) }
      }
      kind(9)
    case .graphs(let graphs):
      for graph in graphs {
        try message(11) { writer throws(ONNXError) in try writer.graph(graph) }
      }
      kind(10)
    case .type(let form, let dataType):
      message(14) { $0.type(form, dataType, shape: nil) }
      kind(13)
    case .reference(let referenced):
      // The reader does not keep its kind, which nothing needs: the call's attribute has one.
      out.field(21, string: referenced)
    case .other(let kind):
      throw ONNXError(
        code: .unsupported, message: "attribute '\(name)' is of a kind not written: \(kind)")
    }
  }

  /// AttributeProto.type.
  private mutating func kind(_ number: Int64) { out.field(20, int64: number) }
}
