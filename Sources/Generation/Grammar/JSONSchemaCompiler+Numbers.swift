internal import JSON

extension JSONSchemaCompiler {
  /// One end of a range.
  private struct Bound {
    var value: Int64
    var isExclusive: Bool
  }

  /// The largest magnitude that is generated.
  private static let most: Int64 = 999_999_999_999_999_999

  func number(_ schema: JSONValue, _ path: String, isInteger: Bool) throws(GrammarError)
    -> GrammarExpression
  {
    let low = try bound("minimum", "exclusiveMinimum", schema, path, isInteger, .up)
    let high = try bound("maximum", "exclusiveMaximum", schema, path, isInteger, .down)
    guard low != nil || high != nil else { return isInteger ? json.integer : json.number }
    let from = low ?? Bound(value: -Self.most, isExclusive: false)
    let to = high ?? Bound(value: Self.most, isExclusive: false)
    var parts: [GrammarExpression] = []
    // Below zero, mirrored; zero itself is written without a sign.
    if from.value < 0 {
      var end = Bound(value: -to.value, isExclusive: to.isExclusive)
      if to.value >= 0 { end = Bound(value: 0, isExclusive: true) }
      let mirrored = Bound(value: -from.value, isExclusive: from.isExclusive)
      parts.append(.sequence([.text("-"), Self.magnitude(end, mirrored, isInteger)]))
    }
    if to.value >= 0 {
      let start = from.value >= 0 ? from : Bound(value: 0, isExclusive: false)
      parts.append(Self.magnitude(start, to, isInteger))
    }
    return .choice(parts)
  }

  private enum Rounding { case up, down }

  /// The tighter of the two forms. Integers may have any bounds; others whole ones, because the
  /// digits of a fraction would have to be compared.
  private func bound(
    _ inclusive: String, _ exclusive: String, _ schema: JSONValue, _ path: String,
    _ isInteger: Bool, _ rounding: Rounding
  ) throws(GrammarError) -> Bound? {
    var result: Bound?
    for (keyword, isExclusive) in [(inclusive, false), (exclusive, true)] {
      guard let value = schema[keyword] else { continue }
      var bound: Bound
      switch value {
      case .integer(let number):
        bound = Bound(value: number, isExclusive: isExclusive)
        // Whole numbers beyond 7 are those from 8 on.
        if isInteger, isExclusive, abs(number / 2) < Self.most {
          bound = Bound(value: number + (rounding == .up ? 1 : -1), isExclusive: false)
        }
      case .real(let number):
        let rounded = number.rounded(rounding == .up ? .up : .down)
        guard isInteger || rounded == number else {
          throw unsupported("the bound of '\(keyword)', which is not whole,", path)
        }
        guard let whole = Int64(exactly: rounded) else {
          throw unsupported("the bound of '\(keyword)', which is too large,", path)
        }
        let isReached = isExclusive && rounded == number
        bound = Bound(
          value: isInteger && isReached ? whole &+ (rounding == .up ? 1 : -1) : whole,
          isExclusive: !isInteger && isReached)
      default: throw malformed("a number for '\(keyword)'", value, path)
      }
      guard (-Self.most...Self.most).contains(bound.value) else {
        throw unsupported("the bound of '\(keyword)', which has more than 18 digits,", path)
      }
      guard let other = result else {
        result = bound
        continue
      }
      let isTighter = rounding == .up ? bound.value >= other.value : bound.value <= other.value
      if isTighter { result = bound }
    }
    return result
  }

