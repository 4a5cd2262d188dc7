extension Graph {
  /// The graph with nodes that compute the gradient of `loss` by each of `parameters` (reverse mode): its
  /// outputs are followed by one for each parameter, of the parameter's type and shape.
  ///
  /// - Parameters:
  ///   - loss: a value of one element. What is no output of the graph may be one of its values.
  ///   - parameters: inputs or initialisers of floats; those that the loss does not depend on get zeros.
  /// - Throws: `GraphError` if a shape is not known, or an operator on the way has no gradient.
  public func differentiated(
    loss: String, parameters: [String], options: ModelOptions = ModelOptions()
  ) throws(GraphError) -> Graph {
    let registry = OperatorRegistry.standard
    let graph = try inliningFunctions().validated().expanded(registry, options)
    var differentiation = try Differentiation(graph, loss, parameters, registry, options)
    return try differentiation.run()
  }

  /// The name of the output that holds the gradient by a parameter.
  public static func gradientName(_ parameter: String) -> String { "gradient of \(parameter)" }
}

/// Walks the nodes from the loss back to the parameters.
private struct Differentiation {
  private var graph: Graph
  private let loss: String
  private let parameters: [String]
  private let registry: OperatorRegistry
  private let options: ModelOptions
  private let types: GraphTypes
  /// Values that depend on a parameter.
  private var active: Set<String>
  /// What the readers of a value add to its gradient.
  private var parts: [String: [String]] = [:]
  private var backward: [Node] = []

  init(
    _ graph: Graph, _ loss: String, _ parameters: [String], _ registry: OperatorRegistry,
    _ options: ModelOptions
  ) throws(GraphError) {
    self.graph = graph
    self.loss = loss
    self.parameters = parameters
    self.registry = registry
    self.options = options
    types = try GraphTypes(graph, registry: registry, options: options, packs: false)
    active = Set(parameters)
    for parameter in parameters {
      guard let type = types.types[parameter] else {
        throw GraphError(
          code: .missingInput, message: "there is no value '\(parameter)' to differentiate by")
      }
      guard type.dataType == .fp32 || type.dataType == .fp64 else {
        throw GraphError(
          code: .unsupportedType,
          message: "gradients are of FP32 or FP64, '\(parameter)' is \(type.dataType)")
      }
    }
    guard let type = types.types[loss], type.dataType.isFloatingPoint,
      type.shape.map({ Shape.elementCount($0) == 1 }) ?? false
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "the loss '\(loss)' must have one element, got "
          + Shape.describe(types.types[loss]?.shape))
    }
    for node in graph.nodes where node.inputs.contains(where: active.contains) {
      for output in node.outputs
      where !output.isEmpty && types.types[output]?.dataType.isFloatingPoint ?? false {
        active.insert(output)
      }
    }
  }

  mutating func run() throws(GraphError) -> Graph {
    try seed()
    let opset = graph.opsets[""] ?? 17
    var number = 0
    for index in graph.nodes.indices.reversed() {
      // What the passes write for gradients must not change what the node itself means.
      if graph.nodes[index].opset == nil {
        graph.nodes[index].opset =
          graph.nodes[index].domain.isEmpty ? opset : graph.opsets[graph.nodes[index].domain] ?? 1
      }
      number += 1
      try differentiate(index, number)
    }
    for parameter in parameters { try addOutput(parameter) }
    graph.nodes += backward
    return graph
  }

  /// The loss's gradient by itself.
  private mutating func seed() throws(GraphError) {
    guard let type = types.types[loss], let shape = type.shape else { return }
    let name = "\0gradient of the loss"
    func one<T: Element>(_ element: T.Type) -> Tensor {
      Tensor([T(converting: 1)], shape: shape, dataType: type.dataType)
    }
    graph.initializers[name] = one(try type.dataType.numeric())
    parts[loss] = [name]
  }

  private mutating func differentiate(_ index: Int, _ number: Int) throws(GraphError) {
    let node = graph.nodes[index]
    let wanted = node.inputs.map { active.contains($0) }
    guard wanted.contains(true) else { return }
    var arriving: [String?] = []
    for output in node.outputs { arriving.append(active.contains(output) ? sum(of: output) : nil) }
    guard arriving.contains(where: { $0 != nil }) else { return }
    guard let rule = registry.gradient(node) else {
      let domain = node.domain.isEmpty ? "" : node.domain + "."
      throw GraphError(
        code: .unsupportedOperator, message: "operator \(domain)\(node.opType) has no gradient",
        node: node.displayName)
    }
    var nodes = GradientNodes(
      OperatorContext(
        node: node, opset: node.opset ?? 1, known: types.known(node, graph), options: options,
        packsWeights: false),
      types: types.types, arriving: arriving, wanted: wanted, number: number)
    do {
      try rule(&nodes)
    } catch {
      throw error.at(node)
    }
    graph.nodes[index] = nodes.node
    backward += nodes.written.nodes
    graph.initializers.merge(nodes.written.initializers) { first, _ in first }
    for (input, gradient) in nodes.given.sorted(by: { $0.key < $1.key }) {
      parts[node.inputs[input], default: []].append(gradient)
    }
  }

  /// The whole gradient by a value: whoever reads it has added his part by now.
  private mutating func sum(of name: String) -> String? {
    guard let found = parts[name] else { return nil }
    if found.count == 1 { return found[0] }
    let total = "\0sum of gradients of \(name)"
    var node = Node(opType: "Sum", inputs: found, outputs: [total])
    node.opset = WrittenNodes.opset
    backward.append(node)
    parts[name] = [total]
    return total
  }

  private mutating func addOutput(_ parameter: String) throws(GraphError) {
    guard let type = types.types[parameter], let shape = type.shape else { return }
    let output = Graph.gradientName(parameter)
    if let gradient = sum(of: parameter) {
      var node = Node(opType: "Identity", inputs: [gradient], outputs: [output])
      node.opset = WrittenNodes.opset
      backward.append(node)
    } else {
      func zeros<T: Element>(_ element: T.Type) -> Tensor {
        Tensor(
          [T](repeating: T.zero, count: Shape.product(shape[...])), shape: shape,
          dataType: type.dataType)
      }
      graph.initializers[output] = zeros(try type.dataType.numeric())
    }
    graph.outputs.append(Graph.Value(name: output, dataType: type.dataType, shape: shape))
  }
}
