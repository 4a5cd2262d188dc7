/// Makes request ids: 16 hexadecimal digits, different for every request of every process.
///
/// A counter from a random start through a bijective mix (the finaliser of SplitMix64), so that
/// ids neither repeat within a loop nor tell how many requests there were.
struct RequestIDGenerator {
  private var counter: UInt64

  init(seed: UInt64) {
    counter = seed
  }

  mutating func next() -> UInt64 {
    counter &+= 0x9e37_79b9_7f4a_7c15
    var value = counter
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }

  /// Writes the digits of an id into 16 bytes.
  static func write(_ id: UInt64, into digits: UnsafeMutableRawBufferPointer) {
    let hex: StaticString = "0123456789abcdef"
    for index in 0..<16 {
      digits[index] = hex.utf8Start[Int(id >> UInt64(60 - 4 * index) & 15)]
    }
  }
}