  /// Numbers from `low` to `high`, neither of them negative.
  private static func magnitude(_ low: Bound, _ high: Bound, _ isInteger: Bool) -> GrammarExpression
  {
    let first = low.value + (isInteger && low.isExclusive ? 1 : 0)
    let last = high.value - (isInteger && high.isExclusive ? 1 : 0)
    if isInteger { return first <= last ? whole(first, last) : .nothing }
    guard low.value <= high.value else { return .nothing }
    var parts: [GrammarExpression] = []
    // Whole parts below the upper bound may have any fraction, but beside a bound that is not reached no digits that a
    // double has no room for: it would round to the bound.
    let topDigits =
      high.isExclusive ? fractionDigits(beside: high.value) : JSONGrammar.fractionDigitsMax
    if low.value < high.value {
      let ends = low.value + 1 == high.value ? topDigits : JSONGrammar.fractionDigitsMax
      let own = whole(low.value, low.value)
      if !low.isExclusive {
        parts.append(withFraction(own, ends))
      } else if case let most = min(ends, fractionDigits(beside: low.value)), most > 0 {
        parts.append(.sequence([own, JSONGrammar.positiveFraction(digitsMax: most)]))
      }
    }
    if low.value + 1 < high.value {
      let isApart = topDigits < JSONGrammar.fractionDigitsMax
      if !isApart || low.value + 2 < high.value {
        parts.append(withFraction(whole(low.value + 1, high.value - (isApart ? 2 : 1))))
      }
      if isApart { parts.append(withFraction(whole(high.value - 1, high.value - 1), topDigits)) }
    }
    if !high.isExclusive, low.value < high.value || !low.isExclusive {
      parts.append(whole(high.value, high.value))
    }
    return .choice(parts)
  }

  private static func withFraction(
    _ whole: GrammarExpression, _ digitsMax: Int = JSONGrammar.fractionDigitsMax
  ) -> GrammarExpression {
    guard digitsMax > 0 else { return whole }
    return .sequence([whole, .optional(JSONGrammar.fraction(digitsMax: digitsMax))])
  }

  /// How many digits of a fraction a double has room for beside a whole number.
  private static func fractionDigits(beside whole: Int64) -> Int {
    let step = Double(whole).ulp
    var digits = 0
    var unit = 0.1
    while digits < JSONGrammar.fractionDigitsMax, unit > step {
      digits += 1
      unit /= 10
    }
    return digits
  }

  /// Whole numbers from `low` to `high`, neither of them negative, by their number of digits.
  private static func whole(_ low: Int64, _ high: Int64) -> GrammarExpression {
    var parts: [GrammarExpression] = []
    var first = low
    while first <= high {
      // The last one with as many digits.
      let count = String(first).utf8.count
      let last = min(high, count > 17 ? most : Int64(String(repeating: "9", count: count))!)
      parts.append(digits(Array(String(first).utf8)[...], Array(String(last).utf8)[...]))
      first = last + 1
    }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  /// Digits between two texts of the same length.
  private static func digits(_ low: ArraySlice<UInt8>, _ high: ArraySlice<UInt8>)
    -> GrammarExpression
  {
    guard let a = low.first, let b = high.first else { return .empty }
    func digit(_ first: UInt8, _ last: UInt8) -> GrammarExpression {
      .scalar(CodepointSet(ranges: [UInt32(first)...UInt32(last)]))
    }
    let (lowRest, highRest) = (low.dropFirst(), high.dropFirst())
    if a == b { return .sequence([digit(a, a), digits(lowRest, highRest)]) }
    let zeros = Array(repeating: UInt8(ascii: "0"), count: lowRest.count)[...]
    let nines = Array(repeating: UInt8(ascii: "9"), count: lowRest.count)[...]
    let any = GrammarExpression.repetition(
      JSONGrammar.digit, min: lowRest.count, max: lowRest.count)
    // The ends are among the middle when all digits may follow them.
    let from = lowRest.elementsEqual(zeros) ? a : a + 1
    let to = highRest.elementsEqual(nines) ? b : b - 1
    var parts: [GrammarExpression] = []
    if from != a { parts.append(.sequence([digit(a, a), digits(lowRest, nines)])) }
    if from <= to { parts.append(.sequence([digit(from, to), any])) }
    if to != b { parts.append(.sequence([digit(b, b), digits(zeros, highRest)])) }
    return .choice(parts)
  }
}
