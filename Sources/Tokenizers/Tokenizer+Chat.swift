public import JSON

/// Why a conversation is refused: by its template, or by the tokenizer.
public enum ChatError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The template refuses it, or is none.
  case template(TemplateError)
  /// Its text has no tokens.
  case tokenizer(TokenizerError)

  /// The sentence.
  public var description: String {
    switch self {
    case .template(let error): error.description
    case .tokenizer(let error): error.description
    }
  }
}

extension Tokenizer {
  /// The model's chat template; nil if it has none. Read anew at each call: keep it.
  public func chatTemplate() throws(TemplateError) -> ChatTemplate? {
    guard let source = chatTemplateSource else { return nil }
    return try ChatTemplate(source: source)
  }

  /// What templates know of a model: the texts of the tokens that begin and end a text.
  public var templateValues: [String: JSONValue] {
    var values: [String: JSONValue] = [:]
    if let token = beginOfText { values["bos_token"] = .string(text(token)) }
    if let token = endOfText { values["eos_token"] = .string(text(token)) }
    return values
  }

  private func text(_ token: Int32) -> String {
    String(decoding: decoder.text(token), as: UTF8.self)
  }

  /// The tokens of a conversation. Special tokens that the template writes are those; what messages
  /// and tools say is text, also where it looks like special tokens, by itself or together with what
  /// follows it. `values` are further names of the template, and trusted like itself.
  public func encode(
    _ template: ChatTemplate, messages: [JSONValue], tools: [JSONValue]? = nil,
    addsGenerationPrompt: Bool, values: [String: JSONValue] = [:], now: CivilTime? = nil,
    isWanted: @escaping () -> Bool = { true }
  ) throws(ChatError) -> [Int32] {
    var extra = templateValues.merging(values) { $1 }
    if let tools { extra["tools"] = .array(tools.map(marked)) }
    let text: String
    do throws(TemplateError) {
      text = try template.render(
        messages: messages.map(marked), addsGenerationPrompt: addsGenerationPrompt, extra: extra,
        now: now)
    } catch {
      throw .template(error)
    }
    do throws(TokenizerError) {
      return try encode(
        valid: Array(text.utf8), addsSpecial: false, parsesSpecial: true, isMarked: true,
        isWanted: isWanted)
    } catch {
      throw .tokenizer(error)
    }
  }

  /// A value whose texts are marked, names of members too.
  private func marked(_ value: JSONValue) -> JSONValue {
    switch value {
    case .string(let text): .string(String(decoding: marked(Array(text.utf8)), as: UTF8.self))
    case .array(let values): .array(values.map(marked))
    case .object(let members):
      .object(
        members.map { member in
          let name = String(decoding: marked(Array(member.name.utf8)), as: UTF8.self)
          return JSONValue.Member(name, marked(member.value))
        })
    default: value
    }
  }
}
