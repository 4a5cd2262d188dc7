import TestSupport
import Testing

@testable import Compute

/// What follows a convolution runs on its output while that is in the cache, and answers the same.
@Suite struct ConvolutionTailTests {
  private static let tails = [
    "Relu", "Sigmoid", "Tanh", "silu", "HardSwish", "add", "add relu", "add wide", "number",
    "add twice", "add itself", "relu add", "clip add silu",
  ]

  private func graph(
    _ tail: String, group: Int, kernel: Int, _ random: inout SplitMix64
  ) -> Graph {
    var (nodes, count) = ([Node](), 0)
    func add(_ opType: String, _ inputs: [String], _ attributes: [String: Attribute] = [:])
      -> String
    {
      count += 1
      nodes.append(
        Node(opType: opType, inputs: inputs, outputs: ["v\(count)"], attributes: attributes))
      return "v\(count)"
    }
    let pad = Int64(kernel / 2)
    let conv: [String: Attribute] = [
      "group": .int(Int64(group)), "pads": .ints([pad, pad, pad, pad]),
    ]
    let first = add("Conv", ["x", "w1"], ["pads": .ints([0, 0, 0, 0])])
    let second = add("Conv", [first, "w2", "b2"], conv)
    func silu(_ name: String) -> String { add("Mul", [name, add("Sigmoid", [name])]) }
    let last: String
    switch tail {
    case "silu": last = silu(second)
    case "add": last = add("Add", [second, first])
    case "add relu": last = add("Relu", [add("Add", [first, second])])
    case "add wide": last = add("Add", [second, "wide"])
    case "number": last = add("Mul", [add("Add", [second, "three"]), "three"])
    case "add twice": last = add("Add", [add("Add", [second, first]), first])
    case "add itself": last = add("Add", [second, second])
    case "relu add": last = add("Add", [add("Relu", [second]), first])
    case "clip add silu":
      last = silu(add("Add", [add("Clip", [second, "three", "six"]), first]))
    default: last = add(tail, [second])
    }
    let third = add("Conv", [last, "w1"], ["pads": .ints([0, 0, 0, 0])])
    return Graph(
      nodes: nodes,
      inputs: [.init(name: "x", dataType: .fp32, shape: [-1, 8, -1, -1])],
      outputs: [last, third].map { .init(name: $0, dataType: .fp32, shape: nil) },
      initializers: [
        "w1": weights([8, 8, 1, 1], &random),
        "w2": weights([8, 8 / group, kernel, kernel], &random),
        "b2": Tensor.random([8], &random), "wide": Tensor.random([1, 8, 1, 1], &random),
        "three": Tensor(fp32: [0.3], shape: []), "six": Tensor(fp32: [0.6], shape: []),
      ])
  }

  /// Weights whose sums are of the order of what they multiply, as trained ones are.
  private func weights(_ shape: [Int], _ random: inout SplitMix64) -> Tensor {
    let scale = 1 / Float(Shape.product(shape[1...])).squareRoot()
    return Tensor(fp32: Tensor.random(shape, &random).floats.map { $0 * scale }, shape: shape)
  }

  @Test(arguments: tails, [1, 8])
  func everyTailAnswersTheSame(_ tail: String, _ group: Int) throws {
    var random = SplitMix64(state: 3)
    for kernel in [1, 3, 5] {
      let graph = graph(tail, group: group, kernel: kernel, &random)
      let model = try Model(graph)
      for shape in [[1, 8, 6, 7], [2, 8, 1, 1], [1, 8, 40, 70]] {
        let input = Tensor.random(shape, &random)
        let plain = try Run.graph(graph, [input], passes: [])
        let fused = try Run.run(model, [input])
        for (fused, plain) in zip(fused, plain) {
          #expect(fused.shape == plain.shape)
          #expect(isClose(fused.floats, plain.floats, 2e-5), "\(kernel) \(shape)")
        }
      }
    }
  }

  /// The standard's Conv rounds down: an output rounded up would keep what was there before.
  @Test func roundingUpIsRefused() {
    var random = SplitMix64(state: 5)
    let inputs = [Tensor.random([1, 2, 4], &random), Tensor.random([2, 2, 2], &random)]
    let error = #expect(throws: GraphError.self) {
      try Run.node(
        "Conv", inputs, attributes: ["ceil_mode": .int(1), "strides": .ints([3])], constants: [1])
    }
    #expect(error?.message.contains("ceil_mode") == true)
  }
}
