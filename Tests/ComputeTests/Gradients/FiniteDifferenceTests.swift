import Testing

@testable import Compute

@Suite struct FiniteDifferenceTests {
  @Test(arguments: GradientCases.all)
  func gradientsAreSlopes(_ example: GradientCase) throws { try example.check() }

  @Test(arguments: GradientCases.all + GradientCases.large)
  func singlePrecisionAgrees(_ example: GradientCase) throws { try example.compareSingle() }

  /// An operator whose gradient nobody compares is one whose gradient nobody knows.
  @Test func everyDeclaredGradientHasACase() {
    let known = Set(GradientCases.all.map { "\($0.domain):\($0.name)" })
    let declared = OperatorRegistry.standard.differentiableNames.filter {
      !GradientCases.constant.contains($0)
    }
    #expect(declared.filter { !known.contains($0) } == [])
  }

  @Test func whatHasNoGradientIsNamed() {
    let graph = Graph(
      nodes: [
        Node(name: "det", opType: "Det", inputs: ["x"], outputs: ["y"])
      ],
      inputs: [Graph.Value(name: "x", dataType: .fp32, shape: [2, 2])],
      outputs: [Graph.Value(name: "y", dataType: .fp32, shape: [])])
    #expect {
      try graph.differentiated(loss: "y", parameters: ["x"])
    } throws: { error in
      "\(error)" == "unsupportedOperator at node 'det': operator Det has no gradient"
    }
  }

  @Test func aLossHasOneElement() {
    let graph = Graph(
      nodes: [Node(opType: "Relu", inputs: ["x"], outputs: ["y"])],
      inputs: [Graph.Value(name: "x", dataType: .fp32, shape: [2])],
      outputs: [Graph.Value(name: "y", dataType: .fp32, shape: [2])])
    #expect {
      try graph.differentiated(loss: "y", parameters: ["x"])
    } throws: { error in
      "\(error)" == "shapeMismatch: the loss 'y' must have one element, got [2]"
    }
  }

  @Test func filesBringNoTrainingOperators() {
    let graph = Graph(
      nodes: [
        Node(
          opType: "Dropout", domain: "martlet.training", inputs: ["x", "n"], outputs: ["y"])
      ],
      inputs: [
        Graph.Value(name: "x", dataType: .fp32, shape: [2]),
        Graph.Value(name: "n", dataType: .int64, shape: [1]),
      ], outputs: [Graph.Value(name: "y", dataType: .fp32, shape: [2])])
    #expect(throws: GraphError.self) { try Model(graph) }
  }

  @Test func parametersThatDoNotMatterGetZeros() throws {
    let graph = Graph(
      nodes: [
        Node(
          opType: "ReduceSum", inputs: ["x"], outputs: ["loss"], attributes: ["keepdims": .int(0)])
      ],
      inputs: [
        Graph.Value(name: "x", dataType: .fp32, shape: [2]),
        Graph.Value(name: "z", dataType: .fp32, shape: [3]),
      ], outputs: [Graph.Value(name: "loss", dataType: .fp32, shape: [])])
    let model = try Model(try graph.differentiated(loss: "loss", parameters: ["x", "z"]))
    let answers = try model.evaluate([
      .tensor(Tensor(fp32: [1, 2], shape: [2])), .tensor(Tensor(fp32: [1, 2, 3], shape: [3])),
    ])
    #expect(try #require(answers[1].tensor).elements(as: Float.self) == [1, 1])
    #expect(try #require(answers[2].tensor).elements(as: Float.self) == [0, 0, 0])
  }

  /// A gradient that comes by several ways is their sum, for a parameter too.
  @Test func waysAddUp() throws {
    let graph = Graph(
      nodes: [
        Node(opType: "Mul", inputs: ["x", "x"], outputs: ["y"]),
        Node(opType: "Add", inputs: ["y", "x"], outputs: ["z"]),
        Node(
          opType: "ReduceSum", inputs: ["z"], outputs: ["loss"], attributes: ["keepdims": .int(0)]),
      ], inputs: [Graph.Value(name: "x", dataType: .fp32, shape: [2])],
      outputs: [Graph.Value(name: "loss", dataType: .fp32, shape: [])])
    let model = try Model(try graph.differentiated(loss: "loss", parameters: ["x"]))
    let answers = try model.evaluate([.tensor(Tensor(fp32: [3, -1], shape: [2]))])
    #expect(try #require(answers[1].tensor).elements(as: Float.self) == [7, -1])
  }
}
