import Compute
import Testing

/// Graphs that are interpreted: bodies, functions, sequences, and the limits on them.
@Suite struct ControlFlowTests {
  private func value(_ name: String, _ type: DataType? = .fp32, _ shape: [Int]? = []) -> Graph.Value
  {
    Graph.Value(name: name, dataType: type, shape: shape)
  }

  private func body(
    _ nodes: [Node], inputs: [String] = [], outputs: [String],
    initializers: [String: Tensor] = [:]
  ) -> Attribute {
    .graph(
      Graph(
        nodes: nodes, inputs: inputs.map { value($0, nil, nil) },
        outputs: outputs.map { value($0, nil, nil) }, initializers: initializers))
  }

  @Test(arguments: [(true, Float(5)), (false, Float(-1))])
  func ifRunsOneBranchOnValuesFromAroundIt(_ flag: Bool, _ expected: Float) throws {
    let choice = Node(
      opType: "If", inputs: ["flag"], outputs: ["y"],
      attributes: [
        "then_branch": body(
          [Node(opType: "Add", inputs: ["a", "b"], outputs: ["sum"])], outputs: ["sum"]),
        "else_branch": body(
          [Node(opType: "Sub", inputs: ["a", "b"], outputs: ["rest"])], outputs: ["rest"]),
      ])
    let graph = Graph(
      nodes: [choice], inputs: [value("flag", .bool), value("a"), value("b")],
      outputs: [value("y")])
    let inputs = [
      Tensor([UInt8(flag ? 1 : 0)], shape: [], dataType: .bool), Tensor(fp32: [2], shape: []),
      Tensor(fp32: [3], shape: []),
    ]
    #expect(try Run.graph(graph, inputs)[0].floats == [expected])
    #expect(try Run.graph(graph, inputs, passes: [])[0].floats == [expected])
  }

  /// x doubles until it is above a limit that stands outside; every value is collected.
  private func doubling(limit: Float) -> Graph {
    let loop = Node(
      opType: "Loop", inputs: ["", "", "x"], outputs: ["last", "all"],
      attributes: [
        "body": body(
          [
            Node(opType: "Add", inputs: ["old", "old"], outputs: ["new"]),
            Node(opType: "Less", inputs: ["new", "limit"], outputs: ["goes"]),
            Node(opType: "Identity", inputs: ["new"], outputs: ["copy"]),
          ], inputs: ["i", "cond", "old"], outputs: ["goes", "new", "copy"])
      ])
    return Graph(
      nodes: [loop], inputs: [value("x")], outputs: [value("last"), value("all", .fp32, [-1])],
      initializers: ["limit": Tensor(fp32: [limit], shape: [])])
  }

  @Test func loopHandsValuesOnAndCollectsThem() throws {
    let answers = try Run.graph(doubling(limit: 20), [Tensor(fp32: [3], shape: [])])
    #expect(answers[0].floats == [24])
    #expect(answers[1].floats == [6, 12, 24])
  }

