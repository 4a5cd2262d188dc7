/// Finds added tokens in a text: the leftmost, of those the longest.
struct AddedTokens: Sendable {
  /// Bytes of an added token: every place of a text may look so far.
  static let byteCountMax = 1_024

  enum Part: Equatable {
    case text(Range<Int>)
    case token(Int32)
  }

  private let tokens: [AddedToken]
  private var plain = ByteTrie()
  private var normalized = ByteTrie()
  private var special = ByteTrie()

  /// A noncharacter, U+FDD0: what stands in a text that must not be found as a special token. It is
  /// taken out once they have been looked for.
  static let mark: [UInt8] = [0xEF, 0xB7, 0x90]

  init(_ tokens: [AddedToken], _ normalizer: CompiledNormalizer) throws(TokenizerError) {
    self.tokens = tokens
    for (index, token) in tokens.enumerated() where !token.content.isEmpty {
      guard token.content.count <= Self.byteCountMax else {
        throw TokenizerError(
          .invalidDescription,
          "expected added tokens of at most \(Self.byteCountMax) bytes, got \(token.content.count)")
      }
      if token.isSpecial { special.insert(token.content, value: Int32(index)) }
      if token.isNormalized {
        normalized.insert(try normalizer(token.content), value: Int32(index))
      } else {
        plain.insert(token.content, value: Int32(index))
      }
    }
  }

  /// Whether some are found in the normalized text only.
  var hasNormalized: Bool { !normalized.isEmpty }

  func parts(of text: [UInt8], parsesSpecial: Bool) -> [Part] {
    parts(of: text, plain, parsesSpecial)
  }

  func normalizedParts(of text: [UInt8], parsesSpecial: Bool) -> [Part] {
    parts(of: text, normalized, parsesSpecial)
  }

  /// A text in which no special token is found, nor at its end the beginning of one that another text
  /// might complete: a mark follows the first character of each.
  func marked(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var isMarking = false
    for index in text.indices {
      // Behind the whole character.
      if isMarking, text[index] & 0xC0 != 0x80 {
        result += Self.mark
        isMarking = false
      }
      result.append(text[index])
      if special.begins(with: text[index]), beginsSpecial(text, index) { isMarking = true }
    }
    return isMarking ? result + Self.mark : result
  }

  private func beginsSpecial(_ text: [UInt8], _ start: Int) -> Bool {
    var node = ByteTrie.root
    for index in start..<text.count {
      guard let next = special.next(node, text[index]) else { return false }
      node = next
      if special.value(node) != nil { return true }
    }
    return true
  }

  private func parts(of text: [UInt8], _ trie: ByteTrie, _ parsesSpecial: Bool) -> [Part] {
    guard !text.isEmpty else { return [] }
    guard !trie.isEmpty else { return [.text(0..<text.count)] }
    var parts: [Part] = []
    var done = 0
    var index = 0
    while index < text.count {
      guard trie.begins(with: text[index]),
        let (value, matchEnd) = trie.longest(text, index..<text.count)
      else {
        index += 1
        continue
      }
      let token = tokens[Int(value)]
      var start = index
      var end = matchEnd
      // Past the match even when it does not count: what a user wrote that looks like a special
      // token is text as a whole, not a shorter token in it.
      index = matchEnd
      if token.isSpecial, !parsesSpecial { continue }
      if token.isSingleWord, Self.touchesWord(text, start, end) { continue }
      if start < done { continue }
      if token.stripsLeft { start = Self.spacesBegin(text, done..<start) }
      if token.stripsRight { end = Self.spacesEnd(text, end..<text.count) }
      if done < start { parts.append(.text(done..<start)) }
      parts.append(.token(token.id))
      done = end
      index = max(index, end)
    }
    if done < text.count { parts.append(.text(done..<text.count)) }
    return parts
  }

  private static func touchesWord(_ text: [UInt8], _ start: Int, _ end: Int) -> Bool {
    let before = String(decoding: text[max(0, start - 4)..<start], as: UTF8.self)
    let after = String(decoding: text[end..<min(text.count, end + 4)], as: UTF8.self)
    return before.unicodeScalars.last.map(isWord) == true
      || after.unicodeScalars.first.map(isWord) == true
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.properties.isAlphabetic || scalar.properties.isJoinControl { return true }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
      return true
    default: return false
    }
  }

  /// Where the white space at the end of a range begins.
  private static func spacesBegin(_ text: [UInt8], _ range: Range<Int>) -> Int {
    var start = range.upperBound
    while start > range.lowerBound {
      var first = start - 1
      while first > range.lowerBound, text[first] & 0xC0 == 0x80 { first -= 1 }
      guard isSpace(text[first..<start]) else { break }
      start = first
    }
    return start
  }

  private static func spacesEnd(_ text: [UInt8], _ range: Range<Int>) -> Int {
    var end = range.lowerBound
    while end < range.upperBound {
      var next = end + 1
      while next < range.upperBound, text[next] & 0xC0 == 0x80 { next += 1 }
      guard isSpace(text[end..<next]) else { break }
      end = next
    }
    return end
  }

  private static func isSpace(_ character: ArraySlice<UInt8>) -> Bool {
    String(decoding: character, as: UTF8.self).unicodeScalars.first?.properties.isWhitespace == true
  }
}
