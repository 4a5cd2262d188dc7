import Synchronization
import Testing

@testable import Compute

/// Branches that shapes and whole numbers decide are planned; others are interpreted; both answer
/// the same.
@Suite struct BranchTests {
  private func value(_ name: String, _ type: DataType? = .fp32, _ shape: [Int]? = []) -> Graph.Value
  {
    Graph.Value(name: name, dataType: type, shape: shape)
  }

  private func branch(_ nodes: [Node], _ output: String, _ weights: [String: Tensor] = [:])
    -> Attribute
  {
    .graph(Graph(nodes: nodes, outputs: [value(output, nil, nil)], initializers: weights))
  }

  private func choice(_ condition: String, _ output: String, _ yes: Attribute, _ no: Attribute)
    -> Node
  {
    Node(
      opType: "If", inputs: [condition], outputs: [output],
      attributes: ["then_branch": yes, "else_branch": no])
  }

  /// y = rate == 8 ? (rows of x == 1 ? x + w : x - w) : x · w, names in the branches alike.
  private func graph() -> Graph {
    let weight = ["w": Tensor(fp32: [2], shape: [1])]
    let inner = choice(
      "isOne", "t",
      branch([Node(opType: "Add", inputs: ["x", "w"], outputs: ["t"])], "t", weight),
      branch([Node(opType: "Sub", inputs: ["x", "w"], outputs: ["t"])], "t", weight))
    let outer = choice(
      "isEight", "y",
      branch(
        [
          Node(opType: "Shape", inputs: ["x"], outputs: ["s"], attributes: ["end": .int(1)]),
          Node(opType: "Equal", inputs: ["s", "one"], outputs: ["isOne"]), inner,
        ], "t", ["one": Tensor(int64: [1], shape: [1])]),
      branch([Node(opType: "Mul", inputs: ["x", "w"], outputs: ["t"])], "t", weight))
    return Graph(
      nodes: [Node(opType: "Equal", inputs: ["rate", "eight"], outputs: ["isEight"]), outer],
      inputs: [value("x", .fp32, [-1, 2]), value("rate", .int64)],
      outputs: [value("y", .fp32, [-1, 2])], initializers: ["eight": Tensor(int64: [8], shape: [])])
  }

  private func inputs(_ rows: Int, _ rate: Int64) -> [Tensor] {
    [
      Tensor(fp32: (0..<rows * 2).map { Float($0) }, shape: [rows, 2]),
      Tensor(int64: [rate], shape: []),
    ]
  }

  private func stepCount(_ model: Model, _ tensors: [Tensor]) throws -> Int {
    try model.withContext { context in
      try context.profile(tensors.map { $0.withView { $0 } }, count: 1) { 0 }.count
    }
  }

  @Test func everyWayIsTakenAndPlanned() throws {
    let model = try Model(graph())
    for _ in 0..<2 {
      for (rows, rate, expected) in [
        (1, Int64(8), [2, 3] as [Float]), (2, 8, [-2, -1, 0, 1]), (1, 16, [0, 2]),
        (3, 16, [0, 2, 4, 6, 8, 10]), (1, 8, [2, 3]),
      ] {
        let given = inputs(rows, rate)
        #expect(try Run.run(model, given)[0].floats == expected, "\(rows) rows at \(rate)")
        #expect(try stepCount(model, given) == 1, "only the branch itself is left")
      }
    }
  }

  @Test func theSameComesOfItWhenBranchesAreNotPlanned() throws {
    for rows in [1, 2] {
      for rate in [Int64(8), 16] {
        let planned = try Run.graph(graph(), inputs(rows, rate))[0].floats
        let options = ModelOptions(passes: ModelOptions.Passes.all.subtracting(.branches))
        let model = try Model(graph(), options: options)
        #expect(try Run.run(model, inputs(rows, rate))[0].floats == planned)
        #expect(try stepCount(model, inputs(rows, rate)) == 0)
      }
    }
  }

  @Test func aConditionOfNumbersIsInterpreted() throws {
    var graph = graph()
    graph.inputs[1] = value("rate", .fp32)
    graph.initializers["eight"] = Tensor(fp32: [8], shape: [])
    let model = try Model(graph)
    let given = [inputs(1, 8)[0], Tensor(fp32: [8], shape: [])]
    #expect(try Run.run(model, given)[0].floats == [2, 3])
    #expect(try stepCount(model, given) == 0)
  }

  @Test func whoAlwaysComesWithNewShapesIsAnsweredToo() throws {
    let model = try Model(graph())
    for rows in 2..<400 {
      #expect(try Run.run(model, inputs(rows, 8))[0].floats[1] == -1)
    }
    #expect(model.memoryByteCount < 1 << 20)
  }

