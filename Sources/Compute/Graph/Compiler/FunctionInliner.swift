extension Graph {
  /// The graph with every call of one of its functions replaced by the function's body.
  func inliningFunctions() throws(GraphError) -> Graph {
    guard !functions.isEmpty else { return self }
    var inliner = FunctionInliner(functions)
    var graph = self
    graph.nodes = try inliner.inline(nodes, depth: 0)
    graph.functions = []
    return graph
  }
}

/// Replaces calls by bodies. Every value of a body gets a name of its own per call.
private struct FunctionInliner {
  private let functions: [String: GraphFunction]
  /// Bytes of the names in each function's body.
  private let nameByteCounts: [String: Int]
  private var callCount = 0
  private var nodeCount = 0

  /// Calls within calls: functions that call themselves end here.
  private static let depthMax = 32
  /// As many nodes as a file may have: functions that each call another twice would double the
  /// graph with every one of them.
  private static let nodeCountMax = 200_000
  /// Bytes of the names that calls make: a long one would be made anew by every call.
  private static let nameByteCountMax = 64 << 20
  private var nameByteCount = 0

  init(_ list: [GraphFunction]) {
    functions = Dictionary(
      list.map { (Self.key($0.domain, $0.name, $0.overload), $0) }, uniquingKeysWith: { $1 })
    nameByteCounts = functions.mapValues { Self.nameByteCount($0.nodes) }
  }

  private static func key(_ domain: String, _ name: String, _ overload: String) -> String {
    "\(domain == "ai.onnx" ? "" : domain):\(name):\(overload)"
  }

  private static func nameByteCount(_ nodes: [Node]) -> Int {
    nodes.reduce(0) { sum, node in
      var names = node.inputs + node.outputs + [node.name]
      var inside = 0
      for case .graph(let body) in node.attributes.values {
        names += (body.inputs + body.outputs).map(\.name) + body.initializers.keys
        inside += nameByteCount(body.nodes)
      }
      return sum + inside + names.reduce(0) { $0 + $1.utf8.count }
    }
  }

  mutating func inline(_ nodes: [Node], depth: Int) throws(GraphError) -> [Node] {
    var result: [Node] = []
    for var node in nodes {
      guard depth <= Self.depthMax else {
        throw GraphError(
          code: .resourceExhausted, message: "functions nest deeper than \(Self.depthMax)",
          node: node.displayName)
      }
      nodeCount += 1
      guard nodeCount <= Self.nodeCountMax else {
        throw GraphError(
          code: .resourceExhausted,
          message: "the functions' bodies have more than \(Self.nodeCountMax) nodes",
          node: node.displayName)
      }
      for (name, attribute) in node.attributes {
        guard case .graph(var body) = attribute else { continue }
        body.nodes = try inline(body.nodes, depth: depth + 1)
        node.attributes[name] = .graph(body)
      }
      let key = Self.key(node.domain, node.opType, node.overload)
      if let function = functions[key] {
        result += try inline(try call(node, function, key), depth: depth + 1)
      } else {
        result.append(node)
      }
    }
    return result
  }

  /// The nodes that stand for one call.
  private mutating func call(
    _ node: Node, _ function: GraphFunction, _ key: String
  ) throws(GraphError) -> [Node] {
    guard node.inputs.count <= function.inputs.count,
      node.outputs.count <= function.outputs.count
    else {
      throw GraphError(
        code: .invalidGraph,
        message: "\(function.name) has \(function.inputs.count) inputs and "
          + "\(function.outputs.count) outputs, got \(node.inputs.count) and "
          + "\(node.outputs.count)", node: node.displayName)
    }
    callCount += 1
    nameByteCount += (nameByteCounts[key] ?? 0) + function.nodes.count * node.name.utf8.count
    guard nameByteCount <= Self.nameByteCountMax else {
      throw GraphError(
        code: .resourceExhausted,
        message:
          "the names in the functions' bodies take more than \(Self.nameByteCountMax) bytes, "
          + "got \(nameByteCount)", node: node.displayName)
    }
    var scope = Scope(
      names: [:], suffix: "\0\(callCount)", function: function,
      attributes: function.defaults.merging(node.attributes) { $1 })
    for (index, name) in function.inputs.enumerated() {
      scope.names[name] = index < node.inputs.count ? node.inputs[index] : ""
    }
    var copies: [Node] = []
    for (index, name) in function.outputs.enumerated() where index < node.outputs.count {
      let wanted = node.outputs[index]
      if wanted.isEmpty { continue }
      if let given = scope.names[name] {
        // An output that is an input, or another output.
        copies.append(Node(opType: "Identity", inputs: [given], outputs: [wanted]))
      } else {
        scope.names[name] = wanted
      }
    }
    return function.nodes.map { scope.rename($0, caller: node.name) } + copies
  }

  /// What the names and attributes of a body mean in one call.
  private struct Scope {
    var names: [String: String]
    let suffix: String
    let function: GraphFunction
    let attributes: [String: Attribute]

    private func rename(_ name: String) -> String {
      name.isEmpty ? "" : names[name] ?? name + suffix
    }

    func rename(_ node: Node, caller: String) -> Node {
      var node = node
      if !node.name.isEmpty { node.name = caller.isEmpty ? node.name : "\(caller)/\(node.name)" }
      node.inputs = node.inputs.map(rename)
      node.outputs = node.outputs.map(rename)
      node.opset = function.opsets[node.domain]
      for (name, attribute) in node.attributes {
        switch attribute {
        case .reference(let other): node.attributes[name] = attributes[other]
        case .graph(let body): node.attributes[name] = .graph(rename(body, caller: caller))
        default: break
        }
      }
      return node
    }

    private func rename(_ body: Graph, caller: String) -> Graph {
      var body = body
      func renamed(_ value: Graph.Value) -> Graph.Value {
        var value = value
        value.name = rename(value.name)
        return value
      }
      body.inputs = body.inputs.map(renamed)
      body.outputs = body.outputs.map(renamed)
      body.initializers = Dictionary(
        body.initializers.map { (rename($0.key), $0.value) }, uniquingKeysWith: { $1 })
      body.nodes = body.nodes.map { rename($0, caller: caller) }
      return body
    }
  }
}
