/// The characters of HTTP fields (RFC 9110 section 5, RFC 9113 section 8.2.1, RFC 3986), eight at a
/// time: every name and value of every request is looked at.
///
/// ``padding`` bytes behind what is looked at must be readable; what they are does not matter.
enum FieldSyntax {
  static let padding = 8

  /// Whether a name is a token without upper case.
  @inline(__always)
  static func isName(_ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
    guard count > 0 else { return false }
    // Most names are of these only; the rest of the alphabet is looked up.
    let isUsual = allWords(bytes, count) {
      inRange($0, 0x61, 0x7a) | inRange($0, 0x30, 0x39) | inRange($0, 0x2d, 0x2d)
    }
    return isUsual || all(bytes, count, .name)
  }

  /// Whether a value has no control characters, and no white space around it.
  @inline(__always)
  static func isValue(_ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
    guard count > 0 else { return true }
    if isSpace(bytes, 0) || isSpace(bytes, count &- 1) { return false }
    return allWords(bytes, count) { inRange($0, 0x20, 0x7e) } || all(bytes, count, .value)
  }

  /// Whether a `:path` has no blanks and no control characters.
  @inline(__always)
  static func isPath(_ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
    allWords(bytes, count) { inRange($0, 0x21, 0x7e) } || all(bytes, count, .path)
  }

  /// Whether an `:authority` is a host and a port, without a user (RFC 9113 section 8.3.1).
  @inline(__always)
  static func isAuthority(_ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
    let isUsual = allWords(bytes, count) {
      inRange($0, 0x61, 0x7a) | inRange($0, 0x30, 0x3a) | inRange($0, 0x2d, 0x2e)
    }
    return isUsual || all(bytes, count, .authority)
  }

  // MARK: One at a time

  /// The characters below 128 that may stand somewhere, a bit for each, and whether others may.
  struct Alphabet {
    private let low: UInt64
    private let high: UInt64
    private let beyond: Bool

    private init(_ low: UInt64, _ high: UInt64, beyond: Bool) {
      self.low = low
      self.high = high
      self.beyond = beyond
    }

    // Tokens, in lower case and in any; what is not a control character, or a blank; sub-delimiters
    // and what else an authority has but "@".
    static let name = Alphabet(0x03ff_6cfa_0000_0000, 0x57ff_ffff_c000_0000, beyond: false)
    static let method = Alphabet(0x03ff_6cfa_0000_0000, 0x57ff_ffff_c7ff_fffe, beyond: false)
    static let value = Alphabet(0xffff_ffff_0000_0200, 0x7fff_ffff_ffff_ffff, beyond: true)
    static let path = Alphabet(0xffff_fffe_0000_0000, 0x7fff_ffff_ffff_ffff, beyond: true)
    static let authority = Alphabet(0x2fff_7ff2_0000_0000, 0x47ff_fffe_afff_fffe, beyond: false)
    static let scheme = Alphabet(0x03ff_6800_0000_0000, 0x07ff_fffe_07ff_fffe, beyond: false)
    static let digit = Alphabet(0x03ff_0000_0000_0000, 0x0000_0000_0000_0000, beyond: false)

    func contains(_ byte: UInt8) -> Bool {
      if byte >= 0x80 { return beyond }
      return (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 == 1
    }
  }

  /// Whether all characters belong to an alphabet.
  @inline(never)
  static func all(_ bytes: UnsafeRawPointer, _ count: Int, _ alphabet: Alphabet) -> Bool {
    for offset in 0..<count
    where !alphabet.contains(bytes.load(fromByteOffset: offset, as: UInt8.self)) { return false }
    return true
  }

  // MARK: Words

  private static let tops: UInt64 = 0x8080_8080_8080_8080

  @inline(__always)
  private static func repeated(_ byte: UInt64) -> UInt64 { byte &* 0x0101_0101_0101_0101 }

  /// Whether `judge` sets the top bit of every byte, and no byte is above 0x7f. The last word
  /// overlaps the one before.
  @inline(__always)
  private static func allWords(
    _ bytes: UnsafeRawPointer, _ count: Int, _ judge: (UInt64) -> UInt64
  ) -> Bool {
    if count < 8 {
      let word = word(bytes, 0)
      let outside = tops &<< UInt64(truncatingIfNeeded: count &* 8)
      return (judge(word) & ~word | outside) & tops == tops
    }
    var good = tops
    var offset = 0
    while offset &+ 8 < count {
      let word = word(bytes, offset)
      good &= judge(word) & ~word
      offset &+= 8
    }
    let last = word(bytes, count &- 8)
    return good & judge(last) & ~last & tops == tops
  }

  @inline(__always)
  private static func word(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// Sets the top bit of the bytes between two that are below 0x80; other bits are not to be used,
  /// nor the result for bytes above.
  @inline(__always)
  private static func inRange(_ word: UInt64, _ low: UInt64, _ high: UInt64) -> UInt64 {
    let low7 = word & ~tops
    let notBelow = low7 &+ repeated(0x80 &- low)
    return notBelow & ~(low7 &+ repeated(0x7f &- high))
  }

  @inline(__always)
  private static func isSpace(_ bytes: UnsafeRawPointer, _ offset: Int) -> Bool {
    let byte = bytes.load(fromByteOffset: offset, as: UInt8.self)
    return byte == 0x20 || byte == 0x09
  }
}
