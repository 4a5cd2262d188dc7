/// Finds a token by its bytes. Open addressing over the strings themselves: a slot holds half of the
/// hash, to reject without a look at the bytes, and the token plus one.
struct ByteStringIndex: Sendable {
  let strings: ByteStrings
  private var slots: [UInt64]
  private let hash = SeededHash()
  /// Different tokens.
  private(set) var count = 0

  /// An index of the tokens for which `includes` holds. Where two are alike the first counts.
  init(_ strings: ByteStrings, includes: (Int) -> Bool = { _ in true }) {
    self.strings = strings
    var capacity = 16
    while capacity < strings.count * 2 { capacity *= 2 }
    slots = [UInt64](repeating: 0, count: capacity)
    for token in 0..<strings.count where includes(token) {
      let range = strings.range(of: token)
      let (slot, found) = place(strings.bytes, range)
      guard found == nil else { continue }
      slots[slot.index] = slot.tag << 32 | UInt64(token + 1)
      count += 1
    }
  }

  /// The token that consists of these bytes.
  @inline(__always)
  func find(_ bytes: [UInt8], _ range: Range<Int>) -> Int32? {
    place(bytes, range).found
  }

  func find(_ bytes: some Collection<UInt8>) -> Int32? {
    let bytes = Array(bytes)
    return find(bytes, 0..<bytes.count)
  }

  @inline(__always)
  private func place(
    _ bytes: [UInt8], _ range: Range<Int>
  ) -> (slot: (index: Int, tag: UInt64), found: Int32?) {
    bytes.withUnsafeBytes { all in
      let key = UnsafeRawBufferPointer(rebasing: all[range])
      let hashed = hash(key)
      let mask = slots.count - 1
      let tag = hashed >> 32
      var index = Int(truncatingIfNeeded: hashed) & mask
      while true {
        let slot = slots[index]
        if slot == 0 { return ((index, tag), nil) }
        if slot >> 32 == tag {
          let token = Int(slot & 0xffff_ffff) - 1
          let candidate = strings.range(of: token)
          let isEqual =
            candidate.count == key.count
            && strings.bytes.withUnsafeBytes { mine in
              UnsafeRawBufferPointer(rebasing: mine[candidate]).elementsEqual(key)
            }
          if isEqual { return ((index, tag), Int32(truncatingIfNeeded: token)) }
        }
        index = (index + 1) & mask
      }
    }
  }
}
