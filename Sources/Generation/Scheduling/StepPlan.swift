/// What to compute in one step: copies first, in order, then the entries, in any order.
public struct StepPlan: Sendable {
  /// A page to copy, because two sequences part within it.
  public struct Copy: Sendable, Hashable {
    /// Where the keys and values are.
    public var source: Int32
    /// Where they are needed as well.
    public var destination: Int32
    /// How many positions of the page are filled.
    public var positionCount: Int
  }

  /// Tokens of one sequence.
  public struct Entry: Sendable, Hashable {
    /// The sequence.
    public var sequence: SequenceID
    /// The tokens whose keys and values are to be written.
    public var tokens: [Int32]
    /// The first token's position; those before it are in the pages.
    public var firstPosition: Int
    /// The pages of all positions up to the last of `tokens`: position p is in
    /// `pages[p / pageSize]`, at `p % pageSize`.
    public var pages: [Int32]
    /// The sequences that get their next token from the logits after the last of `tokens`. None for
    /// a part of a prompt; several when the choices of a request begin.
    public var samples: [SequenceID]
    /// Whether the logits after the last token are needed.
    public var wantsLogits: Bool { !samples.isEmpty }
  }

  /// Pages to copy, before anything else.
  public var copies: [Copy] = []
  /// What to run.
  public var entries: [Entry] = []

  /// Tokens of all entries.
  public var tokenCount: Int { entries.reduce(0) { $0 + $1.tokens.count } }
}

/// What was chosen for a sequence that a plan's entry lists under `samples`.
public struct Sample: Sendable, Hashable {
  /// The sequence.
  public var sequence: SequenceID
  /// Its next token; nil when none could be chosen, which ends it.
  public var token: Int32?
  /// The caller's reason to end the sequence with this token.
  public var finish: FinishReason?

  /// A token, and whether it is the last one.
  public init(_ sequence: SequenceID, token: Int32?, finish: FinishReason? = nil) {
    self.sequence = sequence
    self.token = token
    self.finish = finish
  }
}
