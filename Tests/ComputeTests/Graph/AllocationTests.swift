import AllocationProbe
import Compute
import Testing

/// Once a plan exists, running it must not allocate: the arena and all steps are made ahead.
@Suite(.enabled(if: allocation_probe_is_active() != 0)) struct AllocationTests {
  @Test func theProbeSeesAllocations() {
    let before = allocation_probe_count()
    let tensor = Tensor(fp32: [1, 2, 3], shape: [3])
    #expect(allocation_probe_count() > before)
    withExtendedLifetime(tensor) {}
  }

  private func allocations(_ graph: Graph, _ inputs: [Tensor]) throws -> UInt64 {
    let model = try Model(graph)
    return try Run.withViews(inputs[...], []) { views in
      try model.withContext { context in
        for _ in 0..<3 { try context.run(views) }
        let before = allocation_probe_count()
        for _ in 0..<10 { try context.run(views) }
        return allocation_probe_count() - before
      }
    }
  }

  @Test func aWarmImageNetworkAllocatesNothing() throws {
    var graph = ImageGraphs.network()
    graph.inputs[0].shape = [-1, 3, 12, 12]
    let image = Tensor(fp32: [Float](repeating: 0.5, count: 2 * 3 * 144), shape: [2, 3, 12, 12])
    #expect(try allocations(graph, [image]) == 0)
  }

  @Test func warmElementwiseAndMovementAllocateNothing() throws {
    var graph = Graph()
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: [-1, 4])]
    graph.initializers = [
      "row": Tensor(fp32: [1, 2, 3, 4], shape: [4]),
      "axes": Tensor(int64: [1], shape: [1]),
    ]
    graph.nodes = [
      Node(opType: "Add", inputs: ["x", "row"], outputs: ["a"]),
      Node(opType: "Sigmoid", inputs: ["a"], outputs: ["b"]),
      Node(opType: "Transpose", inputs: ["b"], outputs: ["c"]),
      Node(opType: "Softmax", inputs: ["c"], outputs: ["d"]),
      Node(opType: "ReduceSum", inputs: ["d", "axes"], outputs: ["e"]),
    ]
    graph.outputs = [.init(name: "e", dataType: .fp32, shape: nil)]
    #expect(
      try allocations(graph, [Tensor(fp32: [Float](repeating: 1, count: 12), shape: [3, 4])]) == 0)
  }

  @Test func warmStringsAllocateNothing() throws {
    var graph = Graph()
    graph.inputs = [.init(name: "x", dataType: .string, shape: [-1])]
    graph.nodes = [Node(opType: "Identity", inputs: ["x"], outputs: ["y"])]
    graph.outputs = [.init(name: "y", dataType: .string, shape: [-1])]
    let text = Tensor(strings: [Array("hello".utf8), []], shape: [2])
    #expect(try allocations(graph, [text]) == 0)
  }
}
