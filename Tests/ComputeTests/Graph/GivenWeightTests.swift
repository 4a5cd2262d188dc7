import TestSupport
import Testing

@testable import Compute

/// Weights that come in give what constant ones do, and what other types' plain loops do.
@Suite struct GivenWeightTests {
  private func doubles(_ tensor: Tensor?) -> Tensor? {
    guard let tensor, tensor.dataType == .fp32 else { return tensor }
    return Tensor(tensor.floats.map(Double.init), shape: tensor.shape, dataType: .fp64)
  }

  /// Runs a node with its weights given, constant, and in double precision.
  private func check(
    _ opType: String, _ inputs: [Tensor?], attributes: [String: Attribute], outputs: Int = 1,
    _ weights: Set<Int>
  ) throws {
    func run(_ inputs: [Tensor?], _ constants: Set<Int>) throws -> [Tensor] {
      try Run.node(
        opType, inputs, attributes: attributes, outputs: outputs, constants: constants)
    }
    let given = try run(inputs, [])
    let constant = try run(inputs, weights)
    let plain = try run(inputs.map { doubles($0) }, [])
    for index in given.indices {
      let want = plain[index].elements(as: Double.self).map { Float($0) }
      #expect(given[index].shape == plain[index].shape)
      #expect(constant[index].shape == plain[index].shape)
      #expect(isClose(given[index].floats, want, 2e-5), "\(opType) \(attributes)")
      #expect(isClose(constant[index].floats, want, 2e-5), "\(opType) \(attributes)")
    }
  }

  @Test(arguments: [1, 2, 3], [1, 2, 6])
  func convolutions(_ rank: Int, _ group: Int) throws {
    var random = SplitMix64(state: UInt64(rank * 10 + group))
    for (kernel, stride, dilation, pad, outputs) in [
      (1, 1, 1, 0, 1), (3, 1, 1, 1, 5), (3, 2, 1, 1, 2), (2, 1, 2, 2, 7), (4, 3, 1, 2, 4),
    ] {
      func all(_ value: Int, _ count: Int) -> Attribute {
        .ints([Int64](repeating: Int64(value), count: count))
      }
      let spatial = Array([9, 8, 7].prefix(rank))
      let input = Tensor.random([2, 6] + spatial, &random)
      let weight = Tensor.random(
        [outputs * group, 6 / group] + [Int](repeating: kernel, count: rank), &random)
      let attributes = [
        "strides": all(stride, rank), "dilations": all(dilation, rank),
        "pads": all(pad, 2 * rank), "group": .int(Int64(group)),
      ]
      try check(
        "Conv", [input, weight, .random([outputs * group], &random)], attributes: attributes,
        [1, 2])
      let turned = Tensor.random(
        [6, outputs] + [Int](repeating: kernel, count: rank), &random)
      try check(
        "ConvTranspose", [input, turned, .random([outputs * group], &random)],
        attributes: attributes, [1, 2])
    }
  }

  @Test(arguments: ["RNN", "GRU", "LSTM"], ["forward", "reverse", "bidirectional"])
  func recurrentLayers(_ opType: String, _ direction: String) throws {
    var random = SplitMix64(state: 3)
    let gates = ["RNN": 1, "GRU": 3, "LSTM": 4][opType]!
    let directions = direction == "bidirectional" ? 2 : 1
    for (hidden, input, isFull) in [(1, 1, true), (5, 3, false), (33, 7, true), (16, 20, false)] {
      var inputs: [Tensor?] = [
        .random([4, 3, input], &random), .random([directions, gates * hidden, input], &random),
        .random([directions, gates * hidden, hidden], &random),
      ]
      if isFull {
        inputs += [.random([directions, 2 * gates * hidden], &random)]
        if opType == "LSTM" {
          inputs += [nil, nil, nil, .random([directions, 3 * hidden], &random)]
        }
      }
      var attributes: [String: Attribute] = [
        "hidden_size": .int(Int64(hidden)), "direction": .string(Array(direction.utf8)),
      ]
      if opType == "GRU", isFull { attributes["linear_before_reset"] = .int(1) }
      try check(
        opType, inputs, attributes: attributes, outputs: opType == "LSTM" ? 3 : 2, [1, 2, 3, 7])
    }
  }

  /// What is packed in every run counts as memory of the run, before it is taken.
  @Test func packedWeightsCountAsActivations() throws {
    var random = SplitMix64(state: 5)
    var graph = Graph(opsets: ["": 17])
    graph.nodes = [
      Node(
        name: "node", opType: "Conv", domain: "", inputs: ["x", "w"], outputs: ["y"],
        attributes: [:])
    ]
    for name in ["x", "w"] {
      graph.inputs.append(.init(name: name, dataType: .fp32, shape: [-1, -1, -1, -1]))
    }
    graph.outputs = [.init(name: "y", dataType: nil, shape: nil)]
    let inputs = [Tensor.random([1, 64, 3, 3], &random), .random([64, 64, 3, 3], &random)]
    // The inputs and the output fit; the packed weights as well do not.
    let model = try Model(graph, options: ModelOptions(arenaByteCountMax: 200_000))
    #expect(throws: ExecutionError.self) { try Run.run(model, inputs) }
    #expect(try Run.run(Model(graph, options: ModelOptions()), inputs)[0].shape == [1, 64, 1, 1])
  }
}
