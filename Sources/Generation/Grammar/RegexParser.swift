/// Reads a regular expression: ECMAScript's syntax with its `u` flag, without what is not regular.
///
/// Literals, `.`, classes `[a-z]` and `[^…]`, `\d \w \s \D \W \S`, the escapes of ECMAScript, groups
/// (`(…)`, `(?:…)`, named ones), `|`, `* + ? {n} {n,} {n,m}` also with a `?` behind (which changes
/// which match is found, not what matches), and `^` and `$` at the beginning and end of an
/// alternative. Anything else is an error that names it.
struct RegexParser {
  /// A pattern's alternatives with their anchors.
  struct Pattern {
    struct Alternative {
      var expression: GrammarExpression
      var isAnchoredAtStart: Bool
      var isAnchoredAtEnd: Bool
    }
    var alternatives: [Alternative]

    /// The text as a whole matches.
    var whole: GrammarExpression { .choice(alternatives.map(\.expression)) }

    /// The text has a match in it.
    var somewhere: GrammarExpression {
      let any = GrammarExpression.repetition(.scalar(.all), min: 0, max: nil)
      return .choice(
        alternatives.map {
          .sequence(
            ($0.isAnchoredAtStart ? [] : [any]) + [$0.expression]
              + ($0.isAnchoredAtEnd ? [] : [any]))
        })
    }
  }

  /// Repetitions beyond it are refused before they are spelt out.
  private static let countMax = 65_536

  private let scalars: [Unicode.Scalar]
  private let limits: GrammarLimits
  private var index = 0
  private var nesting = 0

  init(_ pattern: String, limits: GrammarLimits) throws(GrammarError) {
    self.limits = limits
    guard pattern.utf8.count <= limits.sourceBytesMax else {
      throw .limit("grammar sourceBytesMax", limits.sourceBytesMax, "bytes of a pattern")
    }
    scalars = Array(pattern.unicodeScalars)
  }

  mutating func parse() throws(GrammarError) -> Pattern {
    var alternatives: [Pattern.Alternative] = []
    repeat {
      let start = skip("^")
      let expression = try sequence()
      let end = skip("$")
      alternatives.append(
        Pattern.Alternative(
          expression: expression, isAnchoredAtStart: start, isAnchoredAtEnd: end))
    } while skip("|")
    guard index == scalars.count else {
      throw peek == ")"
        ? malformed("a group to close") : unsupported("an anchor within an alternative")
    }
    return Pattern(alternatives: alternatives)
  }

  // MARK: - Structure

