/// Makes text of tokens as they come, one after the other. What it gives out is never part of a
/// character: bytes of one that is not complete wait for the next token. Bytes that can be part of
/// none become U+FFFD.
public struct IncrementalDetokenizer: Sendable {
  private let tokenizer: Tokenizer
  private let skipsSpecial: Bool
  private var pending: [UInt8] = []
  private var isFirst = true
  /// Characters that are left out at the beginning of the text, and how many still are.
  private var stripped: (content: [UInt8], count: Int) = ([], 0)

  /// Of a text without tokens. `skipsSpecial`: special tokens give no text.
  public init(_ tokenizer: Tokenizer, skipsSpecial: Bool = true) {
    self.tokenizer = tokenizer
    self.skipsSpecial = skipsSpecial
    for case .strip(let content, let start, _) in tokenizer.decoder.wholeSteps {
      stripped = (Array(content.utf8), start)
    }
  }

  /// The text that a token completes; nil if there is none yet.
  public mutating func push(_ token: Int32) -> String? {
    guard token >= 0, token < tokenizer.vocabularySize,
      !(skipsSpecial && tokenizer.isSpecial(token))
    else { return nil }
    pending += stripping(tokenizer.decoder.bytes(of: token, isFirst: isFirst))
    isFirst = false
    let held = Self.incompleteByteCount(pending)
    guard held < pending.count else { return nil }
    let text = String(decoding: pending.dropLast(held), as: UTF8.self)
    pending = Array(pending.suffix(held))
    return text
  }

  /// What is left when no token follows: U+FFFD for a character that stayed incomplete.
  public mutating func flush() -> String {
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self)
  }

  private mutating func stripping(_ bytes: [UInt8]) -> [UInt8] {
    guard stripped.count > 0, !bytes.isEmpty else { return bytes }
    var rest = bytes[...]
    while stripped.count > 0, !stripped.content.isEmpty, rest.starts(with: stripped.content) {
      rest = rest.dropFirst(stripped.content.count)
      stripped.count -= 1
    }
    if !rest.isEmpty { stripped.count = 0 }
    return Array(rest)
  }

  /// Bytes at the end that begin a character and lack its end (the table of well-formed UTF-8,
  /// Unicode 3.9, table 3-7).
  static func incompleteByteCount(_ bytes: [UInt8]) -> Int {
    for count in 1...3 where count <= bytes.count {
      let tail = bytes.suffix(count)
      let first = tail[tail.startIndex]
      if first & 0xC0 == 0x80 { continue }
      let length =
        switch first {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
      guard count < length else { return 0 }
      guard count > 1 else { return count }
      let second = tail[tail.startIndex + 1]
      let range: ClosedRange<UInt8> =
        switch first {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
      return range.contains(second) ? count : 0
    }
    return 0
  }
}
