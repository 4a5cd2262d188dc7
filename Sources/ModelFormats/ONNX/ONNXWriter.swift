internal import Compute
internal import Protocols

/// Writes the messages of an ONNX file. This file holds the model, its graph and its functions; nodes
/// and values have their own. What has no order (initialisers, attributes, properties) is written by
/// name, so that the same graph always gives the same bytes.
struct ONNXWriter {
  /// What protobuf's readers take, ONNX Runtime's among them.
  static let byteCountMax = Int(Int32.max)

  /// The bytes so far.
  var out = ProtobufWriter()

  /// ModelProto.
  mutating func model(_ graph: Graph, irVersion: Int64?) throws(ONNXError) {
    out.field(1, int64: irVersion ?? ONNXVersions.irVersion(of: graph))
    let metadata = graph.metadata
    text(2, metadata.producerName)
    text(3, metadata.producerVersion)
    if metadata.modelVersion != 0 { out.field(5, int64: metadata.modelVersion) }
    text(6, metadata.documentation)
    try message(7) { writer throws(ONNXError) in try writer.graph(graph) }
    opsets(8, graph.opsets)
    for (key, value) in metadata.properties.sorted(by: { $0.key < $1.key }) {
      out.message(14) { entry in
        entry.field(1, string: key)
        entry.field(2, string: value)
      }
    }
    for function in graph.functions {
      try message(25) { writer throws(ONNXError) in try writer.function(function) }
    }
    guard out.bytes.count <= Self.byteCountMax else {
      throw ONNXError(
        code: .limitExceeded,
        message: "expected a model of at most \(Self.byteCountMax) bytes, got \(out.bytes.count)")
    }
  }

  /// GraphProto.
  mutating func graph(_ graph: Graph) throws(ONNXError) {
    for node in graph.nodes {
      if let opset = node.opset, opset != graph.opsets[node.domain] {
        throw ONNXError(
          code: .unsupported,
          message: "the node was written for operator set \(opset), the graph is not",
          location: "node '\(node.displayName)'")
      }
      try message(1) { writer throws(ONNXError) in try writer.node(node) }
    }
    // A graph must have a name: the standard's checker says so.
    out.field(2, string: graph.name.isEmpty ? "graph" : graph.name)
    let byteCount = graph.initializers.values.reduce(0) { $0 + $1.storage.byteCount + 64 }
    out.reserve(byteCount)
    for (name, tensor) in graph.initializers.sorted(by: { $0.key < $1.key }) {
      try message(5) { writer throws(ONNXError) in try writer.tensor(tensor, name: name) }
    }
    for input in graph.inputs { message(11) { $0.value(input) } }
    for output in graph.outputs { message(12) { $0.value(output) } }
  }

  /// FunctionProto.
  private mutating func function(_ function: GraphFunction) throws(ONNXError) {
    out.field(1, string: function.name)
    for input in function.inputs { out.field(4, string: input) }
    for output in function.outputs { out.field(5, string: output) }
    for name in Self.references(in: function.nodes).subtracting(function.defaults.keys).sorted() {
      out.field(6, string: name)
    }
    for node in function.nodes {
      try message(7) { writer throws(ONNXError) in try writer.node(node) }
    }
    opsets(9, function.opsets)
    text(10, function.domain)
    for (name, value) in function.defaults.sorted(by: { $0.key < $1.key }) {
      try message(11) { writer throws(ONNXError) in try writer.attribute(name, value) }
    }
    text(13, function.overload)
  }

  /// Names of the attributes that a function's nodes take from the call.
  private static func references(in nodes: [Node]) -> Set<String> {
    var names: Set<String> = []
    for attribute in nodes.flatMap(\.attributes.values) {
      switch attribute {
      case .reference(let name): names.insert(name)
      case .graph(let graph): names.formUnion(references(in: graph.nodes))
      case .graphs(let graphs):
        for graph in graphs { names.formUnion(references(in: graph.nodes)) }
      default: break
      }
    }
    return names
  }

  /// OperatorSetIdProto of each domain. A reader of ours spells the standard's domain both ways.
  private mutating func opsets(_ number: Int, _ opsets: [String: Int]) {
    for (domain, version) in opsets.sorted(by: { $0.key < $1.key }) {
      if domain == "ai.onnx" && opsets[""] != nil { continue }
      out.message(number) { entry in
        if !domain.isEmpty { entry.field(1, string: domain) }
        entry.field(2, int64: Int64(version))
      }
    }
  }

  /// A text that may be left out.
  mutating func text(_ number: Int, _ value: String) {
    if !value.isEmpty { out.field(number, string: value) }
  }

  /// An embedded message.
  mutating func message<E: Error>(
    _ number: Int, _ body: (inout ONNXWriter) throws(E) -> Void
  ) throws(E) {
    // Written where it belongs, so that weights move at most once for each level they lie in.
    var failure: E?
    out.message(number) { part in
      var writer = ONNXWriter()
      swap(&writer.out, &part)
      do throws(E) { try body(&writer) } catch { failure = error }
      swap(&writer.out, &part)
    }
    if let failure { throw failure }
  }
}
