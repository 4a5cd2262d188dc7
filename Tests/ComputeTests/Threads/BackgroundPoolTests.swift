import Testing

@testable import Compute

@Suite struct BackgroundPoolTests {
  /// Threads inherit their priority: those of training are not those of requests.
  @Test func trainingHasThreadsOfItsOwn() throws {
    let graph = Graph(
      nodes: [Node(opType: "Relu", inputs: ["x"], outputs: ["y"])],
      inputs: [Graph.Value(name: "x", dataType: .fp32, shape: [4])],
      outputs: [Graph.Value(name: "y", dataType: .fp32, shape: [4])])
    for isTraining in [false, true] {
      var options = ModelOptions(threadCount: 2)
      options.allowsTraining = isTraining
      let program = try Compiler.compile(graph, options: options)
      var builder = try PlanBuilder(program, shapes: [[4]], values: [:])
      let memory = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 64)
      defer { memory.deallocate() }
      let plan = try builder.build { (_: Int) throws(ExecutionError) in memory }
      let expected = ThreadPool.shared(threadCount: 2, isBackground: isTraining)
      #expect(plan.threads === expected)
      #expect(
        expected == nil || expected !== ThreadPool.shared(threadCount: 2, isBackground: !isTraining)
      )
    }
  }
}
