import TestSupport

@testable import Compute

/// A small network drawn layer by layer: every layer that the compiler accepts stays. Numbers stay
/// moderate and no layer jumps, so that two ways to compute it must agree.
struct RandomGraph {
  private(set) var graph = Graph(opsets: ["": 21])
  private(set) var input: Tensor
  private var random: SplitMix64
  private var values: [(name: String, shape: [Int])] = []
  private var count = 0

  init(_ random: SplitMix64) {
    self.random = random
    input = Tensor(fp32: [0], shape: [1])
    let rank = self.random.one(of: [2, 3, 4])
    let shape = (0..<rank).map { _ in self.random.one(of: [1, 2, 3, 4, 5, 8, 16]) }
    input = numbers(shape)
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: shape)]
    values = [("x", shape)]
    for _ in 0..<self.random.one(of: [2, 4, 6, 10]) { add() }
    let last = values.count - 1
    let seen = Set([values[last].name, self.random.one(of: values).name])
    graph.outputs = seen.sorted().filter { $0 != "x" }
      .map { .init(name: $0, dataType: nil, shape: nil) }
  }

  /// The same with sizes that the file leaves open.
  var open: Graph {
    var open = graph
    open.inputs[0].shape = input.shape.map { _ in -1 }
    return open
  }

  private mutating func numbers(_ shape: [Int], scale: Float = 1) -> Tensor {
    let values = (0..<Shape.elementCount(shape)!).map { _ in
      Float.random(in: -scale...scale, using: &random)
    }
    return Tensor(fp32: values, shape: shape)
  }

  /// A weight of the graph.
  private mutating func weight(_ shape: [Int], scale: Float = 0.5) -> String {
    count += 1
    graph.initializers["w\(count)"] = numbers(shape, scale: scale)
    return "w\(count)"
  }

  private mutating func add() {
    // The newest value most of the time, so that there are chains to join.
    let source = random.chance(4) ? random.one(of: values) : values[values.count - 1]
    let (before, weights) = (graph.nodes, graph.initializers)
    count += 1
    let output = "v\(count)"
    guard var node = layer(source.name, source.shape) else { return }
    node.outputs = [output]
    graph.nodes.append(node)
    graph.outputs = [.init(name: output, dataType: nil, shape: nil)]
    if let model = try? Model(graph, options: ModelOptions(passes: [])),
      let shape = model.outputs.first?.shape, shape.allSatisfy({ $0 > 0 }),
      Shape.elementCount(shape)! <= 1 << 14
    {
      values.append((output, shape))
    } else {
      (graph.nodes, graph.initializers) = (before, weights)
    }
  }

  private static let elementwise: [(String, String)] = [
    ("Relu", ""), ("Sigmoid", ""), ("Tanh", ""), ("LeakyRelu", ""), ("HardSwish", ""), ("Elu", ""),
    ("Softplus", ""), ("Identity", ""), ("Gelu", ""), ("FastGelu", contributed), ("Clip", ""),
    ("QuickGelu", contributed), ("Neg", ""), ("Erf", ""), ("Abs", ""),
  ]

  private mutating func layer(_ x: String, _ shape: [Int]) -> Node? {
    let last = shape.last ?? 1
    func node(
      _ type: String, _ inputs: [String], _ attributes: [String: Attribute] = [:],
      domain: String = ""
    ) -> Node {
      Node(opType: type, domain: domain, inputs: inputs, outputs: [], attributes: attributes)
    }
    switch Int.random(in: 0..<14, using: &random) {
    case 0, 1:
      let (type, domain) = random.one(of: Self.elementwise)
      return node(type, [x], domain: domain)
    case 2:
      let other = random.one(of: values.filter { $0.shape == shape }).name
      return node(
        random.one(of: ["Add", "Mul", "Sub"]), random.chance(2) ? [x, other] : [other, x])
    case 3:
      let channel = shape.count == 4 ? [1, shape[1], 1, 1] : [last]
      let operand = weight(random.one(of: [channel, [], [1], shape]))
      return node(random.one(of: ["Add", "Mul", "Sub"]), [x, operand])
    case 4 where shape.count == 4, 5 where shape.count == 4:
      let (size, isDepthwise) = (random.one(of: [1, 2, 3]), random.chance(3))
      let filters = isDepthwise ? shape[1] : random.one(of: [1, 3, 8, 16])
      let kernel = weight([filters, isDepthwise ? 1 : shape[1], size, size])
      let pads = Attribute.ints([0, 1].contains(size) ? [0, 0, 0, 0] : [1, 1, 1, 1])
      return node(
        "Conv", [x, kernel] + (random.chance(2) ? [weight([filters])] : []),
        [
          "group": .int(isDepthwise ? Int64(shape[1]) : 1), "pads": pads,
          "strides": .ints(random.one(of: [[1, 1], [2, 2], [1, 2]])),
        ])
    case 6 where shape.count == 4:
      let type = random.one(of: ["MaxPool", "AveragePool", "GlobalAveragePool"])
      return node(
        type, [x],
        type.hasPrefix("G") ? [:] : ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
    case 7 where shape.count == 4:
      let positive = "w\(count)v"
      graph.initializers[positive] = Tensor(
        fp32: [Float](repeating: 0.7, count: shape[1]), shape: [shape[1]])
      let parts = (0..<3).map { _ in weight([shape[1]]) }
      return node("BatchNormalization", [x] + parts + [positive])
    case 8: return node("MatMul", [x, weight([last, random.one(of: [1, 4, 16, 17])])])
    case 9 where shape.count == 2:
      let width = random.one(of: [1, 5, 16])
      return node("Gemm", [x, weight([width, last]), weight([width])], ["transB": .int(1)])
    case 10: return node("LayerNormalization", [x, weight([last]), weight([last])])
    case 11: return node("Softmax", [x], ["axis": .int(-1)])
    case 12:
      var axes = Array(shape.indices)
      axes.shuffle(using: &random)
      return node("Transpose", [x], ["perm": .ints(axes.map { Int64($0) })])
    default:
      return random.chance(2)
        ? node("Flatten", [x])
        : node("Concat", [x, x], ["axis": .int(random.one(of: [0, -1, 1]))])
    }
  }
}
