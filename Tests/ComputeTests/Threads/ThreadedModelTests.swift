import AllocationProbe
import CKernels
import Compute
import TestSupport
import Testing

/// Models whose operators are large enough for several threads answer as on one.
@Suite struct ThreadedModelTests {
  private static func graph() -> Graph {
    var random = SplitMix64(state: 11)
    var graph = Graph()
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: [-1, 96, 128])]
    graph.initializers = [
      "w": .random([128, 384], &random), "b": .random([384], &random),
      "v": .random([384, 128], &random), "scale": .random([128], &random),
      "turn": .random([96, 96], &random),
    ]
    graph.nodes = [
      Node(opType: "MatMul", inputs: ["x", "w"], outputs: ["m"]),
      Node(opType: "Add", inputs: ["m", "b"], outputs: ["a"]),
      Node(opType: "Gelu", inputs: ["a"], outputs: ["g"]),
      Node(opType: "MatMul", inputs: ["g", "v"], outputs: ["o"]),
      Node(opType: "Add", inputs: ["o", "x"], outputs: ["r"]),
      Node(opType: "LayerNormalization", inputs: ["r", "scale"], outputs: ["n"]),
      Node(opType: "MatMul", inputs: ["turn", "n"], outputs: ["t"]),
      Node(opType: "Mul", inputs: ["t", "scale"], outputs: ["p"]),
      Node(opType: "Softmax", inputs: ["p"], outputs: ["y"]),
    ]
    graph.outputs = [.init(name: "y", dataType: .fp32, shape: nil)]
    return graph
  }

  @Test(arguments: [1, 2, 5])
  func threadsDoNotChangeAnAnswer(_ batch: Int) throws {
    var random = SplitMix64(state: UInt64(batch))
    let input = Tensor.random([batch, 96, 128], &random)
    let one = try Run.run(try Model(Self.graph()), [input])
    let two = try Run.run(try Model(Self.graph(), options: ModelOptions(threadCount: 2)), [input])
    #expect(one.map(\.floats) == two.map(\.floats))
  }

  @Test(.enabled(if: allocation_probe_is_active() != 0))
  func aWarmModelOnTwoThreadsAllocatesNoMoreThanAClosureAJob() throws {
    var random = SplitMix64(state: 3)
    let input = Tensor.random([2, 96, 128], &random)
    let model = try Model(Self.graph(), options: ModelOptions(threadCount: 2))
    let count = try Run.withViews([input][...], []) { views in
      try model.withContext { context in
        for _ in 0..<20 { try context.run(views) }
        let before = allocation_probe_count()
        for _ in 0..<20 { try context.run(views) }
        return allocation_probe_count() - before
      }
    }
    // Unoptimised code allocates where a job's closure is handed to the pool; a release build does
    // not: 9 steps, 20 runs. A thread's scratch grows once more for each step that it had only shared
    // before, when the pool is busy with another test. Rows and tasks would be thousands.
    #expect(count <= 9 * 20 + 9 * UInt64(CK_SCRATCH_SLOTS))
  }
}
