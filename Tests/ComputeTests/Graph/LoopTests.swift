import TestSupport
import Testing

@testable import Compute

/// Loops whose bodies are planned, and what they carry without changing it.
@Suite struct LoopTests {
  private func value(_ name: String, _ type: DataType? = .fp32, _ shape: [Int]? = nil)
    -> Graph.Value
  {
    Graph.Value(name: name, dataType: type, shape: shape)
  }

  private func loop(
    _ inputs: [String], _ outputs: [String], _ nodes: [Node], bodyInputs: [String],
    bodyOutputs: [String]
  ) -> Node {
    Node(
      opType: "Loop", inputs: inputs, outputs: outputs,
      attributes: [
        "body": .graph(
          Graph(
            nodes: nodes, inputs: bodyInputs.map { value($0, nil) },
            outputs: bodyOutputs.map { value($0, nil) }))
      ])
  }

  /// x = tanh(x · w + b) a number of times, w and b carried as exporters write it.
  private func recurrence(constant: Bool, _ w: Tensor, _ b: Tensor) -> Graph {
    let node = loop(
      ["count", "", "w", "x", "b"], ["", "last", "b_last", "all"],
      [
        Node(opType: "MatMul", inputs: ["xi", "wi"], outputs: ["p"]),
        Node(opType: "Add", inputs: ["p", "bi"], outputs: ["s"]),
        Node(opType: "Tanh", inputs: ["s"], outputs: ["xo"]),
        Node(opType: "Identity", inputs: ["xo"], outputs: ["each"]),
        Node(opType: "Identity", inputs: ["bi"], outputs: ["bo"]),
        Node(opType: "Identity", inputs: ["goes"], outputs: ["more"]),
      ], bodyInputs: ["i", "goes", "wi", "xi", "bi"],
      bodyOutputs: ["more", "wi", "xo", "bo", "each"])
    var graph = Graph(
      nodes: [node], inputs: [value("count", .int64, []), value("x", .fp32, [-1, w.shape[0]])],
      outputs: [value("last"), value("b_last"), value("all")])
    if constant {
      graph.initializers = ["w": w, "b": b]
    } else {
      graph.inputs += [value("w", .fp32, w.shape), value("b", .fp32, b.shape)]
    }
    return graph
  }

  @Test(arguments: [0, 1, 7]) func whatALoopOnlyCarriesIsAsItWas(_ count: Int) throws {
    var random = SplitMix64(state: 5)
    let (w, b) = (Tensor.random([12, 12], &random), Tensor.random([12], &random))
    let x = Tensor.random([3, 12], &random)
    var expected = x.floats
    for _ in 0..<count {
      let product = try Run.node(
        "MatMul", [Tensor(fp32: expected, shape: [3, 12]), w], passes: [])[0]
      expected = try Run.node("Tanh", [Run.node("Add", [product, b])[0]])[0].floats
    }
    let trips = Tensor(int64: [Int64(count)], shape: [])
    for constant in [true, false] {
      let graph = recurrence(constant: constant, w, b)
      let given = [trips, x] + (constant ? [] : [w, b])
      for passes in [ModelOptions.Passes.all, []] {
        let answers = try Run.graph(graph, given, passes: passes)
        #expect(isClose(answers[0].floats, expected))
        #expect(answers[1].floats == b.floats)
        #expect(answers[2].shape.first == count && answers[2].elementCount == 36 * count)
      }
    }
  }

  @Test func constantsThatALoopCarriesArePacked() throws {
    var random = SplitMix64(state: 6)
    let graph = recurrence(
      constant: true, Tensor.random([64, 64], &random), Tensor.random([64], &random))
    let program = try Compiler.compile(graph, options: ModelOptions())
    // Nobody outside reads w, and the body holds it once, in the kernel's order.
    #expect(program.constants.values.allSatisfy { $0.elementCount < 64 * 64 })
    #expect(program.instructions.contains { $0.op.weightByteCount >= 64 * 64 * 4 })
  }

