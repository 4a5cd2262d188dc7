import JSON
import Protocols
import TestSupport
import Testing

private func text(_ value: JSONValue) -> String {
  String(decoding: value.serialized(), as: UTF8.self)
}

private func parse(_ text: String) throws -> JSONValue {
  try JSONValue(parsing: Array(text.utf8)[...])
}

@Suite struct JSONValueTests {
  @Test(arguments: [
    #"{"b":[1,-2,true,false,null],"a":{"x":"y"},"c":0.5}"#, "[]", "{}", #""text""#, "null", "7",
    #"{"":"Größe 日本 \\ \" \u0000 \n"}"#, "[9223372036854775807,-9223372036854775808]",
  ])
  func textsComeBackAsTheyWent(_ written: String) throws {
    #expect(text(try parse(written)) == written)
  }

  @Test func membersKeepTheirOrder() throws {
    let members = (0..<100).map { JSONValue.Member("k\(99 - $0)", .integer(Int64($0))) }
    #expect(try parse(text(.object(members))) == .object(members))
  }

  @Test func numbersThatJSONHasNotAreTexts() {
    #expect(
      text(.array([.real(.nan), .real(.infinity), .real(-.infinity)]))
        == #"["NaN","Infinity","-Infinity"]"#)
  }

  @Test(arguments: [
    "", "{", #"{"a":1,"a":2}"#, "[1,]", "01", "nul", "1 2", #"{"a":1e999}"#,
    "18446744073709551616", "\u{0}", #""\ud800""#, "{\"a\":\"\u{7f}\u{0}\"}x", #"'config': 1"#,
  ])
  func otherTextsAreRefused(_ written: String) {
    #expect(throws: JSONError.self) { try parse(written) }
  }

  @Test func bytesThatAreNotUTF8AreRefused() {
    #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
  }

  @Test(arguments: [66, 3_000, 500_000])
  func deepTextsEndAtTheLimit(depth: Int) {
    let nested = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    #expect(throws: JSONError.self) { try parse(nested) }
    #expect(throws: JSONError.self) { try parse(String(repeating: "{\"a\":", count: depth)) }
  }
}

@Suite struct ModelConfigJSONTests {
  static let whole = """
    {
      "name": "m", "platform": "onnxruntime_onnx", "maxBatchSize": "16",
      "input": [
        {"name": "x", "data_type": "TYPE_FP32", "dims": ["4", -1], "reshape": {"shape": [2, 2]}},
        {"name": "y", "dataType": 9, "dims": [1.0]}
      ],
      "output": [{"name": "z", "label_filename": "labels.txt"}],
      "version_policy": {"specific": {"versions": [1, "3"]}},
      "dynamic_batching": {
        "preferred_batch_size": [4, 8], "max_queue_delay_microseconds": "18446744073709551615",
        "priority_queue_policy": {"1": {"timeout_action": "DELAY"}}
      },
      "instance_group": [{"count": 2, "kind": "KIND_CPU"}],
      "parameters": {"key": {"string_value": "value"}},
      "metric_tags": {"a": "b"}, "backend": null,
      "model_transaction_policy": {"decoupled": false}
    }
    """

  private func parse(_ text: String) throws -> Inference.ModelConfig {
    try ModelConfigJSON.parse(Array(text.utf8))
  }

  @Test func aConfigurationIsReadInEverySpellingOfTheMapping() throws {
    let config = try parse(Self.whole)
    #expect(config.name == "m" && config.maxBatchSize == 16 && config.backend == "")
    #expect(config.input.map(\.dims) == [[4, -1], [1]])
    #expect(config.input.map(\.dataType) == [.fp32, .int64])
    #expect(config.input[0].reshape?.shape == [2, 2])
    #expect(config.output[0].labelFilename == "labels.txt")
    guard case .specific(let specific) = config.versionPolicy?.policyChoice,
      case .dynamicBatching(let batching) = config.schedulingChoice
    else {
      Issue.record("expected both alternatives")
      return
    }
    #expect(specific.versions == [1, 3])
    #expect(batching.maxQueueDelayMicroseconds == .max)
    #expect(batching.priorityQueuePolicy[1]?.timeoutAction == .delay)
    #expect(config.parameters["key"]?.stringValue == "value")
    #expect(config.metricTags == ["a": "b"])
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let config = try parse(Self.whole)
    let value = try ModelConfigJSON.value(config)
    #expect(try ModelConfigJSON.message(value) == config)
    #expect(try parse(text(value)) == config)
  }

