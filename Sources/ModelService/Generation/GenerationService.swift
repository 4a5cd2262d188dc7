internal import Generation
internal import Glibc
internal import Protocols
internal import RPC
internal import Tokenizers

/// `martlet.v1.Generation` without a socket: texts, chats, tokens and embeddings of the caller's
/// models.
struct GenerationService: Sendable {
  let registry: Registry

  /// Bytes of pieces that wait in the call for the gateway, about ten of them: the gateway has room
  /// for more (decision 153).
  static let queuedByteCountMax = 256

  func generate(
    _ request: MartletV1.GenerateRequest, caller: Caller, deadline: MonotonicTime?,
    send: (MartletV1.GenerateResponse) async throws -> Void
  ) async throws {
    let (model, generator) = try await model(request.model, request.version, caller)
    try await model.statistics.count {
      guard request.prompt.isEmpty || request.promptTokens.isEmpty else {
        throw RPCError.invalid("expected a prompt or its tokens, got both")
      }
      try await run(generator, request.options, caller, deadline, send) {
        isWanted in
        request.promptTokens.isEmpty
          ? try Self.encode(request.prompt, generator.model, isWanted: isWanted)
          : request.promptTokens
      }
    }
  }

  func chat(
    _ request: MartletV1.ChatRequest, caller: Caller, deadline: MonotonicTime?,
    send: (MartletV1.GenerateResponse) async throws -> Void
  ) async throws {
    let (model, generator) = try await model(request.model, request.version, caller)
    try await model.statistics.count {
      try await run(generator, request.options, caller, deadline, send) {
        isWanted in
        let messages = request.messages.map { ChatMessage(role: $0.role, content: $0.content) }
        do throws(GenerationError) {
          return try generator.model.prompt(
            chat: messages, now: CivilTime(secondsSinceEpoch: time(nil)), isWanted: isWanted)
        } catch { throw RPCError(error) }
      }
    }
  }

  func tokenize(
    _ request: MartletV1.TokenizeRequest, caller: Caller
  ) async throws -> MartletV1.TokenizeResponse {
    let (_, generator) = try await model(request.model, request.version, caller)
    return try await generator.offload(for: caller) { isWanted in
      var response = MartletV1.TokenizeResponse()
      response.tokens = try Self.encode(
        request.text, generator.model, addsSpecial: request.addSpecial,
        parsesSpecial: request.parseSpecial, byteCountMax: Self.tokenizedByteCountMax,
        isWanted: isWanted)
      response.pieces = response.tokens.map { generator.model.tokenizer.bytes(of: $0) }
      return response
    }
  }

  func embed(
    _ request: MartletV1.EmbedRequest, caller: Caller
  ) async throws -> MartletV1.EmbedResponse {
    let (model, generator) = try await model(request.model, request.version, caller)
    return try await model.statistics.count(textCount: request.texts.count) {
      let (rows, tokenCount) = try await generator.embed(request.texts, caller: caller)
      var response = MartletV1.EmbedResponse()
      response.embeddings = rows.map { row in
        var embedding = MartletV1.Embedding()
        embedding.values = row
        return embedding
      }
      var usage = MartletV1.GenerationUsage()
      usage.promptTokens = UInt64(tokenCount)
      response.usage = usage
      return response
    }
  }

  /// The caller's model, if it generates.
  private func model(
    _ name: String, _ version: String, _ caller: Caller
  ) async throws -> (LoadedModel, Generator) {
    try caller.require(.infer, model: name)
    let model = try await registry.resolve(name, version: version, for: caller)
    guard let generator = model.generator else {
      throw RPCError.unimplemented(
        "model '\(name.clipped)' is no language model: ask it by ModelInfer")
    }
    return (model, generator)
  }

  /// Long prompts and grammars take a while: the thread that reads requests is not held up by them.
  private func run(
    _ generator: Generator, _ options: MartletV1.GenerationOptions?, _ caller: Caller,
    _ deadline: MonotonicTime?, _ send: (MartletV1.GenerateResponse) async throws -> Void,
    prompt: @escaping @Sendable (_ isWanted: @escaping @Sendable () -> Bool) throws -> [Int32]
  ) async throws {
    let stream = try await generator.offload(for: caller, deadline: deadline) { isWanted in
      try generator.generate(
        try prompt(isWanted), try GenerationParameters(options), caller: caller, deadline: deadline)
    }
    try await withTaskCancellationHandler {
      do {
        while let delta = await stream.next() {
          try delta.requireAnswer()
          try await send(MartletV1.GenerateResponse(delta, generator.model))
        }
      } catch {
        stream.cancel()
        throw error
      }
    } onCancel: {
      stream.cancel()
    }
  }

  /// Bytes of a text for each token of the context: far more than any text that fits has.
  private static let byteCountPerToken = 128
  /// What `Tokenize` takes, whatever the context.
  private static let tokenizedByteCountMax = 1 << 20

  static func encode(
    _ text: String, _ model: LanguageModel, addsSpecial: Bool = true, parsesSpecial: Bool = false,
    byteCountMax: Int? = nil, isWanted: @escaping () -> Bool
  ) throws(RPCError) -> [Int32] {
    let most = byteCountMax ?? byteCountPerToken * model.decoder.configuration.contextLength
    guard text.utf8.count <= most else {
      throw .invalid("expected a text of at most \(most) bytes, got \(text.utf8.count)")
    }
    do {
      return try model.tokenizer.encode(
        text, addsSpecial: addsSpecial, parsesSpecial: parsesSpecial, isWanted: isWanted)
    } catch { throw .invalid("\(error)") }
  }
}