  @Test func valuesThatChangePlacesAreCarried() throws {
    let node = loop(
      ["count", "", "a", "b"], ["p", "q"], [], bodyInputs: ["i", "goes", "u", "v"],
      bodyOutputs: ["goes", "v", "u"])
    let graph = Graph(
      nodes: [node],
      inputs: [value("count", .int64, []), value("a", .fp32, []), value("b", .fp32, [])],
      outputs: [value("p"), value("q")])
    for count in [0, 1, 2, 3] {
      let answers = try Run.graph(
        graph,
        [
          Tensor(int64: [Int64(count)], shape: []), Tensor(fp32: [1], shape: []),
          Tensor(fp32: [2], shape: []),
        ])
      #expect(answers.map(\.floats) == (count % 2 == 0 ? [[1], [2]] : [[2], [1]]))
    }
  }

  /// A list that grows with every iteration, and one that is cut by the iteration's number.
  @Test func bodiesWhoseShapesChangeAreInterpretedInTheEnd() throws {
    let node = loop(
      ["count", "", "x"], ["all"],
      [
        Node(opType: "Cast", inputs: ["i"], outputs: ["f"], attributes: ["to": .int(1)]),
        Node(opType: "Unsqueeze", inputs: ["f", "zero"], outputs: ["one"]),
        Node(
          opType: "Concat", inputs: ["old", "one"], outputs: ["longer"],
          attributes: ["axis": .int(0)]),
        Node(opType: "Mul", inputs: ["longer", "two"], outputs: ["new"]),
      ], bodyInputs: ["i", "goes", "old"], bodyOutputs: ["goes", "new"])
    let graph = Graph(
      nodes: [node], inputs: [value("count", .int64, []), value("x", .fp32, [-1])],
      outputs: [value("all")],
      initializers: [
        "zero": Tensor(int64: [0], shape: [1]), "two": Tensor(fp32: [2], shape: []),
      ])
    var expected: [Float] = [1]
    for index in 0..<40 { expected = (expected + [Float(index)]).map { $0 * 2 } }
    let model = try Model(graph)
    let given = [Tensor(int64: [40], shape: []), Tensor(fp32: [1], shape: [1])]
    for _ in 0..<3 { #expect(try Run.run(model, given)[0].floats == expected) }
  }

  /// What plans hold is bounded; without room for them the interpreter answers.
  @Test func partsShareALimitOfMemory() throws {
    let node = Node(opType: "NonZero", inputs: ["sum"], outputs: ["places"])
    let graph = Graph(
      nodes: [
        Node(opType: "Exp", inputs: ["x"], outputs: ["e"]),
        Node(opType: "Add", inputs: ["e", "x"], outputs: ["sum"]), node,
        Node(opType: "Cast", inputs: ["places"], outputs: ["f"], attributes: ["to": .int(1)]),
        Node(opType: "Neg", inputs: ["f"], outputs: ["y"]),
      ], inputs: [value("x", .fp32, [-1])], outputs: [value("y")])
    let x = Tensor(fp32: [Float](repeating: 1, count: 512), shape: [512])
    let expected = (0..<512).map { -Float($0) }
    #expect(try Run.graph(graph, [x])[0].floats == expected)
    let program = try Compiler.compile(graph, options: ModelOptions())
    let parts = program.items.compactMap { if case .part(let part) = $0 { part } else { nil } }
    #expect(parts.map(\.range) == [0..<2, 3..<5])
    for (byteCountMax, isPlanned) in [(1 << 20, true), (1_000, false)] {
      let plans = PartPlans(byteCountMax: byteCountMax)
      for _ in 0..<3 {
        let plan = x.withView { plans.plan(parts[0], [$0]) }
        #expect((plan != nil) == isPlanned)
      }
      #expect((plans.byteCount >= 2_048) == isPlanned && plans.byteCount <= byteCountMax)
    }
  }

  /// Numbers that a part reads and a shape follows from lead to a plan each, up to a point.
  @Test func valuesThatDecideShapesAreNotMixedUp() throws {
    let graph = Graph(
      nodes: [
        Node(opType: "Range", inputs: ["zero", "n", "one"], outputs: ["r"]),
        Node(opType: "Mul", inputs: ["r", "n"], outputs: ["m"]),
        Node(opType: "NonZero", inputs: ["m"], outputs: ["places"]),
        Node(opType: "Add", inputs: ["places", "n"], outputs: ["s"]),
        Node(opType: "Add", inputs: ["s", "one"], outputs: ["y"]),
      ], inputs: [value("n", .int64, [])], outputs: [value("y", .int64)],
      initializers: ["zero": Tensor(int64: [0], shape: []), "one": Tensor(int64: [1], shape: [])])
    let model = try Model(graph)
    for n in [3, 1, 3, 5, 2, 9, 3, 4, 8, 7, 6, 3, 1, 0].map(Int64.init) {
      let got = try Run.run(model, [Tensor(int64: [n], shape: [])])[0]
      #expect(got.integers == (1..<max(n, 1)).map { $0 + n + 1 }, "n is \(n)")
    }
  }

  /// x += tanh(c · w) a number of times: the product is the same each time. With an inner loop that
  /// does it, and the outer one only repeats.
  private func repeating(_ w: Tensor, nested: Bool) -> Graph {
    func body(_ nodes: [Node], _ weights: [String: Tensor]) -> Graph {
      Graph(
        nodes: nodes, inputs: ["i", "goes", "old"].map { value($0, nil) },
        outputs: ["goes", "new"].map { value($0, nil) }, initializers: weights)
    }
    let inner = body(
      [
        Node(opType: "MatMul", inputs: ["c", "w"], outputs: ["p"]),
        Node(opType: "Tanh", inputs: ["p"], outputs: ["t"]),
        Node(opType: "Add", inputs: ["old", "t"], outputs: ["new"]),
      ], ["w": w])
    func loop(_ carried: String, _ output: String, _ body: Graph) -> Node {
      Node(
        opType: "Loop", inputs: ["count", "", carried], outputs: [output],
        attributes: ["body": .graph(body)])
    }
    let node =
      nested ? loop("x", "y", body([loop("old", "new", inner)], [:])) : loop("x", "y", inner)
    return Graph(
      nodes: [node],
      inputs: [
        value("count", .int64, []), value("x", .fp32, [-1, 4]), value("c", .fp32, [-1, 4]),
      ], outputs: [value("y")])
  }

  @Test(arguments: [false, true]) func whatIsTheSameEachTimeIsComputedOnce(_ nested: Bool) throws {
    var random = SplitMix64(state: 8)
    let graph = repeating(Tensor.random([4, 4], &random), nested: nested)
    let (x, c) = (Tensor.random([2, 4], &random), Tensor.random([2, 4], &random))
    let program = try Compiler.compile(graph, options: ModelOptions())
    #expect(program.instructions.map(\.operatorName) == ["MatMul", "Tanh", "Loop"])
    for count in [0, 1, 5] {
      let given = [Tensor(int64: [Int64(count)], shape: []), x, c]
      let plain = try Run.graph(graph, given, passes: ModelOptions.Passes.all.subtracting(.loops))
      let moved = try Run.graph(graph, given)
      #expect(isClose(moved[0].floats, plain[0].floats) && moved[0].shape == [2, 4])
    }
  }

  /// What may fail on values stays where it may never run.
  @Test func whatMayFailStaysInTheLoop() throws {
    let node = loop(
      ["count", "", "x"], ["y"],
      [
        Node(opType: "Gather", inputs: ["table", "place"], outputs: ["g"]),
        Node(opType: "Add", inputs: ["old", "g"], outputs: ["new"]),
      ], bodyInputs: ["i", "goes", "old"], bodyOutputs: ["goes", "new"])
    let graph = Graph(
      nodes: [node],
      inputs: [value("count", .int64, []), value("x", .fp32, []), value("place", .int64, [])],
      outputs: [value("y")], initializers: ["table": Tensor(fp32: [1, 2], shape: [2])])
    let place = Tensor(int64: [9], shape: [])
    func given(_ count: Int64) -> [Tensor] {
      [Tensor(int64: [count], shape: []), Tensor(fp32: [3], shape: []), place]
    }
    #expect(try Run.graph(graph, given(0))[0].floats == [3])
    #expect(throws: ExecutionError.self) { try Run.graph(graph, given(1)) }
  }
}
