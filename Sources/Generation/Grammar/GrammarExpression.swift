/// What a text may be: a regular expression that may also call rules, which may call each other.
indirect enum GrammarExpression: Sendable {
  /// Exactly these bytes; none at all is the empty text.
  case bytes([UInt8])
  /// One Unicode scalar of a set.
  case scalar(CodepointSet)
  /// One after the other.
  case sequence([GrammarExpression])
  /// Any one of them; of none, nothing is allowed.
  case choice([GrammarExpression])
  /// So many times; without an upper bound any number.
  case repetition(GrammarExpression, min: Int, max: Int?)
  /// What the rule of this number allows.
  case rule(Int)

  static let empty = GrammarExpression.bytes([])
  static let nothing = GrammarExpression.choice([])

  static func text(_ text: String) -> GrammarExpression { .bytes(Array(text.utf8)) }
  static func set(_ scalars: String) -> GrammarExpression { .scalar(CodepointSet(scalars)) }
  static func range(_ range: ClosedRange<Unicode.Scalar>) -> GrammarExpression {
    .scalar(CodepointSet(ranges: [range.lowerBound.value...range.upperBound.value]))
  }
  static func optional(_ expression: GrammarExpression) -> GrammarExpression {
    .repetition(expression, min: 0, max: 1)
  }

  /// The same with other texts for scalars.
  func mapScalars(_ transform: (CodepointSet) -> GrammarExpression) -> GrammarExpression {
    switch self {
    case .bytes, .rule: self
    case .scalar(let set): transform(set)
    case .sequence(let parts): .sequence(parts.map { $0.mapScalars(transform) })
    case .choice(let parts): .choice(parts.map { $0.mapScalars(transform) })
    case .repetition(let part, let min, let max):
      .repetition(part.mapScalars(transform), min: min, max: max)
    }
  }
}
