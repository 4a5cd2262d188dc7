internal import JSON
public import Tokenizers

/// One message of a conversation.
public struct ChatMessage: Sendable, Hashable {
  /// system, user or assistant, as far as the model's template knows them.
  public var role: String
  /// What was said.
  public var content: String

  /// By its parts.
  public init(role: String, content: String) { (self.role, self.content) = (role, content) }
}

extension LanguageModel {
  /// The prompt of a conversation by the model's template. Special tokens in messages are text.
  ///
  /// - Parameters:
  ///   - now: what a template that asks for the date is told.
  ///   - isWanted: asked now and then whether to go on.
  public func prompt(
    chat messages: [ChatMessage], now: CivilTime? = nil,
    isWanted: @escaping () -> Bool = { true }
  ) throws(GenerationError) -> [Int32] {
    guard let chatTemplate else {
      throw GenerationError(
        .unsupported,
        chatTemplateError.map { "the model's chat template can't be used: \($0)" }
          ?? "the model has no chat template; send it a prompt")
    }
    guard !messages.isEmpty else {
      throw GenerationError(.invalidArgument, "expected at least one message, got none")
    }
    do {
      return try tokenizer.encode(
        chatTemplate,
        messages: messages.map {
          .object([.init("role", .string($0.role)), .init("content", .string($0.content))])
        }, addsGenerationPrompt: true, now: now, isWanted: isWanted)
    } catch { throw GenerationError(.invalidArgument, "\(error)") }
  }
}
