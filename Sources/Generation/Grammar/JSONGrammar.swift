/// The rules of JSON texts (RFC 8259), as far as generated ones need them: spaces where people write
/// them, numbers of the size that readers agree on.
struct JSONGrammar {
  private(set) var rules: [GrammarExpression]
  let root = 0
  /// Any text, any number, any value, spaces.
  let string = GrammarExpression.rule(2)
  let character = GrammarExpression.rule(3)
  let number = GrammarExpression.rule(4)
  let value = GrammarExpression.rule(5)
  let object = GrammarExpression.rule(6)
  let array = GrammarExpression.rule(7)
  let integer = GrammarExpression.rule(8)
  private static let space = GrammarExpression.rule(1)

  init() {
    rules = Array(repeating: .nothing, count: 9)
    // One space, or a new line with as much before the next word as eight levels need: without a
    // bound a model may write spaces for ever.
    rules[1] = .optional(
      .choice([
        .text(" "), .sequence([.text("\n"), .repetition(.set(" \t"), min: 0, max: 32)]),
      ]))
    rules[2] = Self.quoted(.repetition(character, min: 0, max: nil))
    rules[3] = .choice([.scalar(Self.plain), Self.anyEscape])
    rules[4] = .sequence([
      .optional(.text("-")), Self.wholeNumber, .optional(Self.fraction), .optional(Self.exponent),
    ])
    rules[5] = .choice([
      string, number, object, array, .text("true"), .text("false"), .text("null"),
    ])
    rules[6] = members([], additional: member(string, value))
    rules[7] = brackets([], items: value, min: 0, max: nil)
    rules[8] = .sequence([.optional(.text("-")), Self.wholeNumber])
  }

  mutating func addRule(_ expression: GrammarExpression) -> GrammarExpression {
    rules.append(expression)
    return .rule(rules.count - 1)
  }

  mutating func setRule(_ rule: Int, _ expression: GrammarExpression) { rules[rule] = expression }

  // MARK: - Containers

  private var colon: GrammarExpression { .sequence([.text(":"), Self.space]) }
  private var comma: GrammarExpression { .sequence([.text(","), Self.space]) }

  func member(_ name: GrammarExpression, _ value: GrammarExpression) -> GrammarExpression {
    .sequence([name, colon, value])
  }

  /// Members in the order given, those that are not required or left out, then any number of others.
  /// Two chains of rules: before the first member there is no comma.
  mutating func members(
    _ members: [(GrammarExpression, isRequired: Bool)], additional: GrammarExpression?
  ) -> GrammarExpression {
    var first = GrammarExpression.empty
    var next = GrammarExpression.empty
    if let additional {
      let other = addRule(additional)
      next = addRule(.repetition(.sequence([comma, other]), min: 0, max: nil))
      first = addRule(.optional(.sequence([other, next])))
    }
    for (member, isRequired) in members.reversed() {
      let own = addRule(member)
      let begun = GrammarExpression.sequence([own, next])
      let more = GrammarExpression.sequence([comma, own, next])
      first = addRule(isRequired ? begun : .choice([begun, first]))
      next = addRule(isRequired ? more : .choice([more, next]))
    }
    return .sequence([.text("{"), Self.space, first, Self.space, .text("}")])
  }

  /// `prefix` values, as many of them as `min` requires at least, then `items`.
  mutating func brackets(
    _ prefix: [GrammarExpression], items: GrammarExpression?, min: Int, max: Int?
  ) -> GrammarExpression {
    let limit = items == nil ? Swift.min(max ?? prefix.count, prefix.count) : max
    guard limit ?? .max >= min else { return .nothing }
    if limit == 0 { return .sequence([.text("["), Self.space, .text("]")]) }
    // What follows the first values: built from the end.
    let usedPrefix = prefix.prefix(limit ?? prefix.count)
    var rest = GrammarExpression.empty
    if let items {
      let count = usedPrefix.count
      let least = Swift.max(0, min - Swift.max(count, 1))
      let most = limit.map { Swift.max(0, $0 - Swift.max(count, 1)) }
      rest = .repetition(.sequence([comma, items]), min: least, max: most)
    }
    for index in usedPrefix.indices.dropFirst().reversed() {
      let more = GrammarExpression.sequence([comma, usedPrefix[index], rest])
      rest = addRule(index < min ? more : .optional(more))
    }
    let first = usedPrefix.first ?? items!
    let all = GrammarExpression.sequence([first, rest, Self.space])
    return .sequence([.text("["), Self.space, min > 0 ? all : .optional(all), .text("]")])
  }

