internal import Protocols
internal import TestSupport
internal import Testing

@testable import ModelService

@Suite struct TextFormatTests {
  func parse(_ text: String) throws -> Inference.ModelConfig {
    try ModelConfigText.parse(Array(text.utf8))
  }

  @Test func aConfigurationAsPeopleWriteItIsRead() throws {
    let config = try parse(
      """
      # Digits, as trained.
      name: "digits"
      platform: 'onnx' "runtime_onnx"   # strings that follow one another are one
      max_batch_size: 0x40
      input [
        { name: "input" data_type: TYPE_FP32, dims: [ 1, 28, -1 ] },
        { name: "mask"; data_type: 1; dims: 4; dims: 5 }
      ]
      output { name: "p\\x61\\141\\n" label_filename: "labels.txt" }
      dynamic_batching < preferred_batch_size: [4, 8] max_queue_delay_microseconds: 100 >
      instance_group [{ count: 2 kind: KIND_CPU }]
      version_policy: { specific { versions: [1, 3] } }
      parameters { key: "a" value: { string_value: "b" } }
      optimization { graph { level: -1 } eager_batching: true }
      """)
    #expect(config.name == "digits")
    #expect(config.platform == "onnxruntime_onnx")
    #expect(config.maxBatchSize == 64)
    #expect(config.input.map(\.name) == ["input", "mask"])
    #expect(config.input[0].dims == [1, 28, -1])
    #expect(config.input[1].dims == [4, 5])
    #expect(config.input[1].dataType == .bool)
    #expect(config.output[0].name == "paa\n")
    guard case .dynamicBatching(let batching) = config.schedulingChoice else {
      Issue.record("expected dynamic batching")
      return
    }
    #expect(batching.preferredBatchSize == [4, 8])
    #expect(batching.maxQueueDelayMicroseconds == 100)
    #expect(config.instanceGroup.first?.kind == .cpu)
    guard case .specific(let specific) = config.versionPolicy?.policyChoice else {
      Issue.record("expected versions")
      return
    }
    #expect(specific.versions == [1, 3])
    #expect(config.parameters["a"]?.stringValue == "b")
    #expect(config.optimization?.graph?.level == -1)
    #expect(config.optimization?.eagerBatching == true)
    #expect(try parse("") == Inference.ModelConfig())
    #expect(try parse("dynamic_batching { }").schedulingChoice != nil)
  }

  @Test(arguments: [
    ("max_batch_size 8", 1, 16, "expected ':' after 'max_batch_size'"),
    ("\n  max_batch_sise: 8", 2, 3, "'max_batch_sise'"),
    ("max_batch_size: 8\nmax_batch_size: 8", 2, 1, "once"),
    ("dynamic_batching { }\nsequence_batching { }", 2, 1, "once"),
    ("max_batch_size: 99999999999", 1, 17, "int32"),
    ("max_batch_size: -1.5", 1, 18, "int32"),
    ("max_batch_size: \"8\"", 1, 17, "integer"),
    ("name: 8", 1, 7, "quoted string"),
    ("name: \"a", 1, 7, "quote"),
    ("name: \"\\q\"", 1, 7, "escape"),
    ("name: \"\\000\"", 1, 7, "NUL"),
    ("name: [\"a\"]", 1, 7, "one value"),
    ("input [ { name: \"a\" }", 1, 22, "']'"),
    ("input { dims: [1, ] }", 1, 19, "integer"),
    ("input { data_type: TYPE_FP99 }", 1, 20, "DataType"),
    ("input { data_type: 99 }", 1, 20, "DataType"),
    ("input { name: \"a\"", 1, 18, "closing bracket"),
    ("input: 3", 1, 8, "'{'"),
    ("dynamic_batching { max_queue_delay_microseconds: -1 }", 1, 51, "uint64"),
    ("}", 1, 1, "field's name"),
    ("name: \u{1}", 1, 7, "byte 1"),
  ])
  func mistakesAreRefusedWhereTheyAre(
    _ text: String, _ line: Int, _ column: Int, _ part: String
  ) {
    let error = #expect(throws: TextFormatError.self) { try parse(text) }
    #expect(error?.line == line && error?.column == column, "\(error?.description ?? "")")
    #expect(error?.message.contains(part) == true, "\(error?.description ?? "")")
  }

  @Test func nestingAndSizeAreLimited() {
    let deep = String(repeating: "optimization { cuda { graph_spec { input { value { ", count: 40)
    #expect(throws: TextFormatError.self) { try parse(deep) }
    let long = [UInt8](repeating: UInt8(ascii: " "), count: (1 << 20) + 1)
    let error = #expect(throws: TextFormatError.self) { try ModelConfigText.parse(long) }
    #expect(error?.message.contains("1048576") == true)
  }

  @Test func mutatedConfigurationsNeverTrap() {
    let corpus = [
      "platform: \"onnxruntime_onnx\"\nmax_batch_size: 256\ninput [ { name: \"X\" data_type: "
        + "TYPE_FP32 dims: [ 10, -1 ] } ]\ndynamic_batching { preferred_batch_size: [1, 2] }",
      "parameters { key: 'a' value < string_value: \"\\x41\\n\" > } version_policy { all {} }",
      "model_metrics { metric_control { histogram_options { buckets: [1.5e-3, inf, -nan] } } }",
      "{}<>[]:,;-\"'\\#0x",
    ].map { Array($0.utf8) }
    var fuzz = Fuzz("model-config-text", corpus: corpus)
    fuzz.run(rounds: 20_000, fuzzModelConfigText)
  }
}

/// Any bytes either are a configuration, which survives the wire, or are refused with a place in
/// the text.
func fuzzModelConfigText(_ bytes: [UInt8]) {
  do {
    let config = try ModelConfigText.parse(bytes)
    #expect((try? Inference.ModelConfig(protobuf: config.serialized())) != nil)
  } catch {
    #expect(error.line >= 1 && error.column >= 1 && !error.message.isEmpty)
  }
}
