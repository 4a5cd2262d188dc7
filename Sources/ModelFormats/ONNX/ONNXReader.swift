internal import Compute
internal import Protocols

/// Reads the messages of an ONNX file through views into its bytes. This file holds the model
/// and its graph; nodes, tensors and types have their own.
struct ONNXReader {
  let limits: ONNXLimits
  /// Where external data may lie; nil refuses it.
  let folder: String?

  /// The newest version of the file format whose fields we know (ONNX 1.20).
  static let irVersionMax: Int64 = 13

  /// ModelProto.
  func model(_ bytes: ArraySlice<UInt8>) throws(ONNXError) -> Graph {
    guard !bytes.isEmpty else {
      throw ONNXError(code: .malformed, message: "expected an ONNX model, got no bytes")
    }
    var graphBytes: ArraySlice<UInt8>?
    var metadata = ModelMetadata()
    var opsets: [String: Int] = [:]
    var functions: [GraphFunction] = []
    try fields(of: bytes, "model") { field throws(ONNXError) in
      switch field.number {
      case 1:
        let version = try integer(field)
        guard (1...Self.irVersionMax).contains(version) else {
          throw ONNXError(
            code: .unsupported,
            message: "expected IR version 1 to \(Self.irVersionMax), got \(version)")
        }
      case 2: metadata.producerName = try text(field)
      case 3: metadata.producerVersion = try text(field)
      case 5: metadata.modelVersion = try integer(field)
      case 6: metadata.documentation = try text(field)
      case 7: graphBytes = try slice(field)
      case 8:
        let (domain, version) = try opset(try slice(field))
        opsets[domain] = max(opsets[domain] ?? 0, version)
      case 14:
        let (key, value) = try entry(try slice(field))
        metadata.properties[key] = value
      case 25:
        try limit(functions.count, limits.functionCountMax, "functions")
        functions.append(try function(try slice(field)))
      default: break
      }
    }
    guard let graphBytes else {
      throw ONNXError(code: .malformed, message: "expected a model with a graph, got none")
    }
    if opsets[""] == nil, let spelled = opsets["ai.onnx"] { opsets[""] = spelled }
    var graph = try self.graph(graphBytes, depth: 0)
    graph.opsets = opsets
    graph.functions = functions
    metadata.classLabels = classLabels(of: graph)
    graph.metadata = metadata
    return graph
  }

  /// GraphProto.
  func graph(_ bytes: ArraySlice<UInt8>, depth: Int) throws(ONNXError) -> Graph {
    guard depth < limits.graphDepthMax else {
      throw ONNXError(
        code: .limitExceeded, message: "graphs nest deeper than \(limits.graphDepthMax)")
    }
    var graph = Graph(opsets: [:])
    var declared: [Graph.Value] = []
    try fields(of: bytes, "graph") { field throws(ONNXError) in
      switch field.number {
      case 1:
        try limit(graph.nodes.count, limits.nodeCountMax, "nodes")
        graph.nodes.append(try node(try slice(field), depth: depth))
      case 2: graph.name = try text(field)
      case 5:
        try limit(graph.initializers.count, limits.initializerCountMax, "initialisers")
        let (name, tensor) = try tensor(try slice(field))
        guard !name.isEmpty else {
          throw ONNXError(code: .malformed, message: "an initialiser has no name")
        }
        guard graph.initializers.updateValue(tensor, forKey: name) == nil else {
          throw ONNXError(
            code: .duplicateName, message: "initialiser '\(name)' is given twice")
        }
      case 11:
        try limit(declared.count, limits.operandCountMax, "inputs")
        declared.append(try value(try slice(field)))
      case 12:
        try limit(graph.outputs.count, limits.operandCountMax, "outputs")
        graph.outputs.append(try value(try slice(field)))
      case 15:
        throw ONNXError(code: .unsupported, message: "sparse initialisers are not supported")
      default: break
      }
    }
    // Before IR version 4 initialisers had to be listed as inputs too: they are defaults, and
    // callers never give them.
    graph.inputs = declared.filter { graph.initializers[$0.name] == nil }
    return graph
  }

  func opset(_ bytes: ArraySlice<UInt8>) throws(ONNXError) -> (String, Int) {
    var domain = ""
    var version: Int64 = 0
    try fields(of: bytes, "opset") { field throws(ONNXError) in
      switch field.number {
      case 1: domain = try text(field)
      case 2: version = try integer(field)
      default: break
      }
    }
    return (domain, Int(version))
  }

  /// StringStringEntryProto.
  func entry(_ bytes: ArraySlice<UInt8>) throws(ONNXError) -> (String, String) {
    var key = ""
    var value = ""
    try fields(of: bytes, "entry") { field throws(ONNXError) in
      switch field.number {
      case 1: key = try text(field)
      case 2: value = try text(field)
      default: break
      }
    }
    return (key, value)
  }

  /// The labels a classifier node carries, in the order of its scores.
  private func classLabels(of graph: Graph) -> [String] {
    for node in graph.nodes where node.domain == "ai.onnx.ml" {
      for name in ["classlabels_strings", "classlabels_int64s", "classlabels_ints"] {
        switch node.attributes[name] {
        case .strings(let labels) where !labels.isEmpty:
          return labels.map { String(decoding: $0, as: UTF8.self) }
        case .ints(let labels) where !labels.isEmpty: return labels.map(String.init)
        default: continue
        }
      }
    }
    return []
  }
}
