internal import Generation
internal import JSON
internal import Tokenizers

/// What came of a request's choices and was not sent yet.
struct TextPieces {
  private(set) var texts: [String]
  /// Tokens with the logarithms of their probabilities, if those are wanted: entries of a JSON list.
  private var tokens: [[UInt8]]
  private var tokenCount = 0

  /// Tokens without any text after which they are sent all the same.
  private static let tokenCountMax = 64

  /// - Parameter beginning: what each text begins with.
  init(choices: Int, beginning: String = "") {
    texts = Array(repeating: beginning, count: choices)
    tokens = Array(repeating: [], count: choices)
  }

  /// Whether there is enough of it to be sent before the end.
  var isPiece: Bool { tokenCount >= Self.tokenCountMax || texts.contains { !$0.isEmpty } }

  /// For each choice the text of a JSON list.
  var logprobs: [[UInt8]] { tokens.map { [UInt8(ascii: "[")] + $0 + [UInt8(ascii: "]")] } }

  mutating func add(_ delta: GenerationDelta, _ model: LanguageModel) {
    texts[delta.choice] += delta.text
    for token in delta.tokens {
      guard let logprob = token.logprob else { continue }
      let alternatives = token.alternatives.map { Self.entry($0.token, $0.logprob, model) }
      let entry = JSONValue.object([
        .init("chosen", Self.entry(token.token, logprob, model)),
        .init("most_likely", .array(alternatives)),
      ])
      if !tokens[delta.choice].isEmpty { tokens[delta.choice].append(UInt8(ascii: ",")) }
      tokens[delta.choice] += entry.serialized()
      tokenCount += 1
    }
  }

  /// A token may be a part of a character: such a one has its bytes instead of a text.
  private static func entry(
    _ token: Int32, _ logprob: Float, _ model: LanguageModel
  ) -> JSONValue {
    let bytes = model.tokenizer.bytes(of: token)
    let text: JSONValue.Member =
      if let text = String(validating: bytes, as: UTF8.self) {
        .init("text", .string(text))
      } else {
        .init("bytes", .array(bytes.map { .integer(Int64($0)) }))
      }
    // The shortest digits that are this number in single precision.
    let number = Double(logprob.description) ?? Double(logprob)
    return .object([
      .init("token", .integer(Int64(token))), .init("logprob", .real(number)), text,
    ])
  }
}
