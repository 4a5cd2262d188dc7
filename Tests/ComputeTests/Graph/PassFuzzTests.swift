import TestSupport
import Testing

@testable import Compute

/// What exporters write for the operators that passes make, spoiled: a pass may leave it alone, but
/// must neither trap nor answer anything else than the nodes do.
@Suite struct PassFuzzTests {
  @Test func spoiledPatternsNeverTrapAndAnswerTheSame() {
    var fuzz = Fuzz("passes", corpus: (0..<9).map { [UInt8($0), 0, 0, 0, 0, 0] })
    fuzz.run(rounds: 400) { bytes in
      let seed = bytes.reduce(UInt64(14_695_981_039_346_656_037)) {
        ($0 ^ UInt64($1)) &* 1_099_511_628_211
      }
      var pattern = SpoiledPattern(Int(bytes.first ?? 0) % 9, SplitMix64(state: seed))
      let (graph, inputs) = pattern.draw()
      let passes = pattern.passes()
      guard let plain = try? Run.graph(graph, inputs, passes: []) else {
        _ = try? Run.graph(graph, inputs, passes: passes)
        return
      }
      do {
        let fused = try Run.graph(graph, inputs, passes: passes)
        for (got, expected) in zip(fused, plain) where expected.dataType == .fp32 {
          #expect(got.shape == expected.shape, "\(graph.described)")
          // Infinities and what is no number may come about in another order.
          let areNumbers = expected.floats.allSatisfy { $0.isFinite && abs($0) < 1e6 }
          #expect(!areNumbers || isClose(got.floats, expected.floats, 1e-3), "\(graph.described)")
        }
      } catch {
        Issue.record("\(graph.described): \(error)")
      }
    }
  }
}

/// A graph that passes rewrite, with a few things changed.
struct SpoiledPattern {
  private var random: SplitMix64
  private var graph = Graph(opsets: ["": 21])
  private var inputs: [Tensor] = []

  init(_ number: Int, _ random: SplitMix64) {
    self.random = random
    if number == 7 { graph.opsets = ["": 11] }
    let output =
      switch number == 8 ? 8 : number % 4 {
      case 8: lookup()
      case 0: gelu()
      case 1: normalization()
      case 2: attention()
      default: convolution()
      }
    graph.outputs = [.init(name: output, dataType: nil, shape: nil)]
  }

  mutating func passes() -> ModelOptions.Passes {
    guard random.chance(3) else { return .all }
    return .all.subtracting(random.one(of: Array(ModelOptions.Passes.named.values)))
  }

  mutating func draw() -> (Graph, [Tensor]) {
    for _ in 0..<Int.random(in: 0...2, using: &random) { spoil() }
    return (graph, inputs)
  }

  private mutating func add(
    _ opType: String, _ inputs: String..., attributes: [String: Attribute] = [:]
  ) -> String {
    let output = "\(opType)\(graph.nodes.count)"
    graph.nodes.append(
      Node(opType: opType, inputs: inputs, outputs: [output], attributes: attributes))
    return output
  }

  private mutating func constant(_ shape: [Int], _ value: Float? = nil) -> String {
    let name = "constant\(graph.initializers.count)"
    graph.initializers[name] =
      value.map { Tensor(fp32: [$0], shape: shape) } ?? Tensor.random(shape, &random)
    return name
  }

  private mutating func input(_ shape: [Int]) -> String {
    let name = "input\(inputs.count)"
    let isOpen = random.chance(2)
    graph.inputs.append(
      .init(name: name, dataType: .fp32, shape: shape.map { isOpen ? -1 : $0 }))
    inputs.append(Tensor.random(shape, &random))
    return name
  }

  private mutating func gelu() -> String {
    let x = input([2, 3])
    let erf = add("Erf", add("Div", x, constant([], Float(2).squareRoot())))
    let gelu = add("Mul", add("Mul", x, add("Add", erf, constant([], 1))), constant([], 0.5))
    let clip = add("Clip", add("Add", gelu, constant([], 3)), constant([], 0), constant([], 6))
    let swish = add("Div", add("Mul", gelu, clip), constant([], 6))
    return add("Mul", swish, add("Sigmoid", swish))
  }

  private mutating func normalization() -> String {
    let x = input([2, 3, 4])
    let centred = add("Sub", x, add("ReduceMean", x, attributes: ["axes": .ints([-1])]))
    graph.opsets = ["": 17]
    let squares = add("Pow", centred, constant([], 2))
    let variance = add("ReduceMean", squares, attributes: ["axes": .ints([-1])])
    let root = add("Sqrt", add("Add", variance, constant([], 0.125)))
    return add("Add", add("Mul", add("Div", centred, root), constant([4])), constant([4]))
  }

