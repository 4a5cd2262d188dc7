import Compute
import Testing

@Suite struct PlanTests {
  /// y = relu(x + 1) and z = x + 1: in place only where nobody else reads.
  private func graph() -> Graph {
    var graph = Graph()
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: [-1, 2])]
    graph.initializers["one"] = Tensor(fp32: [1], shape: [])
    graph.nodes = [
      Node(opType: "Add", inputs: ["x", "one"], outputs: ["z"]),
      Node(opType: "Relu", inputs: ["z"], outputs: ["r"]),
      Node(opType: "Neg", inputs: ["r"], outputs: ["y"]),
    ]
    graph.outputs = ["y", "z"].map { .init(name: $0, dataType: .fp32, shape: nil) }
    return graph
  }

  @Test func everyShapeGetsItsPlanAndOldOnesStillWork() throws {
    let model = try Model(graph(), options: ModelOptions(planCountMax: 2))
    try model.withContext { context in
      for rows in [1, 4, 2, 1, 300, 4, 1] {
        let values = (0..<(rows * 2)).map { Float($0) - 3 }
        try Tensor(fp32: values, shape: [rows, 2]).withView { try context.run([$0]) }
        let y = Array(context.output(0).bytes.bindMemory(to: Float.self))
        let z = Array(context.output(1).bytes.bindMemory(to: Float.self))
        #expect(z == values.map { $0 + 1 })
        #expect(y == values.map { -max($0 + 1, 0) })
      }
    }
  }

  @Test func inputsMayLieAtAnyAddress() throws {
    let model = try Model(graph())
    var bytes: [UInt8] = [0]
    withUnsafeBytes(of: (Float(1), Float(-5))) { bytes += Array($0) }
    try model.withContext { context in
      try bytes.withUnsafeBytes { raw in
        let view = TensorView(
          dataType: .fp32, shape: [1, 2], bytes: UnsafeRawBufferPointer(rebasing: raw[1...]))
        try context.run([view])
      }
      #expect(Array(context.output(1).bytes.bindMemory(to: Float.self)) == [2, -4])
    }
  }

  @Test func activationsBeyondTheLimitAreRefusedAndTheModelGoesOn() throws {
    let model = try Model(graph(), options: ModelOptions(arenaByteCountMax: 4_096))
    let large = Tensor(fp32: [Float](repeating: 0, count: 4_096), shape: [2_048, 2])
    let error = #expect(throws: ExecutionError.self) { try Run.run(model, [large]) }
    #expect(error?.code == .resourceExhausted)
    #expect(try Run.run(model, [.init(fp32: [1, 1], shape: [1, 2])])[1].floats == [2, 2])
  }

  @Test func emptyBatchesGiveEmptyAnswers() throws {
    let answers = try Run.graph(graph(), [Tensor(fp32: [], shape: [0, 2])])
    #expect(answers[0].shape == [0, 2] && answers[0].floats.isEmpty)
  }

  @Test func contextsOfOneModelRunSideBySide() async throws {
    let model = try Model(ImageGraphs.network(sized: 12))
    let images = (0..<4).map {
      Tensor(fp32: [Float](repeating: Float($0) / 4, count: 432), shape: [1, 3, 12, 12])
    }
    let alone = try images.map { try Run.run(model, [$0])[0].floats }
    let together = try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
      for round in 0..<40 {
        group.addTask { (round % 4, try Run.run(model, [images[round % 4]])[0].floats) }
      }
      return try await group.reduce(into: [(Int, [Float])]()) { $0.append($1) }
    }
    #expect(together.allSatisfy { alone[$0.0] == $0.1 })
  }

  @Test func aReshapeTargetGivenByTheCallerIsPartOfThePlan() throws {
    var graph = Graph()
    graph.inputs = [
      .init(name: "x", dataType: .fp32, shape: [-1]),
      .init(name: "s", dataType: .int64, shape: [2]),
    ]
    graph.nodes = [Node(opType: "Reshape", inputs: ["x", "s"], outputs: ["y"])]
    graph.outputs = [.init(name: "y", dataType: .fp32, shape: nil)]
    let model = try Model(graph)
    let x = Tensor(fp32: [1, 2, 3, 4, 5, 6], shape: [6])
    for shape in [[2, 3], [3, 2], [2, 3], [6, 1]] as [[Int64]] {
      let y = try Run.run(model, [x, .init(int64: shape, shape: [2])])[0]
      #expect(y.shape == shape.map { Int($0) })
    }
  }
}
