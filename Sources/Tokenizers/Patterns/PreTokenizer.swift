/// Cuts a text into pieces that no token crosses.
public indirect enum PreTokenizer: Sendable, Hashable {
  /// At the matches of a regular expression.
  case split(pattern: String, SplitBehavior, isInverted: Bool = false)
  /// A space before every piece that does not begin with one.
  case prefixSpace
  /// Spaces become `replacement`, which begins the piece it stands in.
  case metaspace(replacement: String, prepends: PrependScheme, splits: Bool)
  /// One after the other.
  case sequence([PreTokenizer])

  /// When ``metaspace(replacement:prepends:splits:)`` sets its character before a piece.
  public enum PrependScheme: String, Sendable, Hashable, CaseIterable {
    /// Before each.
    case always
    /// Before the one at the beginning of the whole text.
    case first
    /// Never.
    case never
  }

  /// GPT-2's pattern, which byte-level tokenizers use unless they say otherwise.
  public static let gpt2 = PreTokenizer.split(pattern: Patterns.gpt2, .isolated)
  /// At white space, which is left out.
  public static let whitespaceSplit = PreTokenizer.split(pattern: #"\s+"#, .removed)
  /// Words and runs of punctuation.
  public static let whitespace = PreTokenizer.split(
    pattern: #"[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200c}\x{200d}]+"#
      + #"|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200c}\x{200d}\s]+"#, .removed, isInverted: true)
  /// BERT's: at white space and around punctuation.
  public static let bert = PreTokenizer.sequence([
    whitespaceSplit, .split(pattern: Patterns.punctuation, .isolated),
  ])
}

/// A pre-tokenizer ready to run.
struct CompiledPreTokenizer: Sendable {
  private enum Step: Sendable {
    case split(Split)
    case prefixSpace
    case metaspace([UInt8], PreTokenizer.PrependScheme)
  }

  private var steps: [Step] = []

  init(_ description: PreTokenizer?) throws(TokenizerError) {
    if let description { try add(description) }
  }

  private mutating func add(_ description: PreTokenizer) throws(TokenizerError) {
    guard steps.count < Tokenizer.stepsMax else {
      throw TokenizerError(
        .limitReached, "expected at most \(Tokenizer.stepsMax) steps of a pre-tokenizer, got more")
    }
    switch description {
    case .split(let pattern, let behavior, let isInverted):
      steps.append(
        .split(Split(pattern: try Pattern(pattern), behavior: behavior, isInverted: isInverted)))
    case .prefixSpace: steps.append(.prefixSpace)
    case .metaspace(let replacement, let scheme, let splits):
      guard (1...4).contains(replacement.utf8.count) else {
        throw TokenizerError(
          .invalidDescription, "expected one character that stands for a space, got others")
      }
      steps.append(.metaspace(Array(replacement.utf8), scheme))
      if splits {
        let pattern = try Pattern(PatternSource.quoted(replacement))
        steps.append(
          .split(Split(pattern: pattern, behavior: .mergedWithNext, isInverted: false)))
      }
    case .sequence(let parts): for part in parts { try add(part) }
    }
  }

  /// The pieces of a text. `isFirst`: whether it is the beginning of what is encoded.
  func pieces(of text: [UInt8], isFirst: Bool) throws(TokenizerError) -> Pieces {
    var pieces = Pieces(text)
    for step in steps {
      switch step {
      case .split(let split): try split.apply(to: &pieces)
      case .prefixSpace:
        pieces.rewrite { piece, result in
          if piece.first != UInt8(ascii: " ") { result.append(UInt8(ascii: " ")) }
          result.append(contentsOf: piece)
        }
      case .metaspace(let replacement, let scheme):
        pieces.rewrite { piece, result in
          let start = result.count
          let prepends = scheme == .always || scheme == .first && isFirst && start == 0
          if prepends, piece.first != UInt8(ascii: " "), !piece.starts(with: replacement) {
            result.append(contentsOf: replacement)
          }
          for byte in piece {
            if byte == UInt8(ascii: " ") {
              result.append(contentsOf: replacement)
            } else {
              result.append(byte)
            }
          }
        }
      }
    }
    return pieces
  }
}
