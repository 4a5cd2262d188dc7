/// A map from 64-bit keys to 64-bit values in open addressing: merges by their two tokens, the
/// edges of a trie by node and byte.
struct PairTable: Sendable {
  private struct Slot {
    var key: UInt64
    var value: UInt64
  }

  // No key is all ones: tokens and nodes are below 2^31.
  private static let empty = UInt64.max
  private var slots: [Slot]
  private let hash = SeededHash()
  private(set) var count = 0

  init(capacity: Int = 0) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    slots = [Slot](repeating: Slot(key: Self.empty, value: 0), count: size)
  }

  @inline(__always)
  subscript(_ key: UInt64) -> UInt64? {
    let mask = slots.count - 1
    var index = Int(truncatingIfNeeded: hash(key)) & mask
    while true {
      let slot = slots[index]
      if slot.key == key { return slot.value }
      if slot.key == Self.empty { return nil }
      index = (index + 1) & mask
    }
  }

  /// Sets a value; one that is there stays.
  mutating func insert(_ value: UInt64, at key: UInt64) {
    if (count + 1) * 2 > slots.count { grow() }
    let mask = slots.count - 1
    var index = Int(truncatingIfNeeded: hash(key)) & mask
    while slots[index].key != Self.empty {
      if slots[index].key == key { return }
      index = (index + 1) & mask
    }
    slots[index] = Slot(key: key, value: value)
    count += 1
  }

  private mutating func grow() {
    let old = slots
    slots = [Slot](repeating: Slot(key: Self.empty, value: 0), count: old.count * 2)
    count = 0
    for slot in old where slot.key != Self.empty { insert(slot.value, at: slot.key) }
  }
}