  private mutating func choice() throws(GrammarError) -> GrammarExpression {
    var parts = [try sequence()]
    while skip("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence() throws(GrammarError) -> GrammarExpression {
    var parts: [GrammarExpression] = []
    while let next = peek, next != "|", next != ")", next != "^", next != "$" {
      parts.append(try quantified(try atom()))
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func quantified(_ atom: GrammarExpression) throws(GrammarError)
    -> GrammarExpression
  {
    let count: (Int, Int?)
    if skip("*") {
      count = (0, nil)
    } else if skip("+") {
      count = (1, nil)
    } else if skip("?") {
      count = (0, 1)
    } else if skip("{") {
      count = try counts()
    } else {
      return atom
    }
    _ = skip("?")
    if let next = peek, "*+?{".unicodeScalars.contains(next) {
      throw malformed("one quantifier, not two")
    }
    return .repetition(atom, min: count.0, max: count.1)
  }

  private mutating func counts() throws(GrammarError) -> (Int, Int?) {
    let min = try number()
    var max: Int? = min
    if skip(",") { max = peek == "}" ? nil : try number() }
    guard skip("}") else { throw malformed("} after a count") }
    if let max, max < min { throw malformed("counts in order, as {2,5}", got: "{\(min),\(max)}") }
    return (min, max)
  }

  private mutating func number() throws(GrammarError) -> Int {
    var value: Int?
    while let next = peek, ("0"..."9").contains(next) {
      value = (value ?? 0) * 10 + Int(next.value - 48)
      guard value! <= Self.countMax else {
        throw GrammarError(.tooComplex, "expected counts of at most \(Self.countMax), got more")
      }
      index += 1
    }
    guard let value else { throw malformed("a number in a quantifier") }
    return value
  }

  private mutating func atom() throws(GrammarError) -> GrammarExpression {
    let next = scalars[index]
    index += 1
    switch next {
    case "(": return try group()
    case "[": return .scalar(try characterClass())
    case ".": return .scalar(CodepointSet("\n\r\u{2028}\u{2029}").inverted)
    case "\\": return .scalar(try escape(inClass: false))
    case "*", "+", "?", "{":
      throw malformed("something to repeat before \(next)", got: "'\(next)' alone")
    case "]", "}": throw malformed("\\\(next) for the character itself", got: "'\(next)'")
    default: return .scalar(CodepointSet(ranges: [next.value...next.value]))
    }
  }

  private mutating func group() throws(GrammarError) -> GrammarExpression {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= limits.nestingMax else {
      throw .limit("grammar nestingMax", limits.nestingMax, "groups inside each other")
    }
    if skip("?") {
      if skip("<") {
        if peek == "=" || peek == "!" { throw unsupported("lookbehind") }
        while let next = peek, next != ">" { index += next == ")" ? scalars.count : 1 }
        guard skip(">") else { throw malformed("> after a group's name") }
      } else if peek == "=" || peek == "!" {
        throw unsupported("lookahead")
      } else if !skip(":") {
        throw unsupported("flags of a group")
      }
    }
    let inner = try choice()
    if peek == "^" || peek == "$" { throw unsupported("an anchor within a group") }
    guard skip(")") else { throw malformed(") at the end of a group") }
    return inner
  }

  // MARK: - Characters

  private mutating func characterClass() throws(GrammarError) -> CodepointSet {
    let isInverted = skip("^")
    var ranges: [ClosedRange<UInt32>] = []
    while !skip("]") {
      let low = try classMember()
      guard low.single != nil, peek == "-", index + 1 < scalars.count, scalars[index + 1] != "]"
      else {
        ranges += low.set.ranges
        continue
      }
      index += 1
      let high = try classMember()
      guard let first = low.single, let last = high.single, first <= last else {
        throw malformed(
          "a range of characters in order, as a-z",
          got: "one that ends before it begins, or in a class")
      }
      ranges.append(first...last)
    }
    let set = CodepointSet(ranges: ranges)
    return isInverted ? set.inverted : set
  }

  private mutating func classMember() throws(GrammarError) -> (set: CodepointSet, single: UInt32?) {
    guard let next = peek else { throw malformed("] at the end of a class") }
    index += 1
    guard next == "\\" else {
      return (CodepointSet(ranges: [next.value...next.value]), next.value)
    }
    let set = try escape(inClass: true)
    let single = set.ranges.count == 1 && set.ranges[0].count == 1
    return (set, single ? set.ranges[0].lowerBound : nil)
  }

  private mutating func escape(inClass: Bool) throws(GrammarError) -> CodepointSet {
    guard let next = peek else { throw malformed("a character after \\") }
    index += 1
    func one(_ value: UInt32) -> CodepointSet { CodepointSet(ranges: [value...value]) }
    switch next {
    case "d": return Self.digits
    case "D": return Self.digits.inverted
    case "w": return Self.word
    case "W": return Self.word.inverted
    case "s": return Self.space
    case "S": return Self.space.inverted
    case "t": return one(9)
    case "n": return one(10)
    case "v": return one(11)
    case "f": return one(12)
    case "r": return one(13)
    case "0":
      if let next = peek, ("0"..."9").contains(next) { throw unsupported("octal escapes") }
      return one(0)
    case "b":
      guard inClass else { throw unsupported("\\b") }
      return one(8)
    case "x": return one(try hexadecimal(2))
    case "u":
      guard skip("{") else { return one(try scalar(try hexadecimal(4))) }
      var value: UInt32 = 0
      while let digit = peek.flatMap(Self.hexadecimalValue) {
        value = value << 4 | digit
        index += 1
        guard value <= CodepointSet.last else { break }
      }
      guard skip("}") else { throw malformed("\\u{…} with a Unicode scalar") }
      return one(try scalar(value))
    case "1"..."9", "k": throw unsupported("back references")
    case "B": throw unsupported("\\B")
    case "p", "P": throw unsupported("\\p{…}")
    case "c": throw unsupported("\\c")
    default:
      let isLetter = ("a"..."z").contains(next) || ("A"..."Z").contains(next)
      guard !isLetter else { throw unsupported("\\\(next)") }
      return one(next.value)
    }
  }

  private mutating func hexadecimal(_ count: Int) throws(GrammarError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let digit = peek.flatMap(Self.hexadecimalValue) else {
        throw malformed("\(count) hexadecimal digits")
      }
      value = value << 4 | digit
      index += 1
    }
    return value
  }

  private func scalar(_ value: UInt32) throws(GrammarError) -> UInt32 {
    guard Unicode.Scalar(value) != nil else {
      throw malformed(
        "a Unicode scalar, no surrogate", got: "U+" + String(value, radix: 16, uppercase: true))
    }
    return value
  }

  private static func hexadecimalValue(_ scalar: Unicode.Scalar) -> UInt32? {
    switch scalar {
    case "0"..."9": scalar.value - 48
    case "a"..."f": scalar.value - 87
    case "A"..."F": scalar.value - 55
    default: nil
    }
  }

  private static let digits = CodepointSet(ranges: [48...57])
  private static let word = CodepointSet(ranges: [48...57, 65...90, 95...95, 97...122])
  private static let space = CodepointSet(ranges: [
    9...13, 32...32, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
    0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
  ])

  private var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

  private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
    guard peek == scalar else { return false }
    index += 1
    return true
  }

  /// - Parameter got: nil: what comes next.
  private func malformed(_ expected: String, got: String? = nil) -> GrammarError {
    let next = peek.map { "'\($0.escaped(asASCII: false))'" } ?? "the pattern's end"
    let got = got ?? next
    return GrammarError(
      .malformed, "pattern: expected \(expected), got \(got), at character \(index)")
  }

  private func unsupported(_ what: String) -> GrammarError {
    GrammarError(.unsupported, "pattern: \(what) can't be enforced, at character \(index)")
  }
}
