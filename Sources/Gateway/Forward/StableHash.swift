/// A hash that every loop of every gateway computes alike, now and after a restart: Swift's own is
/// seeded anew in each process. FNV-1a, then the finaliser of SplitMix64 to spread it. Clients can
/// choose what is hashed, and so the instance; that gives them nothing they don't have.
struct StableHash {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  /// The hash of what was put in.
  var value: UInt64 {
    var value = state
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }

  /// Puts bytes in, and their number, so that two parts are never mistaken for one.
  mutating func combine(_ bytes: some Collection<UInt8>) {
    for byte in bytes { combine(byte) }
    combine(UInt64(bytes.count))
  }

  mutating func combine(_ number: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      combine(UInt8(truncatingIfNeeded: number >> shift))
    }
  }

  private mutating func combine(_ byte: UInt8) {
    state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
  }
}
