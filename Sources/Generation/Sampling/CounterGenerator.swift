/// Random numbers by their index: SplitMix64 (Steele, Lea and Flood, 2014), whose state is a counter.
/// A sequence's n-th token uses its n-th number, however often it was preempted and whatever else
/// was sampled in between.
struct CounterGenerator: Sendable {
  private let key: UInt64

  /// The numbers of one choice of a request.
  init(seed: UInt64, choice: Int) {
    key = Self.mix(seed ^ Self.mix(UInt64(choice) &+ 0xD1B5_4A32_D192_ED03))
  }

  /// The number with this index, evenly in 0 ..< 1, on a grid of 2⁻⁵³.
  func uniform(_ index: Int) -> Double {
    let number = Self.mix(key &+ (UInt64(index) &+ 1) &* 0x9E37_79B9_7F4A_7C15)
    return Double(number >> 11) * 0x1p-53
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
