/// Which keys' calls came lately. A connection's compression table (RFC 7541) has room for the
/// identities of some thirty keys. A key whose calls repeat belongs there, and then costs two bytes a
/// call; ten thousand that take turns would each push out another, which costs more than spelling
/// them out (measured: 6,000 of 53,000 instructions a call).
struct RecentKeys {
  private static let count = 16
  /// The key that came last of all that share a place; numbers from 1 on.
  private var places = InlineArray<16, Int>(repeating: 0)

  /// Whether the key's last call is among the latest; notes this one.
  mutating func repeats(_ number: Int) -> Bool {
    let place = number & (Self.count - 1)
    if places[place] == number { return true }
    places[place] = number
    return false
  }
}
