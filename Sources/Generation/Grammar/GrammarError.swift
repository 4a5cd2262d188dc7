/// Why a grammar is refused, or can't go on.
public struct GrammarError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of mistake it is.
  public enum Code: Sendable, Hashable {
    /// Not a schema or a pattern.
    case malformed
    /// A keyword or construct that is not supported; it is named.
    case unsupported
    /// It takes more than a limit allows; the limit is named.
    case tooComplex
    /// It allows no text at all.
    case nothingAllowed
    /// A token that the mask does not have.
    case wrongToken
  }

  /// The kind.
  public var code: Code
  /// What was expected and what came, and where in the schema or pattern.
  public var message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The sentence.
  public var description: String { message }

  static func limit(_ name: String, _ expected: Int, _ what: String) -> GrammarError {
    GrammarError(.tooComplex, "expected at most \(expected) \(what) (\(name)), got more")
  }
}

/// How much a grammar may take.
public struct GrammarLimits: Sendable, Hashable {
  /// Bytes of a schema or a pattern.
  public var sourceBytesMax = 65_536
  /// States of the compiled grammar, of some 100 bytes. A counted repetition takes as many as its
  /// largest count.
  public var statesMax = 65_536
  /// Schemas or groups inside each other.
  public var nestingMax = 64
  /// Values inside each other in the text that is generated; deeper ones are not allowed to begin.
  /// Readers, as ours, end at 64.
  public var depthMax = 64
  /// Places of the grammar that a text may be at, at once: an ambiguous grammar has many.
  public var positionsMax = 2_048
  /// States of the deterministic automaton that are remembered, of some 300 bytes. When there are
  /// more, all but those in use are forgotten and made again.
  public var automatonStatesMax = 16_384
  /// Masks that are remembered: 32 KiB each for a vocabulary of 262,144.
  public var masksMax = 128

  /// The defaults.
  public init() {}
}
