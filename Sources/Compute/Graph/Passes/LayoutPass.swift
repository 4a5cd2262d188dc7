/// Runs chains of image operators in NHWC, where a convolution reads its input in place and
/// pooling joins it. Values keep their names in NCHW; each may have a twin in NHWC, and is
/// turned only where an operator needs the other order.
struct LayoutPass {
  static let pass = GraphPass(option: .layout) { graph, registry, options throws(GraphError) in
    guard graph.nodes.contains(where: { ["Conv", "QLinearConv"].contains($0.opType) }) else {
      return
    }
    let types = try GraphTypes(graph, registry: registry, options: options, packs: false)
    var pass = LayoutPass(graph, types: types.types)
    for index in graph.nodes.indices { pass.visit(index) }
    for output in graph.outputs { pass.restore(output.name) }
    graph.nodes = pass.nodes
    graph.initializers = pass.initializers
  }

  let graph: Graph
  let types: [String: TensorType]
  let uses: GraphUses
  private(set) var nodes: [Node] = []
  var initializers: [String: Tensor]
  /// The twin in NHWC of a value named in NCHW.
  var twins: [String: String] = [:]
  /// Values whose NCHW form nobody has made yet.
  private var pending: Set<String> = []
  /// Where in `nodes` the convolution stands that makes a twin.
  private var convolutions: [String: Int] = [:]
  /// Right sides of products whose left side now arrives in NHWC order.
  private var weights: [Int: String] = [:]

  private init(_ graph: Graph, types: [String: TensorType]) {
    self.graph = graph
    self.types = types
    uses = GraphUses(graph)
    initializers = graph.initializers
  }

  // Operators that treat every element alike, in whatever order.
  private static let elementwise: Set<String> = [
    "Relu", "LeakyRelu", "Sigmoid", "Tanh", "Clip", "HardSwish", "HardSigmoid", "Elu", "Selu",
    "Softplus", "Mish", "Exp", "Sqrt", "Abs", "Neg", "Erf", "Gelu", FusedAttribute.silu,
  ]

  private mutating func visit(_ index: Int) {
    let node = graph.nodes[index]
    if quantized(node) { return }
    let isStandard = node.domain.isEmpty
    let input = node.inputs.first ?? ""
    let hasTwin = twins[input] != nil
    switch node.opType {
    case "Conv" where isConvertible(node): return convolution(node)
    case "ConvTranspose" where isSideBySide(node): return transposedConvolution(node)
    case "Resize" where isStandard && hasTwin && node.inputs.count == 3:
      if let read = turnedScales(node) { return emit(node, reading: read) }
    case "Split" where isStandard && hasTwin:
      if case .int(let axis) = node.attributes["axis"], axis == 1 || axis == -3 {
        return split(node)
      }
    case "MaxPool" where isStandard && hasTwin && node.outputs.count == 1,
      "AveragePool" where isStandard && hasTwin && isImage(input):
      return pool(node)
    case "GlobalAveragePool" where isStandard && hasTwin:
      var mean = node
      mean.opType = "ReduceMean"
      mean.attributes = ["axes": .ints([1, 2]), "keepdims": .int(1)]
      return emit(mean, reading: [twins[input]!])
    case let name
    where (isStandard || name == FusedAttribute.silu) && hasTwin
      && Self.elementwise.contains(name):
      return emit(node, reading: [twins[input]!] + node.inputs.dropFirst())
    case "Add", "Sub", "Mul", "Div":
      if isStandard, let read = sameImages(node) { return emit(node, reading: read) }
    case "Concat" where isStandard && node.inputs.allSatisfy { twins[$0] != nil }:
      if case .int(let axis) = node.attributes["axis"], axis == 1 || axis == -3 {
        var concat = node
        concat.attributes["axis"] = .int(3)
        return emit(concat, reading: node.inputs.map { twins[$0]! })
      }
    case "Transpose" where isStandard && hasTwin:
      if case .ints([0, 2, 3, 1]) = node.attributes["perm"] {
        nodes.append(
          Node(
            name: node.name, opType: "Identity", inputs: [twins[input]!],
            outputs: node.outputs))
        return
      }
    case "Flatten", "Reshape":
      if isStandard, hasTwin, flatten(node) { return }
    default: break
    }
    keep(node, index)
  }