  // MARK: - Texts

  static func quoted(_ content: GrammarExpression) -> GrammarExpression {
    .sequence([.text("\""), content, .text("\"")])
  }

  /// What stands for itself.
  static let plain = CodepointSet(ranges: [0...0x1F]).union(CodepointSet("\"\\")).inverted

  private static let shortEscapes: [(UInt32, String)] = [
    (8, "b"), (9, "t"), (10, "n"), (12, "f"), (13, "r"), (34, "\""), (92, "\\"),
  ]

  /// The characters of a set as they are written within quotes.
  static func escaped(_ set: CodepointSet) -> GrammarExpression {
    var parts: [GrammarExpression] = []
    let unescaped = set.subtracting(plain.inverted)
    if !unescaped.isEmpty { parts.append(.scalar(unescaped)) }
    for scalar in 0...0x7F as ClosedRange<UInt32>
    where set.contains(scalar) && !plain.contains(scalar) {
      if let short = shortEscapes.first(where: { $0.0 == scalar }) {
        parts.append(.text("\\\(short.1)"))
      } else {
        parts.append(.text("\\u00" + (scalar < 16 ? "0" : "") + String(scalar, radix: 16)))
      }
    }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  /// `\n`, `\u00e4`; surrogates in pairs only.
  private static var anyEscape: GrammarExpression {
    let hex = GrammarExpression.set("0123456789abcdefABCDEF")
    func digits(_ count: Int) -> GrammarExpression { .repetition(hex, min: count, max: count) }
    let high = GrammarExpression.sequence([.set("dD"), .set("89abAB"), digits(2)])
    let low = GrammarExpression.sequence([.set("dD"), .set("cdefCDEF"), digits(2)])
    return .sequence([
      .text("\\"),
      .choice([
        .set("\"\\/bfnrt"),
        .sequence([
          .text("u"),
          .choice([
            .sequence([.set("0123456789abcefABCEF"), digits(3)]),
            .sequence([.set("dD"), .set("01234567"), digits(2)]),
            .sequence([high, .text("\\u"), low]),
          ]),
        ]),
      ]),
    ])
  }

  // MARK: - Numbers

  static let digit = GrammarExpression.range("0"..."9")
  private static let nonzeroDigit = GrammarExpression.range("1"..."9")

  /// Of at most 18 digits: they fit 64 bits.
  static let digitsMax = 18
  private static let wholeNumber = GrammarExpression.choice([
    .text("0"), .sequence([nonzeroDigit, .repetition(digit, min: 0, max: digitsMax - 1)]),
  ])
  /// More digits do not change a double.
  static let fractionDigitsMax = 17
  static let fraction = fraction(digitsMax: fractionDigitsMax)

  /// A point and digits.
  static func fraction(digitsMax: Int) -> GrammarExpression {
    .sequence([.text("."), .repetition(digit, min: 1, max: digitsMax)])
  }

  /// A fraction that is more than nothing.
  static func positiveFraction(digitsMax: Int) -> GrammarExpression {
    .sequence([
      .text("."),
      .choice(
        (0..<digitsMax).map { zeros in
          .sequence([
            .text(String(repeating: "0", count: zeros)), nonzeroDigit,
            .repetition(digit, min: 0, max: digitsMax - 1 - zeros),
          ])
        }),
    ])
  }
  private static let exponent = GrammarExpression.sequence([
    .set("eE"), .optional(.set("+-")), .repetition(digit, min: 1, max: 2),
  ])
}

extension Grammar {
  /// Any JSON object.
  public static func anyJSONObject(
    limits: GrammarLimits = GrammarLimits()
  ) throws(GrammarError) -> Grammar {
    var json = JSONGrammar()
    json.setRule(json.root, json.object)
    return try Grammar(rules: json.rules, limits: limits)
  }
}
