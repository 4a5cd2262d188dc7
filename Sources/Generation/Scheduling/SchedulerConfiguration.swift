/// How much a scheduler runs at once and how much it lets wait. All sizes are counted before
/// anything is allocated.
public struct SchedulerConfiguration: Sendable, Hashable {
  /// Positions in a page of the key/value cache.
  public static let pageSize = PageCache.pageSize

  /// Pages of the key/value cache, all sequences together.
  public var pageCount: Int
  /// Positions a sequence may have: the model's context.
  public var contextMax: Int
  /// Tokens in one step. 512 keep matrix products at their full speed.
  public var tokensPerStepMax = 512
  /// How long a step with parts of prompts may take, as a multiple of what the next tokens of its
  /// lightest tenant take alone. More make prompts faster and everybody's next token later.
  public var promptStretchMax = 3.0
  /// The same for next tokens of several tenants.
  public var tenantStretchMax = 2.0
  /// How long a step may take while another model's next tokens wait for it, as a multiple of what
  /// those take alone.
  public var neighbourStretchMax = 2.0
  /// What parts of prompts get in any case, as a multiple of the time of a step's next tokens: many
  /// streams of many tenants do not keep another's prompt from being read.
  public var promptShareMin = 0.5
  /// A prompt of which at most so many tokens are not cached is short: where its tenant is alone, it is read
  /// whole beside the tenant's own next tokens, however long they wait. 0: none is.
  public var shortPromptTokensMax = 256
  /// How many tokens of short prompts may be read like that one after another: a step as long as one
  /// without next tokens. After that, they have half of the time.
  public var shortPromptBurstMax = 512
  /// How much work a token is, by its position.
  public var work = TokenWork()
  /// Sequences that hold pages at a time. Weights are read once a step for all of them; beyond 64
  /// the keys and values read outweigh them.
  public var sequencesMax = 64
  /// Requests that wait, run or are paused, together: beyond a thousand a client waits longer than
  /// it is willing to, and is better told at once.
  public var requestsMax = 1_024
  /// The same for one tenant, so that it can't take the places of all others.
  public var requestsPerTenantMax = 256
  /// Choices of one request.
  public var choicesMax = 16
  /// What a tenant is charged for a unit of work (`TokenWork`) of a prompt's token and of a generated
  /// one. Generated ones are dearer because each takes a step of its own (Sheng et al., Fairness in
  /// Serving Large Language Models, 2024, use 1 and 2).
  public var promptTokenCost = 1_000.0
  /// See `promptTokenCost`.
  public var generatedTokenCost = 2_000.0

  /// The defaults, for a cache of `pageCount` pages and a model with `contextMax` positions.
  public init(pageCount: Int, contextMax: Int) {
    self.pageCount = pageCount
    self.contextMax = contextMax
  }

  /// What a tenant that used little may be ahead of the others when it comes back: its next
  /// prompts go first, but not for ever.
  var creditMax: UInt64 {
    UInt64(Double(tokensPerStepMax) * 16 * max(promptTokenCost, generatedTokenCost))
  }

  /// Throws what does not fit together.
  func validate() throws(SchedulerError) {
    func expect(_ condition: Bool, _ expected: String, _ got: Int) throws(SchedulerError) {
      guard condition else {
        throw SchedulerError(.invalidArgument, "expected \(expected), got \(got)")
      }
    }
    try expect((1...Int(Int32.max)).contains(pageCount), "at least one page", pageCount)
    try expect(contextMax > 0, "a context of at least one position", contextMax)
    try expect(sequencesMax > 0, "at least one sequence at a time", sequencesMax)
    // Every running sequence gets its next token in every step, and prompts still go on.
    try expect(
      tokensPerStepMax >= sequencesMax + Self.pageSize,
      "at least \(sequencesMax + Self.pageSize) tokens a step for \(sequencesMax) sequences",
      tokensPerStepMax)
    try expect(
      shortPromptTokensMax >= 0 && shortPromptBurstMax >= 0,
      "no fewer than 0 tokens of short prompts",
      min(shortPromptTokensMax, shortPromptBurstMax))
    try expect(requestsMax > 0, "room for at least one request", requestsMax)
    try expect(requestsPerTenantMax > 0, "room for a request of a tenant", requestsPerTenantMax)
    try expect(choicesMax > 0, "at least one choice", choicesMax)
  }
}

/// Why a request or a configuration is refused.
public struct SchedulerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What the caller may do about it.
  public enum Code: Sendable, Hashable {
    /// It can never be served as it is.
    case invalidArgument
    /// Later, it may be served.
    case resourceExhausted
  }

  /// The kind.
  public var code: Code
  /// What was expected and what came.
  public var message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The sentence.
  public var description: String { message }
}
