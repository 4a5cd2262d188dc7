internal import Glibc

extension RepeatableRandom {
  /// Numbers for one use of a seed: the same name gives the same ones, whatever else was drawn.
  init(seed: UInt64, for name: String, _ number: Int = 0) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    self.init(seed, hash, UInt64(bitPattern: Int64(number)))
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
