/// Computes what is declared FP16 or BF16 in FP32, where the kernels are: every value of a 16-bit
/// type gets a twin in FP32, and is rounded only where an operator, or a caller, wants it as it was
/// declared. A model saved in 16 bits then runs as fast as the one it was made of.
struct HalfPrecision {
  static let pass = GraphPass(option: .halfPrecision) {
    graph, registry, options throws(GraphError) in
    let types = try GraphTypes(graph, registry: registry, options: options, packs: false).types
    guard types.values.contains(where: { isHalf($0.dataType) }) else { return }
    // The twins of weights are twice as large as these.
    let weightByteCount = graph.initializers.values.reduce(0) {
      $0 + (isHalf($1.dataType) ? 2 * $1.storage.byteCount : 0)
    }
    guard weightByteCount <= options.weightByteCountMax else { return }
    var pass = HalfPrecision(graph, types, registry, options)
    for node in graph.nodes { pass.visit(node) }
    for output in graph.outputs { pass.restore(output.name) }
    graph.nodes = pass.nodes
    graph.initializers = pass.graph.initializers
  }

  private var graph: Graph
  private let types: [String: TensorType]
  private let registry: OperatorRegistry
  private let options: ModelOptions
  private var nodes: [Node] = []
  private var twins: [String: String] = [:]
  /// Values whose 16-bit form nobody has made yet.
  private var pending: Set<String> = []

  private init(
    _ graph: Graph, _ types: [String: TensorType], _ registry: OperatorRegistry,
    _ options: ModelOptions
  ) {
    self.graph = graph
    self.types = types
    self.registry = registry
    self.options = options
  }

  static func isHalf(_ type: DataType) -> Bool { type == .fp16 || type == .bf16 }

  private func isHalf(_ name: String) -> Bool {
    types[name].map { Self.isHalf($0.dataType) && $0.form == .tensor } ?? false
  }

  /// What draws numbers would draw others; whether a number is infinite depends on its type.
  private static let excluded: Set<String> = [
    "Bernoulli", "Multinomial", "RandomNormalLike", "RandomUniformLike", "IsInf", "Cast",
    "CastLike",
  ]

  private mutating func visit(_ node: Node) {
    if let input = node.inputs.first, let twin = twins[input], isCastToFP32(node) {
      nodes.append(Node(name: node.name, opType: "Identity", inputs: [twin], outputs: node.outputs))
      return
    }
    guard (node.inputs + node.outputs).contains(where: isHalf),
      !Self.excluded.contains(node.opType),
      node.domain.isEmpty || node.domain == FusedAttribute.domain, suits(node)
    else { return keep(node) }
    var wide = node
    wide.inputs = node.inputs.map { isHalf($0) ? twin(of: $0) : $0 }
    wide.outputs = node.outputs.map { name in
      guard isHalf(name) else { return name }
      twins[name] = name + Self.suffix
      pending.insert(name)
      return name + Self.suffix
    }
    for name in node.inputs where !isHalf(name) { restore(name) }
    nodes.append(wide)
  }

  private func isCastToFP32(_ node: Node) -> Bool {
    guard node.opType == "Cast", node.domain.isEmpty, case .int(1) = node.attributes["to"] else {
      return false
    }
    return true
  }

  /// Whether the operator takes FP32 instead, and then gives it.
  private func suits(_ node: Node) -> Bool {
    var known = KnownInputs(types: [], constants: [])
    for name in node.inputs {
      let type = name.isEmpty ? nil : types[name]
      known.types.append(type.map { isHalf(name) ? TensorType(.fp32, $0.shape) : $0 })
      let constant = name.isEmpty ? nil : graph.initializers[name]
      known.constants.append(constant.map { isHalf(name) ? Self.wide($0) : $0 })
    }
    let opset = node.opset ?? graph.opsets[node.domain] ?? 1
    let context = OperatorContext(
      node: node, opset: opset, known: known, options: options, packsWeights: false)
    guard let outputs = try? registry.build(context).infer(known) else { return false }
    return zip(node.outputs, outputs).allSatisfy { name, type in
      name.isEmpty
        || type.dataType == (isHalf(name) ? .fp32 : types[name]?.dataType)
          && type.form == .tensor
    }
  }

  /// Leaves a node as it is declared.
  private mutating func keep(_ node: Node) {
    for name in node.inputs { restore(name) }
    nodes.append(node)
  }

  /// Makes the 16-bit form of a value that only has a twin.
  private mutating func restore(_ name: String) {
    guard pending.remove(name) != nil, let twin = twins[name], let type = types[name] else {
      return
    }
    nodes.append(
      Node(
        opType: "Cast", inputs: [twin], outputs: [name],
        attributes: ["to": .int(type.dataType == .fp16 ? 10 : 16)]))
  }

  private mutating func twin(of name: String) -> String {
    if let known = twins[name] { return known }
    let twin = name + Self.suffix
    twins[name] = twin
    if let tensor = graph.initializers[name] {
      graph.initializers[twin] = Self.wide(tensor)
    } else {
      nodes.append(
        Node(opType: "Cast", inputs: [name], outputs: [twin], attributes: ["to": .int(1)]))
    }
    return twin
  }

  // NUL cannot be part of a name that was read from a file.
  private static let suffix = "\0fp32"

  private static func wide(_ tensor: Tensor) -> Tensor {
    var values = [Float](repeating: 0, count: tensor.elementCount)
    let source = tensor.storage.base.assumingMemoryBound(to: UInt16.self)
    values.withUnsafeMutableBufferPointer { target in
      guard let base = target.baseAddress else { return }
      if tensor.dataType == .fp16 {
        Conversion.floats(fromHalf: source, into: base, count: target.count)
      } else {
        Conversion.floats(fromBFloat: source, into: base, count: target.count)
      }
    }
    return Tensor(fp32: values, shape: tensor.shape)
  }
}
