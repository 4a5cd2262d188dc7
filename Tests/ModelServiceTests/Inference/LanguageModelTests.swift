import Compute
import Generation
import JSON
import Protocols
import RPC
import Testing

@testable import ModelService

/// A tiny language model behind the service: what its answers, failures and counters are.
@Suite struct LanguageModelTests {
  typealias Request = Inference.ModelInferRequest

  private let folder = TemporaryFolder()
  private let meter = UsageMeter()
  private let dataPlane: DataPlane
  private let generation: GenerationService

  init() throws {
    var execution = ExecutionResources(
      settings: ExecutionSettings(), workers: WorkerThreads(count: 2, name: "test"),
      timer: DeadlineTimer())
    execution.meter = meter
    let registry = Registry(
      repository: try DirectoryRepository(path: folder.path),
      loader: LanguageEngineLoader(other: TestLoader()), memoryByteCountMax: 1 << 30,
      execution: execution)
    dataPlane = DataPlane(registry: registry, settings: DataPlaneSettings())
    generation = GenerationService(registry: registry)
    let model = try Fixtures.bytes("Tests/Fixtures/language-models/llama.gguf")
    folder.write("acme/lm/1/model.gguf", model)
    folder.write(
      "acme/encoder/1/model.gguf",
      try Fixtures.bytes("Tests/Fixtures/language-models/bert.gguf"))
    // The last norm and the head, all of whose numbers are none.
    let byteCount = 26_304
    folder.write(
      "acme/spoilt/1/model.gguf",
      model.dropLast(byteCount) + [UInt8](repeating: 0xFF, count: byteCount))
  }

  private func request(
    _ model: String = "lm", sampling: String? = #"{"max_tokens": 5, "seed": 1}"#
  ) -> Request {
    TextInferenceTests.request("abc", sampling: sampling) { $0.modelName = model }
  }

  private func generate(
    _ model: String = "lm", tokens: Int = 3, change: (inout MartletV1.GenerationOptions) -> Void
  ) async throws -> [MartletV1.GenerateResponse] {
    var request = MartletV1.GenerateRequest()
    request.model = model
    request.promptTokens = [Int32](repeating: 5, count: tokens)
    var options = MartletV1.GenerationOptions()
    change(&options)
    request.options = options
    var responses: [MartletV1.GenerateResponse] = []
    try await generation.generate(request, caller: .user, deadline: nil) { responses.append($0) }
    return responses
  }

  private func embed(_ model: String, _ texts: [String]) async -> RPCError? {
    var request = MartletV1.EmbedRequest()
    (request.model, request.texts) = (model, texts)
    return await status { _ = try await generation.embed(request, caller: .user) }
  }

  /// Answers of `ModelStreamInfer` to one request.
  private func stream(_ request: Request) async throws -> [Inference.ModelStreamInferResponse] {
    var (requests, responses) = ([request], [Inference.ModelStreamInferResponse]())
    try await dataPlane.stream(
      caller: .user, endsOnError: false, next: { requests.popLast() },
      send: { response, _ in responses.append(response) })
    return responses
  }

  private func statistics(_ model: String = "lm") async throws -> Inference.ModelStatistics {
    var request = Inference.ModelStatisticsRequest()
    request.name = model
    let response = try await dataPlane.modelStatistics(request, caller: .user)
    return try #require(response.modelStats.first)
  }

  // MARK: - Failures

  @Test func aModelWithoutNumbersHasNoAnswer() async throws {
    let reason = "expected finite logits, got"
    let inferred = await status {
      _ = try await dataPlane.infer(request("spoilt"), caller: .user)
    }
    #expect(inferred?.code == .internalError && inferred?.message.hasPrefix(reason) == true)
    let generated = await status { _ = try await generate("spoilt") { _ in } }
    #expect(generated?.code == .internalError && generated?.message.hasPrefix(reason) == true)
    let streamed = try await stream(request("spoilt"))
    #expect(streamed.count == 1 && streamed.first?.errorMessage.hasPrefix(reason) == true)
    let embedded = await embed("spoilt", ["abc"])
    #expect(embedded?.code == .internalError)
    #expect(embedded?.message.hasPrefix("the model's numbers are not finite") == true)
    #expect(try await statistics("spoilt").inferenceStats?.fail?.count == 4)
  }

