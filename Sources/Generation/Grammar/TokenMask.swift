/// A set of tokens: one bit each, in words of 64.
public struct TokenMask: Sendable, Hashable {
  /// Tokens in the vocabulary.
  public let vocabularySize: Int
  /// Bit t % 64 of word t / 64 is token t; bits beyond the vocabulary are 0.
  public private(set) var words: [UInt64]

  /// No token at all.
  public init(vocabularySize: Int) {
    precondition(vocabularySize >= 0)
    self.vocabularySize = vocabularySize
    words = Array(repeating: 0, count: (vocabularySize + 63) / 64)
  }

  init(vocabularySize: Int, words: [UInt64]) {
    self.vocabularySize = vocabularySize
    self.words = words
  }

  /// Whether a token is in it.
  public func contains(_ token: Int32) -> Bool {
    words[Int(token) >> 6] >> UInt64(token & 63) & 1 == 1
  }

  /// Adds a token.
  public mutating func insert(_ token: Int32) {
    words[Int(token) >> 6] |= 1 << UInt64(token & 63)
  }

  /// Adds all tokens of another mask of the same vocabulary.
  public mutating func formUnion(_ other: TokenMask) {
    precondition(vocabularySize == other.vocabularySize)
    for index in words.indices { words[index] |= other.words[index] }
  }

  /// How many tokens are in it.
  public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
  /// Whether no token is.
  public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  /// Gives what is not in the set a logit of minus infinity.
  func apply(to logits: UnsafeMutableBufferPointer<Float>) {
    precondition(logits.count == vocabularySize)
    guard let base = logits.baseAddress else { return }
    for (index, word) in words.enumerated() where word != .max {
      let first = index * 64
      let count = min(64, vocabularySize - first)
      if word == 0 {
        (base + first).update(repeating: -.infinity, count: count)
      } else {
        var missing = ~word
        while missing != 0 {
          let bit = missing.trailingZeroBitCount
          guard bit < count else { break }
          base[first + bit] = -.infinity
          missing &= missing - 1
        }
      }
    }
  }
}
