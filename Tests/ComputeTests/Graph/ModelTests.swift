import Compute
import Testing

@Suite struct ModelTests {
  private func identity(_ type: DataType, _ shape: [Int]) -> Graph {
    Graph(
      nodes: [Node(opType: "Identity", inputs: ["x"], outputs: ["y"])],
      inputs: [Graph.Value(name: "x", dataType: type, shape: shape)],
      outputs: [Graph.Value(name: "y", dataType: type, shape: nil)])
  }

  @Test func identityReturnsItsInput() throws {
    let model = try Model(identity(.fp32, [-1, 2]))
    #expect(model.outputs[0].shape == [-1, 2])
    try model.withContext { context in
      try Tensor(fp32: [1, 2, 3, 4], shape: [2, 2]).withView { try context.run([$0]) }
      let output = context.output(0)
      #expect(output.shape == [2, 2])
      #expect(Array(output.bytes.bindMemory(to: Float.self)) == [1, 2, 3, 4])
    }
  }

  @Test func stringsOfAnyLengthPassThrough() throws {
    let strings: [[UInt8]] = [[], [0, 255], Array("text".utf8)]
    let model = try Model(identity(.string, [-1]))
    try model.withContext { context in
      try Tensor(strings: strings, shape: [3]).withView { try context.run([$0]) }
      #expect(StringFraming.elements(context.output(0).bytes) == strings)
    }
  }

  @Test func inputsThatDoNotFitAreRefusedWithExpectedAndGot() throws {
    let model = try Model(identity(.fp32, [-1, 2]))
    model.withContext { context in
      let error = #expect(throws: ExecutionError.self) {
        try Tensor(fp32: [1, 2, 3], shape: [1, 3]).withView { try context.run([$0]) }
      }
      #expect(error?.code == .invalidInput)
      #expect(error?.message.contains("[?×2]") == true)
      #expect(error?.message.contains("[1×3]") == true)
    }
  }

  @Test func unknownOperatorsAreRefusedByTypeAndNode() {
    var graph = identity(.fp32, [1])
    graph.nodes[0] = Node(name: "here", opType: "Warp", inputs: ["x"], outputs: ["y"])
    let error = #expect(throws: GraphError.self) { try Model(graph) }
    #expect(error?.code == .unsupportedOperator)
    #expect(error?.node == "here")
    #expect(error?.message.contains("Warp") == true)
  }
}
