/// Tokens to bytes.
struct Decoder: Sendable {
  /// Every token as the vocabulary writes it.
  private let texts: ByteStrings
  /// The bytes that a decoder sees of it: the same but in byte-level vocabularies.
  private let tokens: ByteStrings
  private let special: Set<Int32>
  private let byID: ByteStringIndex
  private let steps: [DecoderStep]

  init(
    texts: ByteStrings, tokens: ByteStrings, special: Set<Int32>, steps: [DecoderStep]
  ) {
    self.texts = texts
    self.tokens = tokens
    self.special = special
    self.steps = steps
    byID = ByteStringIndex(texts)
  }

  var count: Int { tokens.count }

  func isSpecial(_ token: Int32) -> Bool { special.contains(token) }

  /// A token as the vocabulary writes it.
  func text(_ token: Int32) -> ArraySlice<UInt8> {
    token >= 0 && token < texts.count ? texts[Int(token)] : []
  }

  func token(_ text: [UInt8]) -> Int32? { byID.find(text) }

  /// A token's bytes after the steps that look at single tokens.
  func bytes(of token: Int32, isFirst: Bool) -> [UInt8] {
    guard token >= 0, token < tokens.count else { return [] }
    var bytes = Array(tokens[Int(token)])
    for step in steps {
      if step == .fuse { break }
      Self.apply(step, to: &bytes, isFirst: isFirst)
    }
    return bytes
  }

  /// Steps of the whole text.
  var wholeSteps: ArraySlice<DecoderStep> {
    steps.firstIndex(of: .fuse).map { steps[($0 + 1)...] } ?? []
  }

  func decode(
    _ ids: some Sequence<Int32>, skipsSpecial: Bool, repairs: Bool
  ) -> [UInt8] {
    var result: [UInt8] = []
    var isFirst = true
    // Where a run of single bytes began: `tokenizers` replaces all of a run that is not UTF-8.
    var run: Int?
    func endRun() {
      guard let start = run else { return }
      run = nil
      guard repairs, firstInvalidUTF8(Array(result[start...])) != nil else { return }
      let count = result.count - start
      result.removeSubrange(start...)
      for _ in 0..<count { result.append(contentsOf: [0xEF, 0xBF, 0xBD]) }
    }
    let fallsBack = steps.contains(.byteFallback)
    for id in ids where id >= 0 && id < tokens.count {
      if skipsSpecial, special.contains(id) { continue }
      if fallsBack, Self.byte(tokens[Int(id)]) != nil {
        if run == nil { run = result.count }
      } else {
        endRun()
      }
      result.append(contentsOf: bytes(of: id, isFirst: isFirst))
      isFirst = false
    }
    endRun()
    for step in wholeSteps { Self.apply(step, to: &result, isFirst: true) }
    return result
  }

  /// The byte that `<0x41>` stands for.
  static func byte(_ text: ArraySlice<UInt8>) -> UInt8? {
    guard text.count == 6, text.starts(with: [0x3C, 0x30, 0x78]), text.last == 0x3E else {
      return nil
    }
    return UInt8(String(decoding: text.dropFirst(3).dropLast(), as: UTF8.self), radix: 16)
  }

  private static let space = UInt8(ascii: " ")

  private static func apply(_ step: DecoderStep, to bytes: inout [UInt8], isFirst: Bool) {
    switch step {
    case .fuse: return
    case .replace(let old, let new):
      bytes = bytes.replacing(Array(old.utf8), with: Array(new.utf8))
    case .byteFallback: if let byte = byte(bytes[...]) { bytes = [byte] }
    case .strip(let content, let start, let stop):
      let content = Array(content.utf8)
      var left = 0
      while left < start, bytes.starts(with: content), !content.isEmpty {
        bytes.removeFirst(content.count)
        left += 1
      }
      var right = 0
      while right < stop, bytes.count >= content.count, !content.isEmpty,
        bytes.suffix(content.count).elementsEqual(content)
      {
        bytes.removeLast(content.count)
        right += 1
      }
    case .wordPiece(let prefix, let cleansUp):
      if !isFirst {
        if bytes.starts(with: prefix.utf8) {
          bytes.removeFirst(prefix.utf8.count)
        } else {
          bytes.insert(space, at: 0)
        }
      }
      if cleansUp { bytes = Cleanup.cleaned(bytes) }
    case .metaspace(let replacement, let stripsFirst):
      let content = Array(replacement.utf8)
      bytes = bytes.replacing(content, with: isFirst && stripsFirst ? [] : [space])
    case .joinBySpaces: if !isFirst { bytes.insert(space, at: 0) }
    }
  }
}

/// Spaces that BERT's decoder leaves out before punctuation and contractions.
enum Cleanup {
  private static let replacements = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
    (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ].map { (Array($0.0.utf8), Array($0.1.utf8)) }

  static func cleaned(_ bytes: [UInt8]) -> [UInt8] {
    replacements.reduce(bytes) { $0.replacing($1.0, with: $1.1) }
  }
}
