/// Random numbers that a seed gives again, whatever the machine (SplitMix64; Steele, Lea and Flood,
/// "Fast splittable pseudorandom number generators", 2014).
public struct RepeatableRandom: Sendable {
  private var state: UInt64

  /// A stream of its own for each list of numbers.
  public init(_ seeds: UInt64...) {
    state = 0x6A09_E667_F3BC_C909
    for seed in seeds { state = Self.mix(state &+ seed &* 0x9E37_79B9_7F4A_7C15) }
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  /// A number below `bound`, each as likely as the other within 2⁻³² for bounds below 2³². The same on
  /// every version of the standard library, which promises nothing about its own.
  public mutating func next(below bound: Int) -> Int {
    precondition(bound > 0, "a bound: expected 1 or more, got \(bound)")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// Shuffles in place (Fisher and Yates).
  public mutating func shuffle(_ values: inout [Int]) {
    var index = values.count - 1
    while index > 0 {
      values.swapAt(index, next(below: index + 1))
      index -= 1
    }
  }

  /// Mixes all bits of a number: a hash without a secret.
  public static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
