import TestSupport

@testable import Compute

/// A model of one operator and, at times, one that reads its result: first as `OperatorSamples` has
/// it, then with a few things changed that a clumsy or hostile author could change.
struct SpoiledModel {
  private let name: String
  var random: SplitMix64
  private var inputs: [Tensor?]
  private var attributes: [String: Attribute]

  init(_ name: String, _ random: SplitMix64) {
    self.name = name
    self.random = random
    let type = String(name.split(separator: ":").last ?? "")
    (inputs, attributes) = OperatorSamples.sample(type)
  }

  mutating func draw() -> (Graph, [Tensor]) {
    for _ in 0..<Int.random(in: 0...4, using: &random) { spoil() }
    let domain = String(name.split(separator: ":", omittingEmptySubsequences: false)[0])
    let type = String(name.split(separator: ":").last ?? "")
    let standard = random.chance(2) ? 21 : random.one(of: [1, 6, 7, 8, 9, 10, 11, 12, 13, 18, 23])
    var graph = Graph(opsets: [
      "": standard, "ai.onnx.ml": random.one(of: [1, 3, 5]), "ai.onnx.preview.training": 1,
    ])
    let outputCount = random.chance(2) ? 1 : Int.random(in: 1...4, using: &random)
    let outputs = (0..<outputCount).map { $0 > 0 && random.chance(4) ? "" : "out\($0)" }
    graph.nodes = [
      Node(
        opType: type, domain: domain,
        inputs: inputs.indices.map { inputs[$0] == nil ? "" : "in\($0)" },
        outputs: outputs, attributes: attributes)
    ]
    if OperatorSamples.sequenceReaders.contains(type), inputs.first != nil, inputs[0] != nil {
      graph.nodes[0].inputs[0] = "sequence"
      let parts = random.one(of: [["in0"], ["in0", "in0"], ["in0", "in0", "in0"]])
      graph.nodes.insert(
        Node(opType: "SequenceConstruct", inputs: parts, outputs: ["sequence"]), at: 0)
    }
    var given: [Tensor] = []
    let constants = random.one(of: [0, 0.3, 1])
    for case (let index, let tensor?) in inputs.enumerated() {
      if Double.random(in: 0..<1, using: &random) < constants {
        graph.initializers["in\(index)"] = tensor
      } else {
        let shape = tensor.shape.map { random.chance(2) ? -1 : $0 }
        graph.inputs.append(.init(name: "in\(index)", dataType: tensor.dataType, shape: shape))
        given.append(tensor)
      }
    }
    var read = outputs.filter { !$0.isEmpty }
    if random.chance(2) {
      let reader = random.one(of: ["Identity", "Flatten", "Transpose", "Size", "NonZero", "Neg"])
      graph.nodes.append(Node(opType: reader, inputs: [read[0]], outputs: ["read"]))
      read.append("read")
    }
    graph.outputs = read.map { .init(name: $0, dataType: nil, shape: nil) }
    return (graph, given)
  }

  private mutating func spoil() {
    switch Int.random(in: 0..<10, using: &random) {
    case 0: attributes[random.one(of: OperatorSamples.attributeNames)] = attribute()
    case 1:
      guard let name = attributes.keys.sorted().randomElement(using: &random) else { return }
      attributes[name] = random.chance(3) ? nil : spoiled(attributes[name]!)
    case 2:
      if inputs.count < 8 {
        inputs.append(tensor(shape(), OperatorSamples.types.randomElement(using: &random)!))
      }
    default:
      guard let index = inputs.indices.randomElement(using: &random) else { return }
      guard let old = inputs[index] else { return }
      switch Int.random(in: 0..<6, using: &random) {
      case 0: inputs[index] = nil
      case 1: inputs[index] = tensor(old.shape, random.one(of: OperatorSamples.types))
      case 2:
        // All of one type, as most operators want it.
        let type = random.one(of: OperatorSamples.types)
        inputs = inputs.map { $0.map { tensor($0.shape, type) } }
      case 3: inputs[index] = tensor(spoiled(old.shape), old.dataType)
      case 4: inputs[index] = tensor(old.shape, old.dataType)
      default:
        let moved = random.one(of: Array(inputs.indices))
        inputs.swapAt(index, moved)
      }
    }
  }

