import Testing

@testable import Compute

/// Small files, and small requests, that ask for more time or memory than there is.
@Suite struct WorkLimitTests {
  /// Runs a node under limits and says which one stopped it.
  private func stopped(
    _ opType: String, _ inputs: [Tensor], attributes: [String: Attribute] = [:],
    opset: Int = 21, _ change: (inout ModelOptions) -> Void = { _ in }
  ) throws -> String {
    var graph = Graph(opsets: ["": opset])
    let names = inputs.indices.map { "in\($0)" }
    graph.nodes = [
      Node(opType: opType, inputs: names, outputs: ["out"], attributes: attributes)
    ]
    for (name, tensor) in zip(names, inputs) {
      graph.inputs.append(.init(name: name, dataType: tensor.dataType, shape: tensor.shape))
    }
    graph.outputs = [.init(name: "out", dataType: nil, shape: nil)]
    var options = ModelOptions()
    options.allowsContainers = true
    change(&options)
    let model = try Model(graph, options: options)
    let error = #expect(throws: ExecutionError.self) {
      try model.evaluate(inputs.map { .tensor($0) })
    }
    #expect(error?.code == .resourceExhausted)
    return error?.message ?? ""
  }

  private func floats(_ shape: [Int]) -> Tensor {
    Tensor(fp32: [Float](repeating: 0, count: Shape.elementCount(shape) ?? 0), shape: shape)
  }

  @Test(arguments: ["LpPool", "AveragePool"])
  func aWindowOfAnEndlessSizeIsRefused(_ opType: String) throws {
    let (kernel, pads) = (Int64(1 << 24), Int64(1 << 20))
    let attributes: [String: Attribute] = [
      "kernel_shape": .ints([kernel, kernel, 1]), "dilations": .ints([1, 1, 1]),
      "pads": .ints([kernel - 1, kernel - 1, 0, pads, pads, 0]),
      "strides": .ints([kernel, kernel, 1]),
    ]
    let message = try stopped(opType, [floats([1, 1, 1, 1, 1])], attributes: attributes)
    #expect(message.contains("workMax"))
  }

  @Test func aSumOverEverythingIsRefused() throws {
    let message = try stopped(
      "Einsum", [Tensor](repeating: floats([1 << 10]), count: 4),
      attributes: ["equation": .string(Array("a,b,c,d->".utf8))])
    #expect(message.contains("workMax"))
  }

  @Test func aTransformOfAnEndlessLengthIsRefused() throws {
    let length = Tensor(int64: [1 << 25], shape: [])
    _ = try stopped("DFT", [floats([1, 1 << 12, 1]), length], opset: 17) { $0.workMax = 1e9 }
  }

  @Test func samplesOfRegionsAreCounted() throws {
    let message = try stopped(
      "RoiAlign", [floats([1, 1, 2, 2]), floats([1, 4]), Tensor(int64: [0], shape: [1])],
      attributes: [
        "sampling_ratio": .int(4096), "output_height": .int(100), "output_width": .int(100),
      ])
    #expect(message.contains("workMax"))
  }

  @Test func textsThatMultiplyAreBounded() throws {
    let text = Tensor(strings: [[UInt8](repeating: 0x61, count: 1_000)], shape: [1])
    let repeats = Tensor(int64: [2_000], shape: [1])
    _ = try stopped("Tile", [text, repeats]) { $0.arenaByteCountMax = 1 << 20 }
    // And their number: each takes four bytes at least.
    let many = Tensor(int64: [1 << 39], shape: [1])
    _ = try stopped("Tile", [text, many])
    let column = Tensor(strings: text.repeated(2_000), shape: [2_000, 1])
    let row = Tensor(strings: text.repeated(2_000), shape: [2_000])
    _ = try stopped("StringConcat", [column, row]) { $0.arenaByteCountMax = 64 << 20 }
  }

  @Test func cuttingIntoManyTensorsIsCountedBeforeItIsDone() throws {
    let bytes = Tensor([UInt8](repeating: 1, count: 100_000), shape: [100_000], dataType: .uint8)
    for opType in ["SplitToSequence", "Unique"] {
      _ = try stopped(opType, [bytes]) { $0.arenaByteCountMax = 8 << 20 }
    }
    let deep = Tensor(
      [UInt8](repeating: 1, count: 1_000), shape: [1_000] + [Int](repeating: 1, count: 60),
      dataType: .uint8)
    _ = try stopped("NonZero", [deep]) { $0.arenaByteCountMax = 256 << 10 }
  }

  @Test func boxesThatAreAllKeptAreCounted() throws {
    let count = 2_000
    let scores = Tensor(fp32: [Float](repeating: 1, count: count), shape: [1, 1, count])
    let message = try stopped(
      "NonMaxSuppression",
      [floats([1, count, 4]), scores, Tensor(int64: [Int64(count)], shape: [])]
    ) { $0.workMax = 1e5 }
    #expect(message.contains("workMax"))
  }

  /// 2,000 nodes that call a function whose value has a name of 64 KiB.
  @Test func namesThatEveryCallMakesAnewAreBounded() {
    let long = String(repeating: "x", count: 1 << 16)
    let function = GraphFunction(
      domain: "own", name: "Twice", inputs: ["a"], outputs: ["b"],
      nodes: [
        Node(opType: "Add", inputs: ["a", "a"], outputs: [long]),
        Node(opType: "Neg", inputs: [long], outputs: ["b"]),
      ], opsets: ["": 21])
    var graph = Graph(opsets: ["": 21, "own": 1])
    graph.functions = [function]
    graph.nodes = (0..<2_000).map {
      Node(opType: "Twice", domain: "own", inputs: ["v\($0)"], outputs: ["v\($0 + 1)"])
    }
    graph.inputs = [.init(name: "v0", dataType: .fp32, shape: [1])]
    graph.outputs = [.init(name: "v2000", dataType: nil, shape: nil)]
    let error = #expect(throws: GraphError.self) { try Model(graph) }
    #expect(error?.code == .resourceExhausted)
  }

  @Test(arguments: ["SVMRegressor", "SVMClassifier"])
  func rowsOfSupportVectorsAreCounted(_ opType: String) throws {
    let count = 1_000
    let numbers = [Float](repeating: 1, count: count)
    var graph = Graph(opsets: ["": 21, "ai.onnx.ml": 3])
    graph.inputs = [.init(name: "in", dataType: .fp32, shape: [-1, 1])]
    graph.nodes = [
      Node(
        opType: opType, domain: "ai.onnx.ml", inputs: ["in"], outputs: ["out"],
        attributes: [
          "coefficients": .floats(numbers), "support_vectors": .floats(numbers),
          "n_supports": .int(Int64(count)), "rho": .floats([0]),
          "classlabels_ints": .ints([0, 1]),
          "vectors_per_class": .ints([Int64(count / 2), Int64(count / 2)]),
        ])
    ]
    graph.outputs = [.init(name: "out", dataType: nil, shape: nil)]
    var options = ModelOptions()
    options.workMax = 1e5
    let model = try Model(graph, options: options)
    _ = try Run.run(model, [floats([10, 1])])
    let error = #expect(throws: ExecutionError.self) { try Run.run(model, [floats([1_000, 1])]) }
    #expect(error?.code == .resourceExhausted)
  }
}

extension Tensor {
  fileprivate func repeated(_ count: Int) -> [[UInt8]] {
    [[UInt8]](repeating: Array(strings[0].utf8), count: count)
  }
}