  // MARK: - Lengths

  @Test func aLengthThatIsNotGivenFitsTheContext() async throws {
    func options(_ maxTokens: UInt32) -> (inout MartletV1.GenerationOptions) -> Void {
      {
        $0.maxTokens = maxTokens
        // A text that does not end by itself.
        var sampling = MartletV1.SamplingParameters()
        sampling.logitBias = [257: -100]
        $0.sampling = sampling
      }
    }
    let pieces = try await generate(tokens: 412, change: options(0))
    #expect(pieces.last?.usage?.generatedTokens == 100)
    let refused = await status { _ = try await generate(tokens: 412, change: options(101)) }
    #expect(refused?.code == .invalidArgument)
    #expect(refused?.message.hasPrefix("max_tokens: expected at most 100") == true)
    // The prompt has about a token for each byte.
    let text = String(repeating: "q7", count: 200)
    let inferred = await status {
      _ = try await dataPlane.infer(
        TextInferenceTests.request(text) { $0.modelName = "lm" }, caller: .user)
    }
    #expect(inferred == nil)
  }

  // MARK: - Statistics

  @Test func requestsForTextsAreCounted() async throws {
    _ = try await dataPlane.infer(request(), caller: .user)
    _ = try await stream(request())
    _ = try await generate { $0.maxTokens = 2 }
    #expect(await embed("lm", ["a", "b"]) == nil)
    let good = try await statistics()
    #expect(good.inferenceStats?.success?.count == 4)
    #expect(good.inferenceCount == 5)
    #expect(good.executionCount == 4)
    #expect(good.lastInference > 0)
    #expect(good.inferenceStats?.success?.ns ?? 0 > 0)
    #expect(good.inferenceStats?.computeInfer?.ns == good.inferenceStats?.success?.ns)
    #expect(good.inferenceStats?.fail?.count == 0)

    let wrong = await status {
      _ = try await dataPlane.infer(
        request(sampling: #"{"max_tokens": 0}"#), caller: .user)
    }
    #expect(wrong?.code == .invalidArgument)
    #expect(try await stream(request(sampling: "{")).first?.errorMessage.isEmpty == false)
    let bad = try await statistics()
    #expect(bad.inferenceStats?.fail?.count == 2)
    #expect(bad.inferenceStats?.fail?.ns ?? 0 > 0)
    #expect(bad.inferenceStats?.success?.count == 4)
  }

  @Test func whoGoesAwayIsCountedAsAFailure() async throws {
    let long = request(sampling: #"{"max_tokens": 400, "seed": 1}"#)
    let waiting = Task { try await dataPlane.infer(long, caller: .user) }
    waiting.cancel()
    let result = await waiting.result
    #expect((try? result.get()) == nil)
    // A reader that is gone in the middle of a text.
    let gone = await status {
      try await dataPlane.stream(
        caller: .user, endsOnError: true,
        next: { long },
        send: { _, _ in throw RPCError(code: .cancelled, message: "gone") })
    }
    #expect(gone?.code == .cancelled)
    let stats = try await statistics()
    #expect(stats.inferenceStats?.fail?.count == 2)
    #expect(stats.inferenceStats?.success?.count == 0)
  }

  // MARK: - Metadata

  private func metadata(_ model: String) async throws -> Inference.ModelMetadataResponse {
    var request = Inference.ModelMetadataRequest()
    request.name = model
    return try await dataPlane.modelMetadata(request, caller: .user)
  }

  private func config(_ model: String) async throws -> Inference.ModelConfig {
    var request = Inference.ModelConfigRequest()
    request.name = model
    return try #require(try await dataPlane.modelConfig(request, caller: .user).config)
  }

  @Test func metadataNamesAllThatARequestMayBring() async throws {
    let metadata = try await metadata("lm")
    #expect(
      metadata.inputs.map { "\($0.name) \($0.datatype) \($0.shape)" } == [
        "text_input BYTES [1]", "stream BOOL [1]", "sampling_parameters BYTES [1]",
        "exclude_input_in_output BOOL [1]",
      ])
    #expect(
      metadata.outputs.map { "\($0.name) \($0.datatype) \($0.shape)" } == [
        "text_output BYTES [-1]", "logprobs BYTES [-1]",
      ])
    let config = try await config("lm")
    #expect(config.input.map(\.optional) == [false, true, true, true])
    // What the configuration says can be written down, in part too.
    for (name, inputs) in [("whole", config.input), ("part", Array(config.input.prefix(2)))] {
      var written = Inference.ModelConfig()
      (written.input, written.output) = (inputs, config.output)
      let (again, signature) = try written.completed(
        name: name, platform: "gguf",
        inputs: [TensorSpec(name: "text_input", dataType: .string, shape: [1])],
        optionalInputs: TextInputs.optional, outputs: TextOutputs.all)
      #expect(again.input == config.input && signature.acceptedInputs.count == 4)
    }
  }

  @Test func anEncoderSaysAndDoesWhatItIsFor() async throws {
    let metadata = try await metadata("encoder")
    #expect(metadata.inputs.map(\.name) == ["text_input"])
    #expect(metadata.inputs.map(\.shape) == [[-1]])
    #expect(metadata.outputs.map { "\($0.name) \($0.datatype)" } == ["embedding FP32"])
    let size = try #require(metadata.outputs.first?.shape.last)

    let texts = ["a b", "c"]
    var request = Request()
    request.modelName = "encoder"
    request.inputs = [.init(name: "text_input", datatype: "BYTES", shape: [2])]
    request.rawInputContents = [StringFraming.frame(texts.map { Array($0.utf8) })[...]]
    let answer = try await dataPlane.infer(request, caller: .user)
    #expect(answer.outputs.map(\.shape) == [[2, size]])
    var same = MartletV1.EmbedRequest()
    (same.model, same.texts) = ("encoder", texts)
    let rows = try await generation.embed(same, caller: .user).embeddings.map(\.values)
    #expect(elements(answer.rawOutputContents[0], Float.self) == rows.flatMap { $0 })
    // The same in a stream, and by nothing but bytes.
    #expect(
      try await stream(request).first?.inferResponse?.rawOutputContents == answer.rawOutputContents)
    request.inputs = [.init()]
    request.rawInputContents = [Array("c".utf8)[...]]
    let raw = try await dataPlane.infer(request, caller: .user)
    #expect(elements(raw.rawOutputContents[0], Float.self) == rows[1])

    request.rawInputContents = [[0xFF][...]]
    let refused = await status { _ = try await dataPlane.infer(request, caller: .user) }
    #expect(refused?.message == "texts[0]: expected UTF-8, got other bytes")
    let wrong = await status {
      _ = try await dataPlane.infer(self.request("encoder"), caller: .user)
    }
    #expect(wrong?.message.hasPrefix("expected 1 inputs but got 2 inputs") == true)
    #expect(try await statistics("encoder").inferenceStats?.fail?.count == 2)
  }

