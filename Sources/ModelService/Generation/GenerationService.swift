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

  /// Texts of one call of `Embed`.
  private static let embeddedTextsMax = 1024

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
        request.promptTokens.isEmpty
          ? try Self.encode(request.prompt, generator.model) : request.promptTokens
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
        let messages = request.messages.map { ChatMessage(role: $0.role, content: $0.content) }
        do throws(GenerationError) {
          return try generator.model.prompt(
            chat: messages, now: CivilTime(secondsSinceEpoch: time(nil)))
        } catch { throw RPCError(error) }
      }
    }
  }

  func tokenize(
    _ request: MartletV1.TokenizeRequest, caller: Caller
  ) async throws -> MartletV1.TokenizeResponse {
    let (_, generator) = try await model(request.model, request.version, caller)
    return try await generator.offload(for: caller) {
      var response = MartletV1.TokenizeResponse()
      response.tokens = try Self.encode(
        request.text, generator.model, addsSpecial: request.addSpecial,
        parsesSpecial: request.parseSpecial, byteCountMax: Self.tokenizedByteCountMax)
      response.pieces = response.tokens.map { generator.model.tokenizer.bytes(of: $0) }
      return response
    }
  }

  func embed(
    _ request: MartletV1.EmbedRequest, caller: Caller
  ) async throws -> MartletV1.EmbedResponse {
    let (model, generator) = try await model(request.model, request.version, caller)
    return try await model.statistics.count(textCount: request.texts.count) {
      try await embed(request.texts, generator, caller)
    }
  }

  private func embed(
    _ texts: [String], _ generator: Generator, _ caller: Caller
  ) async throws -> MartletV1.EmbedResponse {
    guard (1...Self.embeddedTextsMax).contains(texts.count) else {
      throw RPCError.invalid(
        "expected 1 to \(Self.embeddedTextsMax) texts, got \(texts.count)")
    }
    // All are looked at before the first is computed: a call that is refused costs nothing.
    var prompts: [[Int32]] = []
    for (index, text) in texts.enumerated() {
      prompts.append(
        try await generator.offload(for: caller) {
          try Self.encode(text, at: index, generator.model)
        })
      try Task.checkCancellation()
    }
    var response = MartletV1.EmbedResponse()
    var usage = MartletV1.GenerationUsage()
    for tokens in prompts {
      var embedding = MartletV1.Embedding()
      embedding.values = try await generator.embed(tokens, caller: caller)
      response.embeddings.append(embedding)
      usage.promptTokens += UInt64(tokens.count)
      try Task.checkCancellation()
    }
    response.usage = usage
    return response
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
    prompt: @escaping @Sendable () throws -> [Int32]
  ) async throws {
    let stream = try await generator.offload(for: caller, deadline: deadline) {
      try generator.generate(
        try prompt(), try GenerationParameters(options), caller: caller, deadline: deadline)
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

  /// Tokens of a text that is to be embedded; a refusal tells which of the texts it is.
  private static func encode(
    _ text: String, at index: Int, _ model: LanguageModel
  ) throws(RPCError) -> [Int32] {
    do throws(RPCError) {
      let tokens = try encode(text, model)
      do throws(GenerationError) { try Embedder.check(tokens, model) } catch {
        throw RPCError(error)
      }
      return tokens
    } catch { throw RPCError(code: error.code, message: "texts[\(index)]: \(error.message)") }
  }

  /// Bytes of a text for each token of the context: far more than any text that fits has.
  private static let byteCountPerToken = 128
  /// What `Tokenize` takes, whatever the context.
  private static let tokenizedByteCountMax = 1 << 20

  static func encode(
    _ text: String, _ model: LanguageModel, addsSpecial: Bool = true, parsesSpecial: Bool = false,
    byteCountMax: Int? = nil
  ) throws(RPCError) -> [Int32] {
    let most = byteCountMax ?? byteCountPerToken * model.decoder.configuration.contextLength
    guard text.utf8.count <= most else {
      throw .invalid("expected a text of at most \(most) bytes, got \(text.utf8.count)")
    }
    do {
      return try model.tokenizer.encode(
        text, addsSpecial: addsSpecial, parsesSpecial: parsesSpecial)
    } catch { throw .invalid("\(error)") }
  }
}