  private mutating func shape() -> [Int] {
    (0..<Int.random(in: 0...4, using: &random)).map { _ in Int.random(in: 0...4, using: &random) }
  }

  private mutating func spoiled(_ shape: [Int]) -> [Int] {
    var shape = shape
    switch Int.random(in: 0..<5, using: &random) {
    case 0: shape.append(Int.random(in: 0...3, using: &random))
    case 1: if !shape.isEmpty { shape.removeLast() }
    case 2:
      // Nothing, of an enormous size.
      shape.append(0)
      shape[Int.random(in: 0..<shape.count, using: &random)] = random.one(of: [0, 1 << 20, 1 << 40])
      if !shape.contains(0) { shape[0] = 0 }
    default:
      guard let index = shape.indices.randomElement(using: &random) else { return [2] }
      shape[index] = random.one(of: [0, 1, 2, 3, 5, 8])
    }
    return (Shape.elementCount(shape) ?? 1 << 20) > 4_096 ? [3] : shape
  }

  /// Numbers at which something ends.
  private static let integers: [Int64] = [
    0, 1, -1, 2, 3, -2, 7, 64, 255, 1 << 16, 1 << 24, 1 << 31, -1 << 31, 1 << 40, 1 << 62, .max,
    .min,
  ]
  private static let floats: [Double] = [
    0, -0.0, 1, -1, 0.5, 3, .nan, .infinity, -.infinity, 1e30, -1e30, 1e-30, 1e300, 255, 1e9,
  ]

  /// Elements of any kind.
  private mutating func tensor(_ shape: [Int], _ type: DataType) -> Tensor {
    let count = Shape.elementCount(shape) ?? 0
    if type == .string {
      let texts = (0..<count).map { _ in Array(random.one(of: ["", "a", "b c", "1e9", "-7"]).utf8) }
      return Tensor(strings: texts, shape: shape)
    }
    let isWild = random.chance(3)
    func make<T: Element>(_ element: T.Type, _ random: inout SplitMix64) -> Tensor {
      Tensor(
        (0..<count).map { _ in
          if !isWild { return T(converting: Double(Int.random(in: 0...2, using: &random))) }
          return T(
            converting: type.isInteger
              ? Double(random.one(of: Self.integers)) : random.one(of: Self.floats))
        }, shape: shape, dataType: type)
    }
    return type == .bool
      ? Tensor(
        (0..<count).map { _ in UInt8(random.chance(2) ? 0 : 1) }, shape: shape, dataType: .bool)
      : make(type.elementType!, &random)
  }

  private mutating func attribute() -> Attribute {
    switch Int.random(in: 0..<7, using: &random) {
    case 5:
      .type(random.one(of: [.tensor, .sequence, .optionalTensor]), random.one(of: [.fp32, .bool]))
    case 0: .int(random.one(of: Self.integers))
    case 1: .float(Float(random.one(of: Self.floats)))
    case 2: .string(Array(random.one(of: OperatorSamples.words).utf8))
    case 3: .floats([Float(random.one(of: Self.floats)), 1])
    case 4: .tensor(tensor(shape(), random.one(of: OperatorSamples.types)))
    default: .ints(shape().map { Int64($0) } + [random.one(of: Self.integers)])
    }
  }

  private mutating func spoiled(_ attribute: Attribute) -> Attribute {
    switch attribute {
    case .int: return .int(random.one(of: Self.integers))
    case .float: return .float(Float(random.one(of: Self.floats)))
    case .string: return .string(Array(random.one(of: OperatorSamples.words).utf8))
    case .ints(var list):
      if random.chance(4) { return .ints(Array(list.dropLast())) }
      if random.chance(4) { return .ints(list + [1]) }
      guard let index = list.indices.randomElement(using: &random) else { return attribute }
      list[index] = random.one(of: Self.integers)
      return .ints(list)
    case .floats(var list):
      if random.chance(4) { return .floats(Array(list.dropLast())) }
      guard let index = list.indices.randomElement(using: &random) else { return attribute }
      list[index] = Float(random.one(of: Self.floats))
      return .floats(list)
    case .tensor(let old): return .tensor(tensor(spoiled(old.shape), old.dataType))
    case .strings(let list): return .strings(Array(list.dropLast()))
    default: return self.attribute()
    }
  }
}