  private mutating func attention() -> String {
    let (query, value) = (input([2, 3, 2, 4]), input([2, 2, 5, 3]))
    let turned = add("Transpose", query, attributes: ["perm": .ints([0, 2, 1, 3])])
    let product = add("Mul", add("MatMul", turned, input([2, 2, 4, 5])), constant([], 0.5))
    let shares = add(
      "Softmax", add("Add", product, input([2, 1, 3, 5])), attributes: ["axis": .int(-1)])
    let result = add("MatMul", shares, value)
    return add("Transpose", result, attributes: ["perm": .ints([0, 2, 1, 3])])
  }

  private mutating func convolution() -> String {
    let y = add("Conv", input([1, 3, 4, 4]), constant([2, 3, 2, 2]), constant([2]))
    let variance = constant([2])
    graph.initializers[variance] = Tensor(fp32: [0.5, 2], shape: [2])
    let normal = add("BatchNormalization", y, constant([2]), constant([2]), constant([2]), variance)
    let scaled = add("Mul", constant([1, 2, 1, 1]), normal)
    return add("Relu", add("Add", scaled, constant([], 1)))
  }

  private mutating func lookup() -> String {
    let numbers = add("Cast", input([2, 4, 1]), attributes: ["to": .int(6)])
    let row = constant([])
    graph.initializers[row] = Tensor([Int32(0), 1, 2], shape: [3], dataType: .int32)
    let shares = add("Cast", add("Equal", numbers, row), attributes: ["to": .int(1)])
    let rows = add("Add", add("MatMul", shares, constant([3, 4])), constant([4]))
    let cube = add("Mul", add("Mul", add("Mul", constant([], 0.044715), rows), rows), rows)
    let inner = add("Mul", add("Add", rows, cube), constant([], 0.7978845608))
    let gate = add("Mul", add("Add", add("Tanh", inner), constant([], 1)), constant([], 0.5))
    let turned = add(
      "Transpose", add("Mul", gate, rows), attributes: ["perm": .ints([0, 2, 1])])
    return add("Transpose", turned, attributes: ["perm": .ints([2, 0, 1])])
  }

  private mutating func spoil() {
    let index = Int.random(in: 0..<graph.nodes.count, using: &random)
    var node = graph.nodes[index]
    let names = graph.nodes.flatMap(\.outputs) + graph.initializers.keys.sorted()
    let all = names + graph.inputs.map(\.name) + [""]
    switch Int.random(in: 0..<11, using: &random) {
    case 0: node.inputs = node.inputs.dropLast()
    case 1: node.inputs.append(random.one(of: all))
    case 2, 3:
      if let place = node.inputs.indices.randomElement(using: &random) {
        node.inputs[place] = random.one(of: all)
      }
    case 4: node.inputs.reverse()
    case 5: node.outputs = random.chance(2) ? [] : node.outputs + [random.one(of: ["", "spare"])]
    case 6: node.opType = random.one(of: graph.nodes).opType
    case 7:
      let name = random.one(of: ["axis", "axes", "perm", "keepdims", "epsilon", "min", "alpha"])
      node.attributes[name] = random.one(of: [
        .int(1), .int(-2), .ints([1]), .ints([0, 1, 2, 3]), .float(0.2), .ints([]), .int(0),
      ])
    case 8: node.attributes = [:]
    case 9:
      graph.outputs.append(
        .init(name: random.one(of: graph.nodes.flatMap(\.outputs)), dataType: nil, shape: nil))
    default:
      let name = random.one(of: graph.initializers.keys.sorted())
      let shape = random.one(of: [[], [1], [1, 1, 1, 1, 1], [2], [4], [3, 1], [0], [1, 2, 1, 1]])
      graph.initializers[name] = Tensor.random(shape, &random)
    }
    graph.nodes[index] = node
  }
}

extension Graph {
  /// Nodes and constants, for whoever looks for what went wrong.
  fileprivate var described: String {
    nodes.map { "\($0.opType)(\($0.inputs)) \($0.outputs) \($0.attributes)" }
      .joined(separator: "; ")
      + " constants \(initializers.mapValues(\.shape)) inputs \(inputs.map(\.shape))"
      + " outputs \(outputs.map(\.name)) opsets \(opsets)"
  }
}
