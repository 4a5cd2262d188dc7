/// Decisions by the digest of their key: bounded, with second-chance eviction, and found by key
/// id or tenant when one of them changes.
struct DecisionCache {
  private var slots: [KeyDigest: Int] = [:]
  private var entries: [(digest: KeyDigest, decision: Decision)] = []
  private var hand = 0
  private let capacity: Int

  init(capacity: Int) {
    precondition(capacity > 0, "expected room for at least one decision")
    self.capacity = capacity
  }

  var count: Int { entries.count }

  subscript(digest: KeyDigest) -> Decision? {
    guard let slot = slots[digest] else { return nil }
    return entries[slot].decision
  }

  mutating func insert(_ decision: Decision, for digest: KeyDigest) {
    if let slot = slots[digest] {
      entries[slot].decision = decision
      return
    }
    if entries.count == capacity { evict() }
    slots[digest] = entries.count
    entries.append((digest, decision))
  }

  mutating func remove(_ digest: KeyDigest) {
    if let slot = slots[digest] { remove(at: slot) }
  }

  /// Drops, and marks as invalid, every decision for which `isOutdated` holds. Walks all of
  /// them: changes are rare, and an index by tenant would cost memory for each key.
  mutating func invalidate(_ isOutdated: (Decision) -> Bool) {
    var slot = 0
    while slot < entries.count {
      if isOutdated(entries[slot].decision) {
        entries[slot].decision.isInvalidated = true
        remove(at: slot)
      } else {
        slot += 1
      }
    }
  }

  private mutating func evict() {
    while entries[hand % entries.count].decision.wasUsed {
      entries[hand % entries.count].decision.wasUsed = false
      hand = (hand + 1) % entries.count
    }
    remove(at: hand % entries.count)
  }

  private mutating func remove(at slot: Int) {
    slots[entries[slot].digest] = nil
    let last = entries.count - 1
    if slot != last {
      entries[slot] = entries[last]
      slots[entries[slot].digest] = slot
    }
    entries.removeLast()
  }
}
