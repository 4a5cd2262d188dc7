/// Why a tokenizer is refused, or a text.
public struct TokenizerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of mistake it is.
  public enum Code: Sendable, Hashable {
    /// The description contradicts itself, or lacks a part.
    case invalidDescription
    /// A kind of model, pre-tokenizer, normalizer or decoder that is not known here.
    case unsupported
    /// A pattern that PCRE2 does not compile.
    case invalidPattern
    /// A text that is not UTF-8.
    case invalidUTF8
    /// A pattern needed more steps than one match may take, or a text has too many bytes.
    case limitReached
    /// A token of the text is not in the vocabulary, and nothing stands for unknown ones.
    case unknownToken
    /// Nobody wants the tokens any more.
    case interrupted
  }

  /// The kind.
  public var code: Code
  /// What was expected and what came. Never the text.
  public var message: String

  /// An error with its sentence.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The sentence.
  public var description: String { message }
}
