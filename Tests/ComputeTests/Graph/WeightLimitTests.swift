import Testing

@testable import Compute

/// Small files whose weights would fill the memory once they are unpacked, packed or copied.
@Suite struct WeightLimitTests {
  private func floats(_ shape: [Int]) -> Tensor {
    Tensor(fp32: [Float](repeating: 0, count: Shape.elementCount(shape) ?? 0), shape: shape)
  }

  /// Compiles a node whose inputs behind the first are constants, `count` times over the same ones,
  /// with little memory for weights.
  private func isRefused(
    _ opType: String, domain: String = "", _ shape: [Int], _ constants: [Tensor],
    attributes: [String: Attribute] = [:], count: Int, weightByteCountMax: Int
  ) throws -> Bool {
    var graph = Graph(opsets: ["": 21])
    graph.inputs = [.init(name: "in", dataType: .fp32, shape: shape)]
    for (index, tensor) in constants.enumerated() { graph.initializers["weight\(index)"] = tensor }
    for index in 0..<count {
      graph.nodes.append(
        Node(
          opType: opType, domain: domain, inputs: ["in"] + constants.indices.map { "weight\($0)" },
          outputs: ["out\(index)"], attributes: attributes))
      graph.outputs.append(.init(name: "out\(index)", dataType: nil, shape: nil))
    }
    var options = ModelOptions()
    options.weightByteCountMax = weightByteCountMax
    do {
      _ = try Model(graph, options: options)
      return false
    } catch {
      #expect(error.code == .resourceExhausted)
      #expect(error.message.contains("weightByteCountMax"))
      return true
    }
  }

  @Test func aNarrowWeightThatDoesNotFitAsPanelsStaysAsItIs() throws {
    let weight = floats([64, 1])
    // One column takes a panel; as it is, nothing is copied.
    for limit in [weight.storage.byteCount, 64 * weight.storage.byteCount] {
      let refused = try isRefused(
        "MatMul", [1, 64], [weight], count: 1, weightByteCountMax: limit)
      #expect(!refused)
    }
  }

  @Test func weightsThatNodesShareAreCountedForEach() throws {
    let weight = floats([64, 64])
    for (count, expected) in [(2, false), (9, true)] {
      let refused = try isRefused(
        "MatMul", [1, 64], [weight], count: count, weightByteCountMax: 8 * weight.storage.byteCount)
      #expect(refused == expected)
    }
  }

  @Test func matricesUnpackedFromFewBitsAreCounted() throws {
    // 2 bits in the file become 32.
    let packed = Tensor(
      [UInt8](repeating: 0, count: 64 * 4 * 4), shape: [64, 4, 4], dataType: .uint8)
    let attributes: [String: Attribute] = [
      "K": .int(64), "N": .int(64), "bits": .int(2), "block_size": .int(16),
    ]
    let unpacked = 64 * 64 * 4
    for (count, limit, expected) in [
      (1, unpacked, false), (1, unpacked - 1, true), (8, 9 * unpacked, false),
      (10, 9 * unpacked, true),
    ] {
      let refused = try isRefused(
        "MatMulNBits", domain: contributed, [1, 64], [packed, floats([256])],
        attributes: attributes, count: count, weightByteCountMax: limit)
      #expect(refused == expected)
    }
  }

  @Test func convolutionsThatShareWeightsAreFoldedWhileThereIsRoom() throws {
    var graph = Graph(opsets: ["": 21])
    graph.inputs = [.init(name: "in", dataType: .fp32, shape: [1, 4, 3, 3])]
    graph.initializers = ["weight": floats([4, 4, 3, 3]), "two": Tensor(fp32: [2], shape: [])]
    for index in 0..<3 {
      graph.nodes += [
        Node(opType: "Conv", inputs: ["in", "weight"], outputs: ["conv\(index)"]),
        Node(opType: "Mul", inputs: ["conv\(index)", "two"], outputs: ["out\(index)"]),
      ]
      graph.outputs.append(.init(name: "out\(index)", dataType: nil, shape: nil))
    }
    var options = ModelOptions()
    options.weightByteCountMax = 2 * floats([4, 4, 3, 3]).storage.byteCount
    try ConvolutionFolding.pass.run(&graph, .standard, options)
    #expect(graph.nodes.map(\.opType).sorted() == ["Conv", "Conv", "Conv", "Mul"])
  }

  @Test func aLongNameIsNotRepeatedByAnExpansion() throws {
    var graph = Graph(opsets: ["": 21])
    let name = String(repeating: "n", count: 4_096)
    graph.inputs = [.init(name: "in", dataType: .fp32, shape: [2, 3])]
    graph.nodes = [Node(opType: "QuickGelu", domain: contributed, inputs: ["in"], outputs: [name])]
    graph.outputs = [.init(name: name, dataType: nil, shape: nil)]
    let expanded = try graph.expanded(.standard, ModelOptions())
    #expect(expanded.nodes.count > 1)
    let names = expanded.nodes.flatMap(\.outputs) + expanded.initializers.keys
    #expect(names.filter { $0.utf8.count > 64 } == [name])
  }
}
