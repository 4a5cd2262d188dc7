internal import Glibc

/// A stream of random numbers that belongs to one step: MT19937 (Matsumoto and Nishimura 1998),
/// seeded and read as NumPy's RandomState is, so that seeded models draw what the reference draws.
final class RandomSource {
  private var state = [UInt32](repeating: 0, count: 624)
  private var position = 624

  /// Without a seed the stream differs from every other.
  init(seed: UInt32?) {
    state[0] = seed ?? UInt32.random(in: .min ... .max)
    for index in 1..<624 {
      let previous = state[index - 1]
      state[index] = 1_812_433_253 &* (previous ^ (previous >> 30)) &+ UInt32(index)
    }
  }

  /// A seed attribute: its number if it is one, its bits otherwise.
  convenience init(seed: Float?) {
    self.init(seed: seed.map { UInt32(exactly: $0) ?? $0.bitPattern })
  }

  private func next() -> UInt32 {
    if position == 624 { refill() }
    var word = state[position]
    position += 1
    word ^= word >> 11
    word ^= (word << 7) & 0x9D2C_5680
    word ^= (word << 15) & 0xEFC6_0000
    return word ^ (word >> 18)
  }

  private func refill() {
    position = 0
    for index in 0..<624 {
      let joined = (state[index] & 0x8000_0000) | (state[(index + 1) % 624] & 0x7FFF_FFFF)
      let twisted = (joined >> 1) ^ (joined & 1 == 0 ? 0 : 0x9908_B0DF)
      state[index] = state[(index + 397) % 624] ^ twisted
    }
  }

  /// In 0..<1, with 53 random bits.
  func uniform() -> Double {
    let (high, low) = (next() >> 5, next() >> 6)
    return (Double(high) * 0x1p26 + Double(low)) * 0x1p-53
  }

  /// Zero mean, unit variance (Box and Muller 1958).
  func normal() -> Double {
    (-2 * log(1 - uniform())).squareRoot() * cos(2 * Double.pi * uniform())
  }
}
