internal import Compute
internal import Protocols
internal import Testing

@testable import ModelService

@Suite struct SequenceConfigurationTests {
  let inputs = [
    TensorSpec(name: "x", dataType: .fp32, shape: [-1, 4]),
    TensorSpec(name: "h", dataType: .fp32, shape: [-1, -1, 2]),
    TensorSpec(name: "start", dataType: .fp32, shape: [-1, 1]),
    TensorSpec(name: "id", dataType: .int32, shape: [-1, 1]),
    TensorSpec(name: "name", dataType: .string, shape: [-1, -1]),
  ]
  let outputs = [
    TensorSpec(name: "y", dataType: .fp32, shape: [-1, 3]),
    TensorSpec(name: "g", dataType: .fp32, shape: [-1, 5, 2]),
  ]

  static let state =
    "state [ { input_name: 'h' output_name: 'g' data_type: TYPE_FP32 dims: [ -1, 2 ] } ]"
  static let start = control("start", "CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ]")
  static let id = control("id", "CONTROL_SEQUENCE_CORRID data_type: TYPE_INT32")
  static let name = control("name", "CONTROL_SEQUENCE_CORRID data_type: TYPE_STRING")

  static func control(_ name: String, _ kind: String) -> String {
    "control_input [ { name: '\(name)' control [ { kind: \(kind) } ] } ]"
  }

  func complete(
    _ batching: String, rest: String = "", batch: Int = 8
  ) throws -> (config: Inference.ModelConfig, signature: ModelSignature) {
    let text = "max_batch_size: \(batch) sequence_batching { \(batching) } \(rest)"
    let written = try ModelConfigText.parse(Array(text.utf8))
    return try written.completed(name: "m", platform: "onnx", inputs: inputs, outputs: outputs)
  }

  @Test func controlsAndStatesAreHiddenAndFollowTheClientsTensors() throws {
    let (config, signature) = try complete(Self.state + Self.start + Self.id)
    #expect(config.input.map(\.name) == ["x", "name"] && config.output.map(\.name) == ["y"])
    #expect(signature.inputs.map(\.engineIndex) == [0, 4])
    let sequence = try #require(signature.sequence)
    let whole = sequence.extended(signature)
    #expect(whole.inputs.map(\.name) == ["x", "name", "start", "id", "h"])
    #expect(whole.inputs.map(\.engineIndex) == [0, 4, 2, 3, 1])
    #expect(whole.outputs.map(\.name) == ["y", "g"])
    // Sizes that nobody says begin as 1.
    #expect(sequence.initialState.tensors.map(\.shape) == [[1, 1, 2]])
    #expect(sequence.initialState.byteCount == 8)
    guard case .sequenceBatching(let batching) = config.schedulingChoice else {
      Issue.record("expected sequence_batching in the completed configuration")
      return
    }
    #expect(batching.maxSequenceIdleMicroseconds == 1_000_000)
    guard case .direct = batching.strategyChoice else {
      Issue.record("expected Triton's default strategy")
      return
    }
  }