  @Test func scalarsAndListsAreWrittenAlsoWhenTheyAreEmpty() throws {
    let written = text(try ModelConfigJSON.value(try parse("{\"max_batch_size\":3}")))
    #expect(
      written.hasPrefix(
        #"{"name":"","platform":"","max_batch_size":3,"input":[],"output":[],"instance_group":[],"#
      ))
    #expect(written.contains(#""parameters":{}"#))
    #expect(!written.contains("version_policy") && !written.contains("dynamic_batching"))
    let input = text(try ModelConfigJSON.value(try parse(#"{"input":[{"dims":[1]}]}"#)))
    #expect(
      input.contains(
        #"{"name":"","data_type":"TYPE_INVALID","format":"FORMAT_NONE","dims":[1],"#))
  }

  @Test func floatsAreShort() throws {
    let json = """
      {"sequence_batching":{"direct":{"minimum_slot_utilization":0.1},"control_input":[
        {"name":"c","control":[{"fp32_false_true":[0.1,-1e10]}]}]}}
      """
    let config = try parse(json)
    let value = try ModelConfigJSON.value(config)
    #expect(value != .null && text(value).contains("[0.1,-1e+10]"))
    #expect(try ModelConfigJSON.message(value) == config)
  }

  @Test(arguments: [
    ("[]", "expected an object, got a list"),
    ("3", "expected an object, got 3"),
    (#"{"nme":"x"}"#, "expected a field of ModelConfig, got 'nme'"),
    (#"{"input":[{"dims":[1]},{"dimensions":[1]}]}"#, "got 'input[1].dimensions'"),
    (#"{"input":{}}"#, "'input': expected a list, got an object"),
    (#"{"input":[{"dims":["x"]}]}"#, "'input[0].dims[0]': expected an integer that fits int64"),
    (#"{"max_batch_size":2147483648}"#, "'max_batch_size': expected an integer that fits int32"),
    (#"{"max_batch_size":1.5}"#, "fits int32, got 1.5"),
    (#"{"max_batch_size":true}"#, "fits int32, got true"),
    (#"{"max_batch_size":1,"maxBatchSize":2}"#, "'maxBatchSize' (or an alternative to it) once"),
    (
      #"{"dynamic_batching":{},"sequence_batching":{}}"#,
      "'sequence_batching' (or an alternative to it) once"
    ),
    (#"{"dynamic_batching":{"preferred_batch_size":[null]}}"#, "got null"),
    (#"{"dynamic_batching":{"max_queue_delay_microseconds":-1}}"#, "fits uint64, got -1"),
    (#"{"dynamic_batching":{"preserve_ordering":"true"}}"#, "expected true or false, got a text"),
    (#"{"name":7}"#, "'name': expected a text without NUL, got 7"),
    (#"{"name":"\u0000"}"#, "expected a text without NUL"),
    (#"{"input":[{"data_type":"TYPE_FLOAT"}]}"#, "expected a value of DataType, got a text"),
    (#"{"input":[{"data_type":99}]}"#, "expected a value of DataType, got 99"),
    (#"{"parameters":[]}"#, "'parameters': expected an object, got a list"),
    (#"{"parameters":{"k":"v"}}"#, "'parameters.k': expected an object, got a text"),
    (#"{"sequence_batching":{"direct":{"minimum_slot_utilization":"x"}}}"#, "expected a number"),
    ("{\"max_batch_size\": \"16\"", "line 1"),
  ])
  func whatDoesNotFitIsRefusedWithItsPath(_ json: String, _ part: String) {
    let error = #expect(throws: JSONError.self) { try parse(json) }
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
  }

  @Test func mutatedConfigurationsNeverTrap() {
    var fuzz = Fuzz("model-config-json", corpus: [Array(Self.whole.utf8)])
    fuzz.run(rounds: 4_000) { bytes in
      guard let config = try? ModelConfigJSON.parse(bytes) else { return }
      // What was understood is understood again, and the same.
      let value = try? ModelConfigJSON.value(config)
      #expect(value.flatMap { try? ModelConfigJSON.message($0) } == config)
    }
  }
}
