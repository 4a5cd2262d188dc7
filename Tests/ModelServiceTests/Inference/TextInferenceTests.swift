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
        == "expected the output 'text_output', got 'logits'")
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
