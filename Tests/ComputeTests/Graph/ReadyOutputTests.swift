import Testing

@testable import Compute

/// Outputs that are told while the rest of a run is computed.
@Suite struct ReadyOutputTests {
  /// A network of `depth` layers and the gradients by all of its weights and biases.
  private func network(_ depth: Int) throws -> Model {
    var graph = Graph()
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: [4, 8])]
    graph.opsets = ["": 21]
    var (last, parameters) = ("x", [String]())
    for layer in 0..<depth {
      parameters += ["w\(layer)", "b\(layer)"]
      graph.inputs.append(.init(name: "w\(layer)", dataType: .fp32, shape: [8, 8]))
      graph.inputs.append(.init(name: "b\(layer)", dataType: .fp32, shape: [8]))
      graph.nodes += [
        Node(opType: "MatMul", inputs: [last, "w\(layer)"], outputs: ["m\(layer)"]),
        Node(opType: "Add", inputs: ["m\(layer)", "b\(layer)"], outputs: ["a\(layer)"]),
        Node(opType: "Tanh", inputs: ["a\(layer)"], outputs: ["t\(layer)"]),
      ]
      last = "t\(layer)"
    }
    graph.nodes.append(
      Node(
        opType: "ReduceSum", inputs: [last], outputs: ["loss"], attributes: ["keepdims": .int(0)]))
    graph.outputs = [.init(name: "loss", dataType: .fp32, shape: [])]
    var options = ModelOptions()
    options.allowsTraining = true
    return try Model(
      try graph.differentiated(loss: "loss", parameters: parameters, options: options),
      options: options)
  }

  private func inputs(_ depth: Int) -> [Tensor] {
    func numbers(_ count: Int, _ seed: Int) -> [Float] {
      (0..<count).map { Float(($0 * 37 + seed * 11) % 17) / 20 - 0.4 }
    }
    var tensors = [Tensor(fp32: numbers(32, 0), shape: [4, 8])]
    for layer in 0..<depth {
      tensors.append(Tensor(fp32: numbers(64, layer + 1), shape: [8, 8]))
      tensors.append(Tensor(fp32: numbers(8, layer + 9), shape: [8]))
    }
    return tensors
  }

  @Test(arguments: [1, 2, 7]) func everyOutputIsToldOnceAndStaysAsItWas(_ depth: Int) throws {
    let (model, tensors) = (try network(depth), inputs(depth))
    let expected = try Run.run(model, tensors).map(\.floats)
    try model.withContext { context in
      try withExtendedLifetime(tensors) {
        let views = tensors.map { $0.withView { $0 } }
        // The second run is one of a plan that is warm.
        for _ in 0..<2 {
          var told: [(output: Int, values: [Float])] = []
          try context.run(views) { output in
            let values = context.output(output).bytes.bindMemory(to: Float.self)
            told.append((output, Array(values)))
          }
          #expect(told.map(\.output).sorted() == Array(0...2 * depth))
          for (output, values) in told {
            #expect(values == expected[output])
            #expect(Array(context.output(output).bytes.bindMemory(to: Float.self)) == values)
          }
          // Backward, the last layer is the first.
          if depth > 1 {
            let order = told.map(\.output)
            let (first, last) = (order.firstIndex(of: 1), order.firstIndex(of: 2 * depth - 1))
            #expect(try #require(last) < #require(first))
          }
        }
      }
    }
  }

  @Test func outputsThatAreConstantsOrInputsAreToldToo() throws {
    var graph = Graph()
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: [2])]
    graph.initializers["c"] = Tensor(fp32: [3], shape: [1])
    graph.nodes = [Node(opType: "Neg", inputs: ["x"], outputs: ["y"])]
    graph.outputs = ["x", "y", "c"].map { .init(name: $0, dataType: .fp32, shape: nil) }
    let model = try Model(graph)
    let x = Tensor(fp32: [1, 2], shape: [2])
    var told: [Int] = []
    try model.withContext { context in
      try x.withView { try context.run([$0]) { told.append($0) } }
    }
    #expect(told.sorted() == [0, 1, 2])
  }

  /// A part of a batch drops what it drops in the whole batch, whether it begins at an even element or not.
  @Test(arguments: [1, 2, 3, 5], [1, 3, 4])
  func aPartOfABatchHasTheMaskOfTheWhole(_ first: Int, _ width: Int) throws {
    func dropped(_ rows: Range<Int>) throws -> [Float] {
      let graph = Graph(
        nodes: [
          Node(
            opType: "Dropout", domain: "martlet.training", inputs: ["x", "n"], outputs: ["y"],
            attributes: ["rate": .float(0.4), "seed": .int(9)])
        ],
        inputs: [
          Graph.Value(name: "x", dataType: .fp32, shape: [rows.count, width]),
          Graph.Value(name: "n", dataType: .int64, shape: [2]),
        ], outputs: [Graph.Value(name: "y", dataType: .fp32, shape: [rows.count, width])],
        opsets: ["": 21, "martlet.training": 1])
      var options = ModelOptions()
      options.allowsTraining = true
      let ones = [Float](repeating: 1, count: rows.count * width)
      return try Run.run(
        Model(graph, options: options),
        [
          Tensor(fp32: ones, shape: [rows.count, width]),
          Tensor(int64: [5, Int64(rows.lowerBound)], shape: [2]),
        ])[0].floats
    }
    let whole = try dropped(0..<11)
    #expect(whole.contains(0) && whole.contains { $0 > 1 })
    #expect(try dropped(first..<11) == Array(whole[(first * width)...]))
    #expect(try dropped(first..<first + 1) == Array(whole[(first * width)..<(first + 1) * width]))
  }
}
