/// What a caller asks of a generation, besides the prompt.
public struct GenerationParameters: Sendable {
  /// What a text must be.
  public enum Constraint: Sendable, Hashable {
    case jsonSchema(String), regex(String), jsonObject
  }

  /// Tokens when a request does not say how many: a few paragraphs, as far as the context goes.
  public static let tokensDefault = 256

  /// At most so many tokens are generated for each choice; nil: `tokensDefault`, or as many as the
  /// prompt leaves of the context.
  public var maxTokens: Int?
  /// How tokens are chosen.
  public var sampling = SamplingParameters()
  /// The text ends before the first of these.
  public var stop: [String] = []
  /// How many texts.
  public var choices = 1
  /// What the text must be.
  public var constraint: Constraint?
  /// Higher goes first among the requests of the same tenant.
  public var priority = 0
  /// In nanoseconds of the loop's clock.
  public var deadline: Int64?

  /// One text of a few paragraphs.
  public init() {}
}

/// A piece of one of a request's texts.
public struct GenerationDelta: Sendable {
  /// The choice it belongs to.
  public var choice: Int
  /// May be empty: a token that only begins a character, or what could become a stop text.
  public var text = ""
  /// The tokens that were chosen.
  public var tokens: [SampledToken] = []
  /// In the last piece of a choice.
  public var finish: FinishReason?
  /// Why a choice failed, in the last piece of it.
  public var failure: GenerationError?
  /// In the last piece of all.
  public var usage: GenerationUsage?
}

/// Why a request for generation is refused.
public struct GenerationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What the caller may do about it.
  public enum Code: Sendable, Hashable {
    /// It can never be served as it is.
    case invalidArgument
    /// Later, it may be served.
    case resourceExhausted
    /// The model has not what it takes.
    case unsupported
    /// What was asked for is right; what the model computes is not.
    case failed
  }

  /// The kind.
  public let code: Code
  /// What was expected and what came.
  public let message: String

  init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

  /// The sentence.
  public var description: String { message }
}
