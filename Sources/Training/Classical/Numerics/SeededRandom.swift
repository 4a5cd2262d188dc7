/// Numbers that a seed determines: xoshiro256** (Blackman and Vigna, 2018), seeded by SplitMix64.
struct SeededRandom: RandomNumberGenerator, Sendable, Equatable {
  /// Four words, which a checkpoint keeps.
  var state: (UInt64, UInt64, UInt64, UInt64)

  static func == (left: SeededRandom, right: SeededRandom) -> Bool { left.state == right.state }

  init(_ seed: UInt64) {
    var word = seed
    func next() -> UInt64 {
      word &+= 0x9E37_79B9_7F4A_7C15
      var z = word
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    state = (next(), next(), next(), next())
  }

  /// The generator of one part of a training: parts may be computed in any order, or again.
  init(_ seed: UInt64, part: Int) {
    var mixer = SeededRandom(seed)
    let base = mixer.next()
    self.init(base ^ (UInt64(truncatingIfNeeded: part) &* 0xD6E8_FEB8_6659_FD93))
  }

  mutating func next() -> UInt64 {
    func rotate(_ x: UInt64, _ count: UInt64) -> UInt64 { x << count | x >> (64 - count) }
    let result = rotate(state.1 &* 5, 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotate(state.3, 45)
    return result
  }

  /// A number of a range that is not empty.
  @inline(__always)
  mutating func next(in range: Range<Int>) -> Int {
    // Lemire's multiplication; its bias, 2⁻⁶⁴ of the range, shows nowhere.
    range.lowerBound + Int(next().multipliedFullWidth(by: UInt64(range.count)).high)
  }

  /// A number of [0, 1).
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
