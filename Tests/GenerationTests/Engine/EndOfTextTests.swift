import ModelFormats
import Testing

@testable import Generation

/// How texts end that nobody gave a length, and those of a model that computes no numbers.
@Suite struct EndOfTextTests {
  private func loop(_ model: LanguageModel, context: Int = 64) throws -> GenerationLoop {
    try GenerationLoop(
      model, SchedulerConfiguration(pageCount: 256, contextMax: context), threadCount: 1,
      wake: {})
  }

  private func model() throws -> LanguageModel {
    try LanguageModel(try GGUFFile(bytes: try TinyModel.bytes("llama")))
  }

  /// Bytes of the last norm and the head: all of them make numbers that are none.
  private static let spoiltByteCount = 26_304

  private func spoiltModel() throws -> LanguageModel {
    let bytes = try TinyModel.bytes("llama").dropLast(Self.spoiltByteCount)
    return try LanguageModel(
      try GGUFFile(bytes: bytes + [UInt8](repeating: 0xFF, count: Self.spoiltByteCount)))
  }

  private func pieces(
    _ loop: GenerationLoop, _ stream: GenerationStream
  ) async -> [GenerationDelta] {
    let reader = Task.detached {
      var deltas: [GenerationDelta] = []
      while let delta = await stream.next() { deltas.append(delta) }
      return deltas
    }
    while loop.load.requests > 0 {
      if !loop.step(clock: { 1 }) { await Task.yield() }
    }
    return await reader.value
  }

  @Test(arguments: [1, 2]) func whyAChoiceFailedIsTold(choices: Int) async throws {
    let loop = try loop(try spoiltModel())
    var parameters = GenerationParameters()
    parameters.choices = choices
    let deltas = await pieces(loop, try loop.submit([1, 2, 3], parameters, tenant: "a"))
    let ends = deltas.filter { $0.finish != nil }
    #expect(ends.count == choices)
    for end in ends {
      #expect(end.finish == .failed)
      #expect(end.failure?.code == .failed)
      #expect(end.failure?.message.hasPrefix("expected finite logits, got") == true)
    }
    let tokens = deltas.flatMap(\.tokens)
    #expect(tokens.isEmpty)
  }

  @Test func anEmbeddingIsOfNumbers() throws {
    var embedder = Embedder(try spoiltModel(), threadCount: 1)
    let error = #expect(throws: GenerationError.self) { try embedder.embed([1, 2, 3]) }
    #expect(error?.code == .failed)
    #expect(error?.message.hasPrefix("the model's numbers are not finite") == true)
  }

  @Test func aTextWithoutALengthIsAsLongAsTheContextLeaves() async throws {
    let model = try model()
    var parameters = GenerationParameters()
    parameters.sampling.temperature = 0
    // A text that does not end by itself.
    parameters.sampling.logitBias = [257: -100]
    for (promptCount, context, expected) in [(2, 64, 62), (63, 64, 1), (3, 512, 256)] {
      let loop = try loop(model, context: context)
      let prompt = [Int32](repeating: 5, count: promptCount)
      let deltas = await pieces(loop, try loop.submit(prompt, parameters, tenant: "a"))
      #expect(deltas.last?.usage?.generatedTokens == expected)
      #expect(deltas.compactMap(\.finish) == [.length])
    }
  }

  @Test func whatDoesNotFitIsRefusedByItsName() throws {
    let loop = try loop(try model())
    func refusal(_ promptCount: Int, _ maxTokens: Int?) -> String? {
      var parameters = GenerationParameters()
      parameters.maxTokens = maxTokens
      do throws(GenerationError) {
        _ = try loop.submit(
          [Int32](repeating: 5, count: promptCount), parameters, tenant: "a")
        return nil
      } catch { return error.code == .invalidArgument ? error.message : "\(error.code)" }
    }
    #expect(refusal(2, 62) == nil)
    #expect(
      refusal(2, 63) == "max_tokens: expected at most 62, what a prompt of 2 tokens leaves of a "
        + "context of 64, got 63")
    #expect(refusal(2, .max)?.hasPrefix("max_tokens: expected at most 62") == true)
    #expect(refusal(2, 0) == "max_tokens: expected at least 1, got 0")
    for maxTokens in [nil, 1, 256] {
      #expect(
        refusal(64, maxTokens) == "expected a prompt that leaves room for a token in a context of "
          + "64, got one of 64 tokens")
    }
  }
}
