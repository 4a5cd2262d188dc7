import Testing

@testable import Compute

/// What a model could once end the process with, or read memory with that is not its own.
@Suite struct HostileOperatorTests {
  private func refused(
    _ opType: String, _ inputs: [Tensor?], attributes: [String: Attribute] = [:], opset: Int = 21,
    constants: Set<Int> = [], _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: (any Error).self, sourceLocation: location) {
      try Run.node(opType, inputs, attributes: attributes, opset: opset, constants: constants)
    }
  }

  private func floats(_ shape: [Int], _ value: Float = 0) -> Tensor {
    Tensor(fp32: [Float](repeating: value, count: Shape.elementCount(shape) ?? 0), shape: shape)
  }

  private func integers(_ values: [Int64]) -> Tensor {
    Tensor(int64: values, shape: [values.count])
  }

  @Test func sizesOfNothingAreHeldToALimit() {
    #expect(Shape.elementCount([0, 1 << 40]) == 0)
    #expect(Shape.elementCount([0, 1 << 41]) == nil)
    #expect(Shape.elementCount([1 << 21, 0, 1 << 21]) == nil)
    refused(
      "ConvTranspose", [floats([1, 0, 1, 1]), floats([0, 1 << 40, 1, 1])],
      attributes: ["group": .int(1 << 62)])
  }

  @Test func aRangeThatGoesFarTheWrongWayIsEmpty() throws {
    func scalar(_ value: Double) -> Tensor { Tensor([value], shape: [], dataType: .fp64) }
    let range = try Run.node("Range", [scalar(1e300), scalar(-1e300), scalar(1)])
    #expect(range[0].shape == [0])
    refused("Range", [scalar(0), scalar(1e300), scalar(1)])
  }

  @Test func padsThatTurnSizesNegativeAreRefused() {
    // Two negative sizes have a positive product, by which indices were once checked.
    refused(
      "MaxUnpool",
      [floats([1, 1, 1, 1]), Tensor(int64: [5], shape: [1, 1, 1, 1]), integers([1, 1, 1, 1])],
      attributes: ["kernel_shape": .ints([1, 1]), "pads": .ints([2, 2, 2, 2])])
  }

  @Test func fewerIndicesThanTheyBelongToAreRefused() {
    refused(
      "MaxUnpool", [floats([1, 1, 2, 2]), Tensor(int64: [0], shape: [1, 1, 1, 1])],
      attributes: ["kernel_shape": .ints([1, 1])])
    refused("RoiAlign", [floats([1, 1, 4, 4]), floats([3, 4]), integers([0])])
  }

  @Test func scalarsThatHoldNothingAreRefused() {
    refused("CumSum", [floats([2, 3]), integers([])])
    refused("Trilu", [floats([2, 3]), integers([])])
    refused("Pad", [floats([2]), integers([1, 1]), floats([0])])
    refused(
      "MelWeightMatrix", [integers([4]), integers([8]), integers([]), floats([1]), floats([1])])
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, 1e30])
  func regionsThatAreNoNumbersGiveNumbers(_ value: Float) throws {
    let image = floats([1, 1, 4, 4], 1)
    let align = try Run.node("RoiAlign", [image, floats([1, 4], value), integers([0])], opset: 10)
    #expect(align[0].shape == [1, 1, 1, 1])
    let region = Tensor(fp32: [0] + [Float](repeating: value, count: 4), shape: [1, 5])
    let pool = try Run.node(
      "MaxRoiPool", [image, region], attributes: ["pooled_shape": .ints([2, 2])])
    #expect(pool[0].shape == [1, 1, 2, 2])
  }

  @Test func aScalarHasNoAxis() {
    refused("Split", [floats([])], attributes: ["axis": .int(0)])
    refused("LpPool", [floats([])], attributes: ["kernel_shape": .ints([1])])
  }

  @Test func dropoutOfTextsIsRefused() {
    refused("Dropout", [Tensor(strings: [[0x61]], shape: [1])])
  }

  @Test func termsWhoseNumberOverflowsAreRefused() {
    refused(
      "Einsum", [Tensor?](repeating: floats([1 << 11]), count: 4),
      attributes: ["equation": .string(Array("a,b,c,d->".utf8))])
  }

  @Test func anOptionalThatIsNotWhatItsTypeSaysIsRefused() {
    var graph = Graph(opsets: ["": 21])
    graph.nodes = [
      Node(
        opType: "Optional", inputs: ["x"], outputs: ["o"],
        attributes: ["type": .type(.tensor, .bool)]),
      Node(opType: "OptionalGetElement", inputs: ["o"], outputs: ["flags"]),
      Node(opType: "Compress", inputs: ["x", "flags"], outputs: ["y"]),
    ]
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: [2])]
    graph.outputs = [.init(name: "y", dataType: nil, shape: nil)]
    let error = #expect(throws: ExecutionError.self) { try Run.graph(graph, [floats([2])]) }
    #expect(error?.message.contains("BOOL") == true)
  }

  @Test func aNodeThatNamesNoOutputIsRefused() {
    // Passes once asked such a node for the name of its first one.
    var graph = Graph(opsets: ["": 21])
    let shape = [1, 1, 2, 2]
    graph.inputs = [.init(name: "in", dataType: .fp32, shape: shape)]
    graph.initializers["weight"] = floats([2, 2])
    graph.outputs = [.init(name: "out", dataType: nil, shape: nil)]
    let relu = Node(opType: "Relu", inputs: ["in"], outputs: ["out"])
    for spare in [
      Node(opType: "Softmax", inputs: ["in"], outputs: []),
      Node(opType: "MatMul", inputs: ["in", "weight"], outputs: []),
    ] {
      graph.nodes = [relu, spare]
      let error = #expect(throws: GraphError.self) { try Model(graph) }
      #expect(error?.code == .invalidGraph)
    }
  }

  @Test func zeroPointsOfAnotherTypeAreRefused() {
    // They were read as numbers of the data's size: four times what there is.
    let bytes = Tensor([UInt8](repeating: 1, count: 4), shape: [4], dataType: .uint8)
    let words = Tensor([Int32](repeating: 1, count: 4), shape: [4], dataType: .int32)
    refused("DequantizeLinear", [words, floats([4], 1), bytes], attributes: ["axis": .int(0)])
    refused("QuantizeLinear", [words, floats([4], 1), words], attributes: ["axis": .int(0)])
  }

  @Test func aLayerOfNoInputsIsItsBias() throws {
    let rows = try Run.node(
      "RNN", [floats([2, 5, 0]), floats([1, 3, 0]), floats([1, 3, 3]), floats([1, 6], 0.25)],
      constants: [1, 2, 3])
    #expect(isClose(rows[0].floats, [Float](repeating: 0.462_117, count: 30)))
  }
}
