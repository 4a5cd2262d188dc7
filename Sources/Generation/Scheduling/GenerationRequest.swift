/// A request, for as long as the scheduler lives.
public struct RequestID: Hashable, Sendable {
  /// Counts up from 1.
  public let value: UInt64
}

/// One of a request's choices: a sequence of tokens with pages of its own.
public struct SequenceID: Hashable, Sendable {
  /// The request.
  public let request: RequestID
  /// 0 for the first choice.
  public let choice: Int
}

/// What is to be generated, for whom.
public struct GenerationRequest: Sendable {
  /// From the caller's identity, never from a field of its message.
  public var tenant: String
  /// The prompt's tokens, at least one.
  public var prompt: [Int32]
  /// At most so many tokens are generated for each choice.
  public var generatedTokensMax: Int
  /// Sequences generated from the one prompt.
  public var choices = 1
  /// Higher goes first among the requests of the same tenant; between tenants it means nothing.
  public var priority = 0
  /// In nanoseconds of the clock that the scheduler is given; what is not done by then is ended.
  public var deadline: Int64?

  /// A request for one choice, without deadline.
  public init(tenant: String, prompt: [Int32], generatedTokensMax: Int) {
    self.tenant = tenant
    self.prompt = prompt
    self.generatedTokensMax = generatedTokensMax
  }
}

/// Why a sequence ended.
public enum FinishReason: Sendable, Hashable {
  /// A stop token, a stop string, or the end of a grammar: the caller said so.
  case stop
  /// As many tokens as were asked for.
  case length
  /// The caller cancelled the request.
  case cancelled
  /// The deadline passed.
  case deadline
  /// The caller could not choose a token.
  case failed
}

/// What a request used.
public struct GenerationUsage: Sendable, Hashable {
  /// Tokens of the prompt.
  public var promptTokens = 0
  /// Those of them whose keys and values were cached.
  public var cachedTokens = 0
  /// Tokens generated, all choices together.
  public var generatedTokens = 0

  /// Nothing yet.
  public init() {}

  /// What was used after `right`.
  public static func - (left: Self, right: Self) -> Self {
    var usage = left
    usage.promptTokens -= right.promptTokens
    usage.cachedTokens -= right.cachedTokens
    usage.generatedTokens -= right.generatedTokens
    return usage
  }
}

/// What happened to a request, in order.
public enum GenerationEvent: Sendable, Hashable {
  /// A sequence has one more token.
  case token(SequenceID, Int32)
  /// A sequence gets no more tokens.
  case sequenceFinished(SequenceID, FinishReason)
  /// All of a request's sequences are finished, and its id means nothing any more.
  case requestFinished(RequestID, GenerationUsage)
}