  // MARK: - Choices, logarithms and constraints

  private func texts(_ response: Inference.ModelInferResponse, _ name: String) -> [String]? {
    guard let index = response.outputs.firstIndex(where: { $0.name == name }) else { return nil }
    let elements = response.rawOutputContents[index].withUnsafeBytes { StringFraming.elements($0) }
    return elements?.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func choicesAreElementsOfTheAnswer() async throws {
    let asked = request(sampling: #"{"max_tokens": 6, "seed": 1, "n": 3}"#)
    let answer = try await dataPlane.infer(asked, caller: .user)
    #expect(answer.outputs.map(\.shape) == [[3]])
    let whole = try #require(texts(answer, "text_output"))
    #expect(Set(whole).count > 1)
    let pieces = try await stream(asked).compactMap(\.inferResponse)
    #expect(pieces.count > 1 && pieces.allSatisfy { $0.outputs.map(\.shape) == [[3]] })
    for choice in 0..<3 {
      let text = pieces.compactMap { texts($0, "text_output")?[choice] }.joined()
      #expect(text == whole[choice])
    }
    let tooMany = await status {
      _ = try await dataPlane.infer(request(sampling: #"{"n": 17}"#), caller: .user)
    }
    #expect(tooMany?.message == "expected 1 to 16 choices, got 17")
  }

  @Test func logarithmsAreThoseOfTheService() async throws {
    let sampling =
      #"{"max_tokens": 5, "temperature": 0, "logprobs": 2, "logit_bias": {"257": -100}}"#
    let answer = try await dataPlane.infer(request(sampling: sampling), caller: .user)
    #expect(answer.outputs.map(\.name) == ["text_output", "logprobs"])
    var same = MartletV1.GenerateRequest()
    (same.model, same.prompt) = ("lm", "abc")
    var options = MartletV1.GenerationOptions()
    options.maxTokens = 5
    options.sampling = MartletV1.SamplingParameters()
    options.sampling?.givenTemperature = .temperature(0)
    options.sampling?.logprobs = 2
    options.sampling?.logitBias = [257: -100]
    same.options = options
    var expected: [MartletV1.TokenProbabilities] = []
    try await generation.generate(same, caller: .user, deadline: nil) {
      expected += $0.probabilities
    }
    #expect(expected.count == 5)
    func lists(_ responses: [Inference.ModelInferResponse]) throws -> [JSONValue] {
      try responses.flatMap { response -> [JSONValue] in
        let text = try #require(texts(response, "logprobs")?.first)
        guard case .array(let entries) = try JSONValue(parsing: Array(text.utf8)[...]) else {
          return []
        }
        return entries
      }
    }
    let entries = try lists([answer])
    #expect(entries.count == 5)
    for (entry, message) in zip(entries, expected) {
      #expect(entry["chosen"]?["token"] == .integer(Int64(message.chosen?.token ?? -1)))
      guard case .real(let number)? = entry["chosen"]?["logprob"] else { continue }
      #expect(Float(number) == message.chosen?.logprob)
      guard case .array(let likely)? = entry["most_likely"] else { continue }
      #expect(likely.map { $0["token"] } == message.mostLikely.map { .integer(Int64($0.token)) })
    }
    let streamed = try await stream(request(sampling: sampling)).compactMap(\.inferResponse)
    #expect(try lists(streamed) == entries)
  }

  @Test func constraintsBindTexts() async throws {
    for sampling in [
      #"{"max_tokens": 40, "seed": 1, "regex": "(ab|cd){3}"}"#,
      #"{"max_tokens": 40, "seed": 1, "json_schema": {"enum": ["ab", "cd"]}}"#,
    ] {
      let answer = try await dataPlane.infer(request(sampling: sampling), caller: .user)
      let text = try #require(texts(answer, "text_output")?.first)
      #expect(text.filter { "abcd\"".contains($0) } == text && text.count >= 4)
    }
    let refused = await status {
      _ = try await dataPlane.infer(request(sampling: #"{"regex": "("}"#), caller: .user)
    }
    #expect(refused?.code == .invalidArgument)
  }

  // MARK: - Prompts and texts

  @Test func aBodyOfNothingButBytesIsThePrompt() async throws {
    var raw = Request()
    raw.modelName = "lm"
    raw.inputs = [.init()]
    raw.rawInputContents = [Array("abc".utf8)[...]]
    raw.parameters = ["max_tokens": .int64(5), "seed": .int64(1)]
    let expected = try await dataPlane.infer(request(), caller: .user)
    let answer = try await dataPlane.infer(raw, caller: .user)
    #expect(answer.outputs.map(\.name) == ["text_output"])
    #expect(answer.rawOutputContents == expected.rawOutputContents)
    #expect(try await stream(raw).last?.errorMessage == "")
    raw.rawInputContents = [[0xFF][...]]
    let refused = await status { _ = try await dataPlane.infer(raw, caller: .user) }
    #expect(refused?.message.hasPrefix("input 'text_input': expected one UTF-8 text") == true)
  }

  @Test func aTextThatCannotBeEmbeddedIsNamedAndTheOthersAreNotBilled() async {
    let long = String(repeating: "q7", count: 300)
    let error = await embed("lm", ["abc", "def", long, "ghi"])
    #expect(error?.code == .invalidArgument)
    #expect(
      error?.message.hasPrefix("texts[2]: expected a text of 1 to 512 tokens, got") == true)
    #expect(meter.take(10).isEmpty)
  }
}