  @Test func aLoopWithoutEndIsStoppedByItsLimit() throws {
    var options = ModelOptions()
    options.interpretedStepCountMax = 1_000
    let model = try Model(doubling(limit: 20), options: options)
    let error = #expect(throws: ExecutionError.self) {
      // Zero never grows.
      try Run.run(model, [Tensor(fp32: [0], shape: [])])
    }
    #expect(error?.code == .resourceExhausted)
    #expect(error?.message.contains("interpretedStepCountMax") == true)
  }

  @Test func whatALoopCollectsIsBounded() throws {
    var options = ModelOptions()
    options.arenaByteCountMax = 64
    let model = try Model(doubling(limit: 1e30), options: options)
    let error = #expect(throws: ExecutionError.self) {
      try Run.run(model, [Tensor(fp32: [1], shape: [])])
    }
    #expect(error?.code == .resourceExhausted)
  }

  @Test func sizesThatValuesTellAreFound() throws {
    let places = try Run.node(
      "NonZero", [Tensor(fp32: [0, 2, 0, 4, 5, 0], shape: [2, 3])])[0]
    #expect(places.shape == [2, 3])
    #expect(places.integers == [0, 1, 1, 1, 0, 1])
  }

  // MARK: - Functions

  private func function(_ name: String, calls other: String, twice: Bool = false) -> GraphFunction {
    var function = GraphFunction(
      domain: "own", name: name, inputs: ["x"], outputs: ["y"],
      nodes: [Node(opType: other, domain: "own", inputs: ["x"], outputs: ["y"])])
    if twice {
      function.nodes = [
        Node(opType: other, domain: "own", inputs: ["x"], outputs: ["t"]),
        Node(opType: other, domain: "own", inputs: ["t"], outputs: ["y"]),
      ]
    }
    return function
  }

  private func calling(_ name: String, _ functions: [GraphFunction]) -> Graph {
    var graph = Graph(
      nodes: [
        Node(
          name: "call", opType: name, domain: "own", inputs: ["a"], outputs: ["b"],
          attributes: ["slope": .float(0.5)])
      ], inputs: [value("a")], outputs: [value("b")], opsets: ["": 17, "own": 1])
    graph.functions = functions
    return graph
  }

  @Test func aFunctionIsItsBodyWithTheCallsAttributes() throws {
    let leaky = GraphFunction(
      domain: "own", name: "Leak", inputs: ["x"], outputs: ["y"],
      nodes: [
        Node(opType: "Identity", inputs: ["x"], outputs: ["a"]),
        Node(
          opType: "LeakyRelu", inputs: ["a"], outputs: ["y"],
          attributes: ["alpha": .reference("slope")]),
      ], opsets: ["": 17])
    let graph = calling("Twice", [leaky, function("Twice", calls: "Leak", twice: true)])
    var direct = calling("Leak", [leaky])
    #expect(try Run.graph(direct, [Tensor(fp32: [-4], shape: [])])[0].floats == [-2])
    // The call within the function does not say the slope: LeakyRelu's own default holds.
    let answer = try Run.graph(graph, [Tensor(fp32: [-1], shape: [])])[0].floats
    #expect(isClose(answer, [-0.0001]))
    direct.functions = []
    #expect(throws: GraphError.self) { try Model(direct) }
  }

  @Test func functionsThatCallThemselvesAreRefused() throws {
    let graph = calling("A", [function("A", calls: "B"), function("B", calls: "A")])
    let error = #expect(throws: GraphError.self) { try Model(graph) }
    #expect(error?.code == .resourceExhausted)
  }

  @Test func functionsThatDoubleTheGraphAreRefused() throws {
    let functions = (0..<30).map { function("F\($0)", calls: "F\($0 + 1)", twice: true) }
    let error = #expect(throws: GraphError.self) { try Model(calling("F0", functions)) }
    #expect(error?.code == .resourceExhausted)
  }

  // MARK: - Sequences

  @Test func sequencesStayInside() throws {
    let nodes = [
      Node(opType: "SequenceConstruct", inputs: ["a", "b"], outputs: ["s"]),
      Node(
        opType: "ConcatFromSequence", inputs: ["s"], outputs: ["y"], attributes: ["axis": .int(0)]),
    ]
    let inputs = [value("a", .fp32, [-1]), value("b", .fp32, [-1])]
    let graph = Graph(nodes: nodes, inputs: inputs, outputs: [value("y", .fp32, [-1])])
    let answer = try Run.graph(
      graph, [Tensor(fp32: [1, 2], shape: [2]), Tensor(fp32: [3], shape: [1])])
    #expect(answer[0].floats == [1, 2, 3])
    let open = Graph(nodes: nodes, inputs: inputs, outputs: [value("s", nil, nil)])
    let error = #expect(throws: GraphError.self) { try Model(open) }
    #expect(error?.code == .unsupportedType)
    var options = ModelOptions()
    options.allowsContainers = true
    let values = try Model(open, options: options).evaluate([
      .tensor(Tensor(fp32: [1, 2], shape: [2])), .tensor(Tensor(fp32: [3], shape: [1])),
    ])
    guard case .sequence(let tensors) = values[0] else {
      Issue.record("expected a sequence")
      return
    }
    #expect(tensors.map(\.floats) == [[1, 2], [3]])
  }

  @Test func typesOfAFewBitsDoNotCrossTheEdge() throws {
    let graph = Graph(
      nodes: [Node(opType: "Identity", inputs: ["a"], outputs: ["b"])],
      inputs: [value("a", .int4, [2])], outputs: [value("b", .int4, [2])])
    let error = #expect(throws: GraphError.self) { try Model(graph) }
    #expect(error?.code == .unsupportedType)
  }
}