  /// Leaves a node in NCHW.
  private mutating func keep(_ node: Node, _ index: Int) {
    var node = node
    for name in node.inputs { restore(name) }
    if let weight = weights[index] { node.inputs[1] = weight }
    nodes.append(node)
  }

  /// Makes the NCHW form of a value that only has a twin.
  private mutating func restore(_ name: String) {
    guard pending.remove(name) != nil, let twin = twins[name] else { return }
    nodes.append(
      Node(
        opType: "ToNCHW", domain: FusedAttribute.domain, inputs: [twin], outputs: [name]))
  }

  /// The twin of a value, turned now if it has none.
  mutating func twin(of name: String) -> String {
    if let known = twins[name] { return known }
    // tf2onnx turns images to NCHW in front of every convolution: take what it turned.
    if let producer = uses.producer[name], graph.nodes[producer].opType == "Transpose",
      graph.nodes[producer].domain.isEmpty,
      case .ints([0, 3, 1, 2]) = graph.nodes[producer].attributes["perm"]
    {
      twins[name] = graph.nodes[producer].inputs[0]
      return graph.nodes[producer].inputs[0]
    }
    let twin = name + twinSuffix
    nodes.append(
      Node(
        opType: "ToNHWC", domain: FusedAttribute.domain, inputs: [name], outputs: [twin]))
    twins[name] = twin
    return twin
  }

  // NUL cannot be part of a name that was read from a file.
  let twinSuffix = "\0nhwc"

  /// Appends a node that reads twins and writes the twins of its outputs.
  mutating func emit(_ node: Node, reading inputs: [String]) {
    var node = node
    node.inputs = inputs
    for (index, output) in node.outputs.enumerated() where !output.isEmpty {
      node.outputs[index] = output + twinSuffix
      twins[output] = node.outputs[index]
      pending.insert(output)
    }
    nodes.append(node)
  }

  // MARK: - Convolution and pooling

  func isImage(_ name: String) -> Bool {
    types[name]?.shape?.count == 4 && types[name]?.dataType == .fp32
  }

  private func isConvertible(_ node: Node) -> Bool {
    guard node.domain.isEmpty || node.domain == FusedAttribute.domain, isImage(node.inputs[0]),
      let weight = graph.initializers[node.inputs[1]], weight.shape.count == 4,
      weight.elementCount > 0
    else { return false }
    return node.inputs.dropFirst(2).allSatisfy { $0.isEmpty || graph.initializers[$0] != nil }
  }

  private mutating func convolution(_ node: Node) {
    var kernel = node
    kernel.opType = "ConvNHWC"
    kernel.domain = FusedAttribute.domain
    emit(kernel, reading: [twin(of: node.inputs[0])] + node.inputs.dropFirst())
    convolutions[node.outputs[0]] = nodes.count - 1
  }

  private mutating func pool(_ node: Node) {
    let input = node.inputs[0]
    if node.opType == "MaxPool", let index = convolutions[input],
      uses.onlyReader(input) != nil, isTwoByTwo(node), isDense(nodes[index])
    {
      let output = node.outputs[0]
      nodes[index].attributes[FusedAttribute.pools] = .int(1)
      nodes[index].outputs = [output + twinSuffix]
      twins[output] = nodes[index].outputs[0]
      twins[input] = nil
      pending.remove(input)
      pending.insert(output)
      return
    }
    var kernel = node
    kernel.opType += "NHWC"
    kernel.domain = FusedAttribute.domain
    emit(kernel, reading: [twins[input]!])
  }

