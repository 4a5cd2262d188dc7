/// A request's id: 16 hexadecimal digits.
struct RequestID {
  /// The digits, as they lie in memory.
  private var digits: (UInt64, UInt64)

  init(number: UInt64) {
    digits = (
      Self.hexadecimal(UInt32(number >> 32)), Self.hexadecimal(UInt32(truncatingIfNeeded: number))
    )
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withUnsafeBytes(of: digits, body)
  }

  /// Eight digits at once: spreads the nibbles over the bytes of a word, and adds to each what
  /// makes it a digit or a letter.
  private static func hexadecimal(_ number: UInt32) -> UInt64 {
    var word = UInt64(number)
    word = (word | word << 16) & 0x0000_ffff_0000_ffff
    word = (word | word << 8) & 0x00ff_00ff_00ff_00ff
    word = (word | word << 4) & 0x0f0f_0f0f_0f0f_0f0f
    // One in each byte that holds more than nine.
    let letters = (word + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return (word + 0x3030_3030_3030_3030 + letters * 0x27).bigEndian
  }
}

/// Makes request ids, different for every request of every process.
///
/// A counter from a random start through a bijective mix (the finaliser of SplitMix64), so that
/// ids neither repeat within a loop nor tell how many requests there were.
struct RequestIDGenerator {
  private var counter: UInt64

  init(seed: UInt64) {
    counter = seed
  }

  mutating func next() -> RequestID {
    counter &+= 0x9e37_79b9_7f4a_7c15
    var value = counter
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return RequestID(number: value ^ value >> 31)
  }
}
