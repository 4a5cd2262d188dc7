internal import Glibc

/// Numbers at random that a seed decides: the generator SplitMix64 (Steele, Lea and Flood, 2014). Its state is
/// one number, which a checkpoint holds.
struct RandomNumbers: RandomNumberGenerator, Sendable {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  /// A generator of its own for one use of a seed: the same name gives the same numbers, whatever else
  /// was drawn.
  init(seed: UInt64, for name: String, _ number: Int = 0) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    state = seed
    state = next() ^ hash
    state = next() ^ UInt64(bitPattern: Int64(number))
    _ = next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// In 0..<1.
  mutating func uniform() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

  /// Of mean 0 and deviation 1 (Box and Muller); truncated, within two deviations.
  mutating func normal(isTruncated: Bool) -> Double {
    while true {
      let radius = (-2 * log(1 - uniform())).squareRoot()
      let value = radius * cos(2 * Double.pi * uniform())
      if !isTruncated || value.magnitude <= 2 { return value }
    }
  }
}