  @Test func requestsAreExtendedByWhatTheEngineWants() throws {
    let (_, signature) = try complete(Self.state + Self.start + Self.id)
    let sequence = try #require(signature.sequence)
    let request = PreparedInference(inputs: [], rowCount: 1, wantsOutput: [true])
    let step = SequenceStep(id: .number(77), isStart: true)
    let extended = try sequence.extended(request, step, sequence.initialState)
    #expect(extended.inputs.map(\.shape) == [[1, 1], [1, 1], [1, 1, 2]])
    #expect(elements(extended.inputs[0].bytes, Float.self) == [1])
    #expect(elements(extended.inputs[1].bytes, Int32.self) == [77])
    #expect(extended.wantsOutput == [true, true])
    let later = try sequence.extended(
      request, SequenceStep(id: .number(77)), sequence.initialState)
    #expect(elements(later.inputs[0].bytes, Float.self) == [0])
    for id: SequenceID in [.text("77"), .number(1 << 40)] {
      #expect(throws: (any Error).self) {
        try sequence.extended(request, SequenceStep(id: id), sequence.initialState)
      }
    }
  }

  @Test func aTextIdReachesAModelThatWantsText() throws {
    let sequence = try #require(try complete(Self.name).signature.sequence)
    let request = PreparedInference(inputs: [], rowCount: 1, wantsOutput: [true])
    for (id, text) in [(SequenceID.text("abc"), "abc"), (.number(12), "12")] {
      let extended = try sequence.extended(
        request, SequenceStep(id: id), SequenceState(tensors: []))
      #expect(Array(extended.inputs[0].bytes) == StringFraming.frame([Array(text.utf8)]))
    }
  }

  @Test func initialStatesOfZerosMayHaveAnotherSize() throws {
    let initial = "initial_state: { data_type: TYPE_FP32 dims: [ 3, 2 ] zero_data: true name: 'z' }"
    let sequence = try #require(
      try complete(Self.state.replacing("dims: [ -1, 2 ]", with: "dims: [ -1, 2 ] \(initial)"))
        .signature.sequence)
    #expect(sequence.initialState.tensors.map(\.shape) == [[1, 3, 2]])
  }

  @Test func strategiesBecomeBatching() throws {
    let policy = { (batching: String) in
      BatchPolicy(try complete(batching).config, ExecutionSettings())
    }
    let oldest = try policy(
      "oldest { preferred_batch_size: [ 4 ] max_queue_delay_microseconds: 50 }")
    #expect(oldest.isBatching && oldest.preferredRowCounts == [4])
    #expect(oldest.delayNanosecondsMax == 50_000)
    #expect(try policy("direct { max_queue_delay_microseconds: 7 }").delayNanosecondsMax == 7_000)
  }

  @Test(arguments: [
    ("iterative_sequence: true", "iterative_sequence is not supported"),
    ("oldest { preferred_batch_size: [ 9 ] }", "preferred_batch_size of 1…8"),
    (control("absent", "CONTROL_SEQUENCE_START"), "got 'absent'"),
    (control("x", "CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ]"), "of shape [-1,1]"),
    (control("start", "CONTROL_SEQUENCE_START"), "expected two values"),
    (control("start", "CONTROL_SEQUENCE_START fp32_false_true: [ 0 ]"), "expected two values"),
    (
      control("start", "CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ]"),
      "the model has FP32, the configuration says INT32"
    ),
    (
      control("start", "CONTROL_SEQUENCE_CORRID data_type: TYPE_FP32"),
      "expected the same data_type"
    ),
    (control("id", "CONTROL_SEQUENCE_CORRID data_type: TYPE_INT64"), "expected the same data_type"),
    (start + start, "that nothing else uses, got 'start'"),
    (id + name, "each kind of control once"),
    (state + state, "that nothing else uses, got 'h'"),
    (state.replacing("'g'", with: "'other'"), "got 'other'"),
    (state.replacing("'g'", with: "'y'"), "the model has shape [-1,3]"),
    (state.replacing("'h'", with: "'id'"), "expected one datatype"),
    (state.replacing("TYPE_FP32", with: "TYPE_INT8"), "expected one datatype"),
    (state.replacing("[ -1, 2 ]", with: "[ -1, 3 ]"), "the model has shape [-1,-1,2]"),
    (
      state.replacing("dims: [ -1, 2 ]", with: "dims: [ -1, 2 ] initial_state: { dims: [ 1, 2 ] }"),
      "initial_state without zero_data"
    ),
    (
      state.replacing(
        "dims: [ -1, 2 ]",
        with: "dims: [ -1, 2 ] initial_state: { data_file: 'z' dims: [ 1, 2 ] }"),
      "initial_state without zero_data"
    ),
    (
      state.replacing(
        "dims: [ -1, 2 ]",
        with: "dims: [ -1, 2 ] initial_state: { zero_data: true dims: [ 1, 3 ] }"),
      "expected initial_state of shape [-1,-1,2], got [1,1,3]"
    ),
    (
      state.replacing(
        "dims: [ -1, 2 ]",
        with: "dims: [ -1, 2 ] initial_state: { zero_data: true dims: [ 4611686018427387904, 2 ] }"),
      "bytes to begin with"
    ),
  ])
  func whatDoesNotFitIsRefusedWithBothSides(_ batching: String, _ part: String) {
    let error = #expect(throws: ConfigurationError.self) { try complete(batching) }
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
  }
}
