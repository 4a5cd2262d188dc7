internal import Crypto

/// The SHA-256 of an API key: what the gateway remembers instead of the key.
struct KeyDigest: Hashable, Sendable {
  var words: (UInt64, UInt64, UInt64, UInt64)

  init(_ key: UnsafeRawBufferPointer) {
    words = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &words) { SHA256.hash(key, into: $0) }
  }

  /// A digest made up from a number: of no key, or for tests.
  init(_ number: UInt64) {
    words = (number, 0, 0, 0)
  }

  static func == (left: KeyDigest, right: KeyDigest) -> Bool {
    left.words == right.words
  }

  func hash(into hasher: inout Hasher) {
    // One word suffices: the hasher is seeded, and the digest's words are random already.
    hasher.combine(words.0)
  }
}