  /// A number that counts requests is a new one each time, but leads nowhere else.
  @Test func numbersThatDecideNothingAreNoMatter() throws {
    var graph = graph()
    graph.nodes.append(Node(opType: "Add", inputs: ["step", "step"], outputs: ["twice"]))
    graph.inputs.append(value("step", .int64))
    graph.outputs.append(value("twice", .int64))
    let model = try Model(graph)
    for step in 0..<300 {
      let given = inputs(1, 8) + [Tensor(int64: [Int64(step)], shape: [])]
      let answers = try Run.run(model, given)
      #expect(answers[0].floats == [2, 3] && answers[1].integers == [Int64(2 * step)])
      #expect(try stepCount(model, given) == 2)
    }
  }

  /// Each If asks what the one before gave: so many rounds are not worth it.
  @Test func aLongChainOfConditionsIsInterpreted() throws {
    var nodes = [Node(opType: "Equal", inputs: ["rate", "rate"], outputs: ["c0"])]
    for index in 0..<200 {
      nodes.append(
        choice(
          "c\(index)", "c\(index + 1)",
          branch([Node(opType: "Not", inputs: ["c\(index)"], outputs: ["n"])], "n"),
          branch([Node(opType: "Not", inputs: ["c\(index)"], outputs: ["n"])], "n")))
    }
    let graph = Graph(
      nodes: nodes, inputs: [value("rate", .int64)], outputs: [value("c200", .bool)])
    let model = try Model(graph)
    let given = [Tensor(int64: [1], shape: [])]
    #expect(try Run.run(model, given)[0].elements(as: UInt8.self) == [1])
    #expect(try stepCount(model, given) == 0)
  }

  /// Nobody is asked for memory when a request makes a variant, so all of it is counted before.
  @Test func whatVariantsMayTakeIsCountedFromTheStart() throws {
    let model = try Model(graph())
    let before = model.memoryByteCount
    let plain = try Model(
      graph(), options: ModelOptions(passes: ModelOptions.Passes.all.subtracting(.branches)))
    #expect(before > plain.memoryByteCount)
    for (rows, rate) in [(1, Int64(8)), (2, 8), (1, 16)] {
      _ = try Run.run(model, inputs(rows, rate))
    }
    // Activations come on top.
    #expect(model.memoryByteCount - before < 64 << 10)
  }

  /// Each shape would pay for the same compilation that fails.
  @Test func aVariantThatTakesTooMuchIsInterpretedAndNotTriedAgain() throws {
    let size = 128
    let last = "v7"
    let products = (0..<8).map { index in
      Node(
        opType: "MatMul", inputs: [index == 0 ? "x" : "v\(index - 1)", "w"],
        outputs: ["v\(index)"])
    }
    // Each product packs the weights once more: 512 KiB beside a limit of 64.
    let graph = Graph(
      nodes: [
        Node(opType: "Equal", inputs: ["rate", "eight"], outputs: ["isEight"]),
        choice(
          "isEight", "y", branch(products, last),
          branch([Node(opType: "Identity", inputs: ["x"], outputs: ["same"])], "same")),
      ],
      inputs: [value("x", .fp32, [-1, size]), value("rate", .int64)],
      outputs: [value("y", .fp32, nil)],
      initializers: [
        "eight": Tensor(int64: [8], shape: []),
        "w": Tensor(fp32: [Float](repeating: 0, count: size * size), shape: [size, size]),
      ])
    let program = try Compiler.compile(graph, options: ModelOptions())
    for (growthMax, isPlanned) in [(0, false), (2, true)] {
      let variants = try #require(ModelVariants(program, growthMax: growthMax))
      for rows in 1...20 {
        let given = [
          Tensor(fp32: [Float](repeating: 1, count: rows * size), shape: [rows, size]),
          Tensor(int64: [8], shape: []),
        ]
        let key = ModelVariants.Key(shapes: given.map(\.shape), values: [8])
        let variant = variants.variant(key, given.map { $0.withView { $0 } })
        #expect((variant != nil) == isPlanned)
      }
      #expect(variants.triedCount == 1)
    }
  }

  @Test func threadsFindTheSameVariant() async throws {
    let model = try Model(graph())
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<64 {
        group.addTask {
          let (rows, rate) = (index % 3 + 1, index % 2 == 0 ? Int64(8) : 16)
          let answer = try? Run.run(model, inputs(rows, rate))[0].floats
          #expect(answer?[1] == (rate == 16 ? 2 : rows == 1 ? 3 : -1))
        }
      }
    }
  }
}
