public import JSON
internal import Tokenizers

/// One message of a conversation.
public struct ChatMessage: Sendable, Hashable {
  /// system, user or assistant, as far as the model's template knows them.
  public var role: String
  public var content: String

  public init(role: String, content: String) { (self.role, self.content) = (role, content) }
}

extension LanguageModel {
  /// The prompt of a conversation: the model's template, in which texts of special tokens are those,
  /// and what people wrote, in which they never are.
  public func prompt(chat messages: [ChatMessage]) throws(GenerationError) -> [Int32] {
    guard let chatTemplate else {
      throw GenerationError(
        .unsupported,
        chatTemplateError.map { "the model's chat template can't be used: \($0)" }
          ?? "the model has no chat template; send it a prompt")
    }
    guard !messages.isEmpty else {
      throw GenerationError(.invalidArgument, "expected at least one message, got none")
    }
    let shield = Self.shield(messages)
    var extra: [String: JSONValue] = [:]
    for (name, token) in [
      ("bos_token", tokenizer.beginOfText), ("eos_token", tokenizer.endOfText),
    ] {
      guard let token else { continue }
      extra[name] = .string(
        String(decoding: tokenizer.decode([token], skipsSpecial: false), as: UTF8.self))
    }
    do {
      let text = try chatTemplate.render(
        messages: messages.map { message in
          .object([
            .init("role", .string(message.role)),
            .init("content", .string(tokenizer.shielded(message.content, by: shield))),
          ])
        }, addsGenerationPrompt: true, extra: extra)
      var tokens = try tokenizer.encode(Array(text.utf8), removing: shield)
      if let begin = tokenizer.beginOfText, tokens.first != begin,
        try tokenizer.encode("", addsSpecial: true).first == begin
      {
        tokens.insert(begin, at: 0)
      }
      return tokens
    } catch { throw GenerationError(.invalidArgument, "\(error)") }
  }

  /// A character that no message has: private ones are left to their users.
  private static func shield(_ messages: [ChatMessage]) -> Unicode.Scalar {
    var used: Set<Unicode.Scalar> = []
    for message in messages {
      for scalar in message.content.unicodeScalars where scalar.value >= 0xF0000 {
        used.insert(scalar)
      }
    }
    for value in UInt32(0xF0000)...0xFFFFD {
      if let scalar = Unicode.Scalar(value), !used.contains(scalar) { return scalar }
    }
    return "\u{FFFFE}"
  }
}