  private func isTwoByTwo(_ node: Node) -> Bool {
    func ints(_ name: String, _ fallback: [Int64]) -> [Int64] {
      if case .ints(let values) = node.attributes[name] { return values }
      return fallback
    }
    if case .string(let padding) = node.attributes["auto_pad"],
      padding != Array("NOTSET".utf8) && padding != Array("VALID".utf8)
    {
      return false
    }
    if case .int(let ceils) = node.attributes["ceil_mode"], ceils != 0 { return false }
    return ints("kernel_shape", []) == [2, 2] && ints("strides", [1, 1]) == [2, 2]
      && ints("pads", [0, 0, 0, 0]) == [0, 0, 0, 0] && ints("dilations", [1, 1]) == [1, 1]
  }

  /// Pooling does not join depthwise convolutions.
  private func isDense(_ node: Node) -> Bool {
    guard case .int(let groups) = node.attributes["group"] else { return true }
    return groups == 1
  }

  /// Both operands as twins, which stretch as the images do, or one as a single number.
  private func sameImages(_ node: Node) -> [String]? {
    guard node.inputs.count == 2 else { return nil }
    let found = node.inputs.map { twins[$0] }
    if let left = found[0], let right = found[1], isImage(node.inputs[0]), isImage(node.inputs[1]) {
      return [left, right]
    }
    for (image, number) in [(0, 1), (1, 0)] {
      if let twin = found[image], let tensor = graph.initializers[node.inputs[number]],
        tensor.elementCount == 1, tensor.shape.count <= 4
      {
        return image == 0 ? [twin, node.inputs[1]] : [node.inputs[0], twin]
      }
    }
    return nil
  }

  // MARK: - Into the dense layers

  /// Flattens a twin instead, if the only reader is a product by a constant whose rows can
  /// be put in the twin's order.
  private mutating func flatten(_ node: Node) -> Bool {
    let (input, output) = (node.inputs[0], node.outputs[0])
    guard let shape = types[input]?.shape, shape.count == 4, shape[1...].allSatisfy({ $0 > 0 }),
      let flat = types[output]?.shape, flat.count == 2, flat[0] == shape[0],
      flat[1] == Shape.elementCount(Array(shape[1...])), let reader = uses.onlyReader(output),
      let turned = turnedWeight(graph.nodes[reader], output, Array(shape[1...]))
    else { return false }
    let name = graph.nodes[reader].inputs[1] + "\0\(reader)"
    initializers[name] = turned
    weights[reader] = name
    nodes.append(
      Node(
        name: node.name, opType: "Flatten", inputs: [twins[input]!], outputs: [output],
        attributes: ["axis": .int(1)]))
    return true
  }

  /// The constant right side of a product with its rows in the order [height, width, channel].
  private func turnedWeight(_ node: Node, _ left: String, _ image: [Int]) -> Tensor? {
    let isGemm = node.opType == "Gemm"
    guard isGemm || (node.opType == "MatMul" && node.domain.isEmpty), node.inputs[0] == left,
      node.inputs[1] != left, node.inputs.dropFirst(2).allSatisfy({ $0 != left }),
      let weight = graph.initializers[node.inputs[1]], weight.shape.count == 2,
      weight.dataType == .fp32
    else { return nil }
    if case .int(let transposes) = node.attributes["transA"], transposes != 0 { return nil }
    var transposesB = false
    if case .int(let transposes) = node.attributes["transB"] { transposesB = transposes != 0 }
    let (columns, rows) =
      transposesB
      ? (weight.shape[0], weight.shape[1])
      : (weight.shape[1], weight.shape[0])
    guard rows == image[0] * image[1] * image[2] else { return nil }
    let plane = image[1] * image[2]
    // Channels of one pixel are in either order the same.
    if plane == 1 { return weight }
    let values = weight.elements(as: Float.self)
    var turned = [Float](repeating: 0, count: values.count)
    for channel in 0..<image[0] {
      for pixel in 0..<plane {
        let (from, to) = (channel * plane + pixel, pixel * image[0] + channel)
        for column in 0..<columns {
          if transposesB {
            turned[column * rows + to] = values[column * rows + from]
          } else {
            turned[to * columns + column] = values[from * columns + column]
          }
        }
      }
    }
    return Tensor(fp32: turned, shape: weight.shape)
  }
}
