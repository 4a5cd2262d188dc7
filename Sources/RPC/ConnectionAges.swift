internal import EventLoop

/// How old each connection of a loop may become: the configured age, give or take a tenth, so that
/// connections that were opened together (a restart, a burst) are not all renewed together.
struct ConnectionAges {
  private let age: Duration?
  private var state: UInt64

  init(_ age: Duration?, seed: UInt64) {
    self.age = age
    state = seed
  }

  mutating func next() -> Duration? {
    guard let age else { return nil }
    // The high bits of a 64-bit linear congruential generator (Knuth, MMIX) are random enough.
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return age * (0.9 + 0.2 * Double(state >> 11) / Double(1 << 53))
  }
}
