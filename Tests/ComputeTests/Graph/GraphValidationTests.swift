import Compute
import Testing

@Suite struct GraphValidationTests {
  private func graph(_ nodes: [Node], outputs: [String] = ["y"]) -> Graph {
    Graph(
      nodes: nodes, inputs: [.init(name: "x", dataType: .fp32, shape: [-1])],
      outputs: outputs.map { .init(name: $0, dataType: nil, shape: nil) })
  }

  private func refusal(_ graph: Graph) -> GraphError? {
    #expect(throws: GraphError.self) { try Model(graph) }
  }

  @Test func nodesMayComeInAnyOrder() throws {
    let model = graph([
      Node(opType: "Neg", inputs: ["a"], outputs: ["y"]),
      Node(opType: "Abs", inputs: ["x"], outputs: ["a"]),
    ])
    #expect(try Run.graph(model, [.init(fp32: [-3], shape: [1])])[0].floats == [-3])
  }

  @Test func cyclesAreRefusedByNode() {
    let error = refusal(
      graph(
        [
          Node(name: "one", opType: "Add", inputs: ["x", "b"], outputs: ["a"]),
          Node(name: "two", opType: "Neg", inputs: ["a"], outputs: ["b"]),
        ], outputs: ["b"]))
    #expect(error?.code == .cycle && error?.node != nil)
  }

  @Test func aValueIsWrittenOnce() {
    let twice = [
      Node(opType: "Neg", inputs: ["x"], outputs: ["y"]),
      Node(opType: "Abs", inputs: ["x"], outputs: ["y"]),
    ]
    #expect(refusal(graph(twice))?.code == .duplicateName)
    let input = [Node(opType: "Neg", inputs: ["x"], outputs: ["x"])]
    #expect(refusal(graph(input, outputs: ["x"]))?.code == .duplicateName)
  }

  @Test func missingInputsAndOutputsAreNamed() {
    let lost = refusal(graph([Node(opType: "Neg", inputs: ["ghost"], outputs: ["y"])]))
    #expect(lost?.code == .missingInput && lost?.message.contains("ghost") == true)
    let gone = refusal(graph([Node(opType: "Neg", inputs: ["x"], outputs: ["z"])]))
    #expect(gone?.code == .missingInput && gone?.message.contains("'y'") == true)
  }

  @Test func inputsThatNobodyReadsAreRefused() throws {
    let error = refusal(graph([Node(opType: "Neg", inputs: ["x", "x"], outputs: ["y"])]))
    #expect(error?.code == .invalidGraph && error?.message.contains("at most 1") == true)
    _ = try Model(graph([Node(opType: "Neg", inputs: ["x", ""], outputs: ["y"])]))
    _ = try Model(graph([Node(opType: "Max", inputs: ["x", "x", "x"], outputs: ["y"])]))
  }

  @Test func typesMustAgree() {
    var mixed = graph([Node(name: "add", opType: "Add", inputs: ["x", "k"], outputs: ["y"])])
    mixed.initializers["k"] = .init(int64: [1], shape: [1])
    let error = refusal(mixed)
    #expect(error?.code == .typeMismatch && error?.node == "add")
  }

  @Test func declaredOutputTypesAreChecked() {
    var wrong = graph([Node(opType: "Neg", inputs: ["x"], outputs: ["y"])])
    wrong.outputs[0].dataType = .int64
    #expect(refusal(wrong)?.code == .typeMismatch)
  }

  @Test func shapesThatOverflowAreRefused() {
    var huge = graph([Node(name: "grow", opType: "Expand", inputs: ["x", "s"], outputs: ["y"])])
    huge.initializers["s"] = .init(int64: [1 << 40, 1 << 40, 1], shape: [3])
    let error = #expect(throws: (any Error).self) {
      try Run.graph(huge, [.init(fp32: [1], shape: [1])])
    }
    #expect("\(error.map { "\($0)" } ?? "")".contains("overflow"))
  }

  @Test func internalOperatorsCannotBeBroughtByAFile() {
    let error = refusal(
      graph([Node(opType: "ToNHWC", domain: "martlet", inputs: ["x"], outputs: ["y"])]))
    #expect(error?.code == .unsupportedOperator)
  }

  @Test func operatorSetsFromTheFutureAreRefused() {
    var future = graph([Node(opType: "Neg", inputs: ["x"], outputs: ["y"])])
    future.opsets = ["": 99_999]
    #expect(refusal(future)?.code == .unsupportedOperator)
  }
}
