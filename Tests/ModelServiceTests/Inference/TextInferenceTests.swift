import Generation
import Protocols
import RPC
import Testing

@testable import ModelService

/// What a request for a text must be: anything else is refused with a sentence, nothing is guessed.
struct TextInferenceTests {
  typealias Request = Inference.ModelInferRequest

  static func request(
    _ prompt: String = "a", sampling: String? = nil, change: (inout Request) -> Void = { _ in }
  ) -> Request {
    var request = Request()
    func add(_ name: String, _ text: String) {
      var input = Request.InputTensor(name: name, datatype: "BYTES", shape: [1])
      input.contents = Inference.InferTensorContents()
      input.contents?.bytesContents = [Array(text.utf8)[...]]
      request.inputs.append(input)
    }
    add("text_input", prompt)
    if let sampling { add("sampling_parameters", sampling) }
    change(&request)
    return request
  }

  static func message(_ request: Request) -> String? {
    do throws(RPCError) {
      _ = try TextInference(request, isStreaming: true)
      return nil
    } catch {
      return error.code == .invalidArgument ? error.message : "\(error)"
    }
  }

  @Test func whatIsMeantIsTaken() throws {
    var request = Self.request(
      "Hi", sampling: #"{"max_tokens": 7, "stop": ["42", "x"], "seed": 3}"#)
    request.inputs[0].shape = [1, 1]
    request.outputs = [.init(name: "text_output")]
    request.parameters = ["temperature": .double(0.5), "top_k": .int64(4)]
    let inference = try TextInference(request, isStreaming: true)
    #expect(inference.prompt == "Hi")
    #expect(inference.parameters.maxTokens == 7)
    #expect(inference.parameters.stop == ["42", "x"])
    #expect(inference.parameters.sampling.seed == 3)
    #expect(inference.parameters.sampling.topK == 4)
    // As Triton's own client for its vLLM backend writes them.
    let quoted = try TextInference(
      Self.request(sampling: #"{"max_tokens": "100", "temperature": "0.1", "seed": "7"}"#),
      isStreaming: true)
    #expect(quoted.parameters.maxTokens == 100)
    #expect(quoted.parameters.sampling.temperature == 0.1)
    #expect(quoted.parameters.sampling.seed == 7)
    let large = try TextInference(
      Self.request(sampling: #"{"seed": 18446744073709551615}"#), isStreaming: true)
    #expect(large.parameters.sampling.seed == .max)
  }

  @Test func settingsHaveTheNamesOfTheService() throws {
    let inside = try TextInference(
      Self.request(
        sampling: """
          {"n": 3, "logprobs": 2, "logit_bias": {"7": -1.5, "0": 2}, "json_schema": {"type": "array"}}
          """), isStreaming: true
    ).parameters
    #expect(inside.choices == 3 && inside.sampling.logprobs == 2)
    #expect(inside.sampling.logitBias == [7: -1.5, 0: 2])
    #expect(inside.constraint == .jsonSchema(#"{"type":"array"}"#))
    // Parameters hold no objects, but their text.
    let beside = try TextInference(
      Self.request {
        $0.parameters = [
          "choices": .int64(2), "logprobs": .int64(0), "logit_bias": .string(#"{"7": -1.5}"#),
          "json_schema": .string("{}"),
        ]
      }, isStreaming: true
    ).parameters
    #expect(beside.choices == 2 && beside.sampling.logprobs == 0)
    #expect(beside.sampling.logitBias == [7: -1.5] && beside.constraint == .jsonSchema("{}"))
    // Digits are no number where a text is meant.
    let digits = try TextInference(
      Self.request(sampling: #"{"regex": "42", "json_object": false}"#), isStreaming: true)
    #expect(digits.parameters.constraint == .regex("42"))
    let object = try TextInference(
      Self.request { $0.parameters = ["json_object": .bool(true)] }, isStreaming: true)
    #expect(object.parameters.constraint == .jsonObject)
  }

  @Test(arguments: [
    (#"{"n": 2, "choices": 2}"#, "expected one of the parameters 'n' and 'choices', got both"),
    (
      #"{"regex": "a", "json_schema": {}}"#,
      "expected one of the parameters 'regex' and 'json_schema', got both"
    ),
    (
      #"{"json_object": true, "regex": "a"}"#,
      "expected one of the parameters 'json_object' and 'regex', got both"
    ),
    (
      #"{"max_tokens": 3, "max_new_tokens": 3}"#,
      "expected one of the parameters 'max_tokens' and 'max_new_tokens', got both"
    ),
    (#"{"json_object": 1}"#, "parameter 'json_object': expected true or false, got a number"),
    (
      #"{"json_schema": []}"#, "parameter 'json_schema': expected an object or its text, got a list"
    ),
    (#"{"regex": 42}"#, "parameter 'regex': expected a text, got a number"),
    (#"{"logprobs": true}"#, "parameter 'logprobs': expected a number, got a boolean"),
    (
      #"{"logit_bias": [1]}"#,
      "parameter 'logit_bias': expected an object of numbers by token, got a list"
    ),
    (
      #"{"logit_bias": {"07": 1}}"#,
      "parameter 'logit_bias': expected tokens' numbers as names, got '07'"
    ),
    (
      #"{"logit_bias": {"7": "x"}}"#,
      "parameter 'logit_bias.7': expected a number, got the text 'x'"
    ),
  ]) func contradictionsAreTold(sampling: String, message: String) {
    #expect(Self.message(Self.request(sampling: sampling)) == message)
  }

  @Test func whatIsSaidInTwoPlacesIsRefused() {
    #expect(
      Self.message(
        Self.request(sampling: #"{"top_k": 4}"#) { $0.parameters = ["top_k": .int64(5)] })
        == "parameter 'top_k': expected it in sampling_parameters or beside it, got it in both")
    #expect(
      Self.message(Self.request(sampling: #"{"n": 2}"#) { $0.parameters = ["choices": .int64(3)] })
        == "expected one of the parameters 'n' and 'choices', got both")
  }

  @Test func logarithmsAreAnOutputOfThoseWhoWantThem() throws {
    let asked = Self.request(sampling: #"{"logprobs": 1}"#) {
      $0.outputs = [.init(name: "logprobs")]
    }
    #expect(Self.message(asked) == nil)
    #expect(
      Self.message(Self.request { $0.outputs = [.init(name: "logprobs")] })
        == "output 'logprobs': expected the parameter 'logprobs' with it, got none")
    // What fits one answer.
    let many = Self.request(sampling: #"{"logprobs": 20, "n": 16, "max_tokens": 8000}"#)
    #expect(Self.message(many) == nil)
    let error = #expect(throws: RPCError.self) { try TextInference(many, isStreaming: false) }
    #expect(
      error?.message
        == "parameter 'logprobs': expected at most 262144 of all tokens in one answer, "
        + "got 2688000; ModelStreamInfer has no such limit")
  }

  @Test func textsAreNoNumbers() {
    for text in ["nan", "inf", "0x10", " 1", "1 ", "", "one", "1e", "+1", "1_000"] {
      let message = Self.message(Self.request(sampling: "{\"temperature\": \"\(text)\"}"))
      #expect(
        message == "parameter 'temperature': expected a number, got the text '\(text)'", "\(text)")
    }
    #expect(
      Self.message(Self.request { $0.parameters = ["max_tokens": .string("5")] })
        == "parameter 'max_tokens': expected a number, got the text '5'")
    #expect(
      Self.message(Self.request(sampling: #"{"max_tokens": 1.5}"#))
        == "parameter 'max_tokens': expected a whole number, got 1.5")
    #expect(
      Self.message(Self.request(sampling: #"{"seed": -1}"#))
        == "parameter 'seed': expected a number of 0 or more, got -1")
    #expect(
      Self.message(Self.request(sampling: #"{"stop": ["a", 1]}"#))?.contains("a list of texts")
        == true)
  }

  @Test func whatComesTwiceIsRefused() {
    #expect(
      Self.message(Self.request { $0.inputs.append($0.inputs[0]) })
        == "input 'text_input': expected it once, got it twice")
    #expect(
      Self.message(Self.request(sampling: #"{"max_tokens": 1, "max_tokens": 2}"#))?
        .contains("got 'max_tokens' twice") == true)
    #expect(
      Self.message(
        Self.request { $0.outputs = [.init(name: "text_output"), .init(name: "text_output")] })
        == "output 'text_output': expected it once, got it twice")
  }

  @Test func shapesAreOfOneElement() {
    for shape: [Int64] in [[], [2], [0], [-1], [1, 1, 1], [1, 2], [.max]] {
      let message = Self.message(Self.request { $0.inputs[0].shape = shape })
      #expect(message == "input 'text_input': expected the shape [1], got \(shape)")
    }
    #expect(
      Self.message(Self.request { $0.inputs[0].contents?.bytesContents.append([0x62]) })
        == "input 'text_input': expected one element of datatype BYTES, got 2")
    #expect(
      Self.message(Self.request { $0.inputs[0].contents?.boolContents = [true] })
        == "input 'text_input': expected one element of datatype BYTES, got 1")
    #expect(
      Self.message(Self.request { $0.inputs[0].datatype = "INT32" })?.contains("expected one")
        == true)
  }

  @Test func whatIsNotThereCannotBeAskedFor() {
    #expect(
      Self.message(Self.request { $0.outputs = [.init(name: "logits")] })
        == "expected outputs among text_output, logprobs, got 'logits'")
    #expect(
      Self.message(
        Self.request {
          $0.outputs = [.init(name: "text_output")]
          $0.outputs[0].parameters = ["classification": .int64(2)]
        })?.contains("no classification") == true)
    #expect(
      Self.message(
        Self.request { $0.inputs[0].parameters = ["shared_memory_region": .string("r")] })?
        .contains("shared memory") == true)
  }

  @Test func rawContentsAreOneForEachInput() {
    func raw(_ text: String) -> ArraySlice<UInt8> {
      let bytes = Array(text.utf8)
      return [UInt8(bytes.count), 0, 0, 0] + bytes
    }
    #expect(
      Self.message(
        Self.request {
          $0.inputs[0].contents = nil
          $0.rawInputContents = [raw("a")]
        }) == nil)
    #expect(
      Self.message(
        Self.request {
          $0.inputs[0].contents = nil
          $0.rawInputContents = [raw("a"), raw("b")]
        }) == "expected raw contents for each of 1 inputs, got 2")
    #expect(
      Self.message(Self.request { $0.rawInputContents = [raw("a")] })
        == "input 'text_input': expected raw contents or others, got both")
  }
}
