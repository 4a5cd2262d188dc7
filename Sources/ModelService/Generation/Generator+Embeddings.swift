internal import Generation
internal import RPC

extension Generator {
  /// Texts of one call.
  private static let embeddedTextsMax = 1024

  /// A row for each text, and how many tokens they have together. All texts are looked at before the
  /// first one is computed: a call that is refused costs nothing.
  func embed(
    _ texts: [String], caller: Caller, deadline: MonotonicTime? = nil
  ) async throws -> (rows: [[Float]], tokenCount: Int) {
    guard (1...Self.embeddedTextsMax).contains(texts.count) else {
      throw RPCError.invalid("expected 1 to \(Self.embeddedTextsMax) texts, got \(texts.count)")
    }
    var prompts: [[Int32]] = []
    for (index, text) in texts.enumerated() {
      prompts.append(
        try await offload(for: caller, deadline: deadline) { [model] isWanted in
          try Self.encode(text, at: index, model, isWanted)
        })
      try Task.checkCancellation()
    }
    var (rows, tokenCount) = ([[Float]](), 0)
    for tokens in prompts {
      if let deadline, deadline <= .now() { throw Scheduler.deadlineExceeded }
      rows.append(try await embed(tokens, caller: caller))
      tokenCount += tokens.count
      try Task.checkCancellation()
    }
    return (rows, tokenCount)
  }

  /// Tokens of a text that is to be embedded; a refusal tells which of the texts it is.
  private static func encode(
    _ text: String, at index: Int, _ model: LanguageModel, _ isWanted: @escaping () -> Bool
  ) throws(RPCError) -> [Int32] {
    do throws(RPCError) {
      let tokens = try GenerationService.encode(text, model, isWanted: isWanted)
      do throws(GenerationError) { try Embedder.check(tokens, model) } catch {
        throw RPCError(error)
      }
      return tokens
    } catch { throw RPCError(code: error.code, message: "texts[\(index)]: \(error.message)") }
  }
}
