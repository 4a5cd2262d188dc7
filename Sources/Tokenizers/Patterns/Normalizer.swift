/// Rewrites a text before it is cut: `tokenizers`' normalizers.
public indirect enum Normalizer: Sendable, Hashable {
  /// Unicode's normalization forms.
  case nfc, nfd, nfkc, nfkd
  /// Every character's lower case, whatever stands around it.
  case lowercase
  /// Leaves out combining marks.
  case stripAccents
  /// Leaves out white space at the ends.
  case strip(left: Bool, right: Bool)
  /// Sets a text before one that is not empty.
  case prepend(String)
  /// Replaces the matches of a text.
  case replace(String, by: String)
  /// Replaces the matches of a regular expression.
  case replacePattern(String, by: String)
  /// BERT's: control characters out, white space to spaces, spaces around Chinese characters,
  /// accents off, lower case.
  case bert(cleansText: Bool, spacesChinese: Bool, stripsAccents: Bool, lowercases: Bool)
  /// SentencePiece's table of replacements.
  case precompiled(PrecompiledMap)
  /// One after the other.
  case sequence([Normalizer])
}

/// A normalizer ready to run.
struct CompiledNormalizer: Sendable {
  private enum Step: Sendable {
    case form(UnicodeNormalization)
    case strip(left: Bool, right: Bool)
    case prepend([UInt8])
    case replace([UInt8], [UInt8])
    case replacePattern(Pattern, [UInt8])
    /// By characters: each becomes what the function appends.
    case scalars(@Sendable (Unicode.Scalar, inout String.UnicodeScalarView) -> Void)
    case precompiled(PrecompiledMap)
  }

  private var steps: [Step] = []

  init(_ description: Normalizer?) throws(TokenizerError) {
    if let description { try add(description) }
  }

  var isEmpty: Bool { steps.isEmpty }

  private mutating func add(_ description: Normalizer) throws(TokenizerError) {
    guard steps.count < Tokenizer.stepsMax else {
      throw TokenizerError(
        .limitReached, "expected at most \(Tokenizer.stepsMax) steps of a normalizer, got more")
    }
    switch description {
    case .nfc: steps.append(.form(.nfc))
    case .nfd: steps.append(.form(.nfd))
    case .nfkc: steps.append(.form(.nfkc))
    case .nfkd: steps.append(.form(.nfkd))
    case .lowercase: steps.append(.scalars(ScalarRules.lowercase))
    case .stripAccents: steps.append(.scalars(ScalarRules.withoutMarks))
    case .strip(let left, let right): steps.append(.strip(left: left, right: right))
    case .prepend(let text): steps.append(.prepend(Array(text.utf8)))
    case .replace(let text, let other):
      guard !text.isEmpty else {
        throw TokenizerError(.invalidDescription, "expected a text to replace, got none")
      }
      steps.append(.replace(Array(text.utf8), Array(other.utf8)))
    case .replacePattern(let pattern, let other):
      steps.append(.replacePattern(try Pattern(pattern), Array(other.utf8)))
    case .bert(let cleansText, let spacesChinese, let stripsAccents, let lowercases):
      if cleansText { steps.append(.scalars(ScalarRules.clean)) }
      if spacesChinese { steps.append(.scalars(ScalarRules.spaceChinese)) }
      if stripsAccents {
        steps.append(.form(.nfd))
        steps.append(.scalars(ScalarRules.withoutNonspacingMarks))
      }
      if lowercases { steps.append(.scalars(ScalarRules.lowercase)) }
    case .precompiled(let map): steps.append(.precompiled(map))
    case .sequence(let parts): for part in parts { try add(part) }
    }
  }

  func callAsFunction(_ text: [UInt8]) throws(TokenizerError) -> [UInt8] {
    var text = text
    for step in steps {
      switch step {
      case .form(let form): text = try form(text)
      case .strip(let left, let right): text = Self.stripped(text, left: left, right: right)
      case .prepend(let prefix): if !text.isEmpty { text.insert(contentsOf: prefix, at: 0) }
      case .replace(let old, let new):
        try Self.check(text.replacingByteCount(old, with: new))
        text = text.replacing(old, with: new)
      case .replacePattern(let pattern, let new):
        var result: [UInt8] = []
        var end = 0
        try pattern.forEachMatch(text, 0..<text.count) { match in
          guard result.count <= Self.byteCountMax else { return }
          result.append(contentsOf: text[end..<match.lowerBound])
          result.append(contentsOf: new)
          end = match.upperBound
        }
        try Self.check(result.count)
        result.append(contentsOf: text[end...])
        text = result
      case .scalars(let rule):
        var result = String.UnicodeScalarView()
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
          rule(scalar, &result)
        }
        text = Array(String(result).utf8)
      case .precompiled(let map): text = map(text, byteCountMax: Self.byteCountMax)
      }
      try Self.check(text.count)
    }
    return text
  }

  /// Bytes of a normalized text: forms of compatibility make some characters 18 times as long, real
  /// texts hardly grow.
  private static let byteCountMax = 4 * Tokenizer.textByteCountMax

  private static func check(_ byteCount: Int) throws(TokenizerError) {
    guard byteCount <= byteCountMax else {
      throw TokenizerError(
        .limitReached, "expected normalized texts of at most \(byteCountMax) bytes, got more")
    }
  }

  private static func stripped(_ text: [UInt8], left: Bool, right: Bool) -> [UInt8] {
    var scalars = Substring(String(decoding: text, as: UTF8.self)).unicodeScalars
    if left { while scalars.first?.properties.isWhitespace == true { scalars.removeFirst() } }
    if right { while scalars.last?.properties.isWhitespace == true { scalars.removeLast() } }
    return Array(Substring(scalars).utf8)
  }
}

extension [UInt8] {
  /// How long ``replacing(_:with:)`` would make them, at most.
  func replacingByteCount(_ old: [UInt8], with new: [UInt8]) -> Int {
    guard let first = old.first, new.count > old.count else { return count }
    let (grown, overflows) = self.count { $0 == first }.multipliedReportingOverflow(by: new.count)
    return overflows ? .max : count + Swift.min(grown, .max - count)
  }

  /// Every occurrence of `old`, from the left, replaced by `new`.
  func replacing(_ old: [UInt8], with new: [UInt8]) -> [UInt8] {
    guard let first = old.first else { return self }
    var result: [UInt8] = []
    result.reserveCapacity(count)
    var index = 0
    while index < count {
      if self[index] == first, index + old.count <= count,
        old.indices.allSatisfy({ self[index + $0] == old[$0] })
      {
        result.append(contentsOf: new)
        index += old.count
      } else {
        result.append(self[index])
        index += 1
      }
    }
    return result
  }
}
