import Compute
import TestSupport

/// Runs one operator, or a small graph, on tensors.
enum Run {
  /// One node over inputs named a, b, c…; `constants` says which of them are initialisers.
  static func node(
    _ opType: String, _ inputs: [Tensor?], domain: String = "",
    attributes: [String: Attribute] = [:], opset: Int = 17, outputs: Int = 1,
    constants: Set<Int> = [], passes: ModelOptions.Passes = .all
  ) throws -> [Tensor] {
    let names = inputs.indices.map { inputs[$0] == nil ? "" : "in\($0)" }
    var graph = Graph(opsets: ["": opset, "ai.onnx.ml": 3])
    graph.nodes = [
      Node(
        name: "node", opType: opType, domain: domain, inputs: names,
        outputs: (0..<outputs).map { "out\($0)" }, attributes: attributes)
    ]
    var given: [Tensor] = []
    for (index, tensor) in inputs.enumerated() {
      guard let tensor else { continue }
      if constants.contains(index) {
        graph.initializers[names[index]] = tensor
      } else {
        // Sizes stay open, as a batch dimension would be.
        graph.inputs.append(
          .init(
            name: names[index], dataType: tensor.dataType,
            shape: tensor.shape.map { _ in -1 }))
        given.append(tensor)
      }
    }
    graph.outputs = (0..<outputs).map { .init(name: "out\($0)", dataType: nil, shape: nil) }
    return try self.graph(graph, given, passes: passes)
  }

  /// Runs a graph; the answers are copied.
  static func graph(
    _ graph: Graph, _ inputs: [Tensor], passes: ModelOptions.Passes = .all
  ) throws -> [Tensor] {
    try run(Model(graph, options: ModelOptions(passes: passes)), inputs)
  }

  static func run(_ model: Model, _ inputs: [Tensor]) throws -> [Tensor] {
    try model.withContext { context in
      try withViews(inputs[...], []) { try context.run($0) }
      return model.outputs.indices.map { index in
        let view = context.output(index)
        return Tensor(dataType: view.dataType, shape: view.shape, copying: view.bytes)!
      }
    }
  }

  static func withViews<R>(
    _ rest: ArraySlice<Tensor>, _ views: [TensorView], _ body: ([TensorView]) throws -> R
  ) rethrows -> R {
    guard let first = rest.first else { return try body(views) }
    return try first.withView { try withViews(rest.dropFirst(), views + [$0], body) }
  }
}

extension Tensor {
  var floats: [Float] { elements(as: Float.self) }
  var integers: [Int64] { elements(as: Int64.self) }
  var flags: [UInt8] { elements(as: UInt8.self) }
  var strings: [String] {
    withView { StringFraming.elements($0.bytes)! }.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Random numbers between -1 and 1.
  static func random(_ shape: [Int], _ random: inout SplitMix64) -> Tensor {
    Tensor(
      fp32: (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &random) },
      shape: shape)
  }
}

/// Whether two lists agree within 1e-5 of the larger numbers: sums in another order.
func isClose(_ got: [Float], _ expected: [Float], _ tolerance: Float = 1e-5) -> Bool {
  got.count == expected.count
    && zip(got, expected).allSatisfy { a, b in
      a == b || abs(a - b) <= tolerance * max(1, abs(b)) || (a.isNaN && b.isNaN)
    }
}
