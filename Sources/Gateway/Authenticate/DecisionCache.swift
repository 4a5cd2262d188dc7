/// Decisions by the digest of their key: bounded, with second-chance eviction, and walked when a key
/// or a tenant changes.
///
/// An open-addressing table with linear probing (Knuth, The Art of Computer Programming 6.4). With
/// ten thousand keys nothing of this is in the processor's caches: a place holds a word of the digest
/// beside the decision's reference, so that a lookup costs one miss, and the decision's own.
struct DecisionCache {
  private struct Place {
    var word: UInt64 = 0
    /// Kept alive by `decisions`.
    var decision: Unmanaged<Decision>?
  }

  private var places: [Place]
  private var decisions: [Decision] = []
  private var hand = 0
  private let capacity: Int
  /// Random, so that nobody can choose keys that meet in one place.
  private let multiplier: UInt64

  init(capacity: Int, multiplier: UInt64 = .random(in: 0 ... .max)) {
    precondition(capacity > 0, "expected room for at least one decision")
    self.capacity = capacity
    self.multiplier = multiplier | 1
    places = Array(repeating: Place(), count: 64)
  }

  var count: Int { decisions.count }

  subscript(digest: KeyDigest) -> Decision? {
    place(of: digest).flatMap { places[$0].decision?.takeUnretainedValue() }
  }

  mutating func insert(_ decision: Decision, for digest: KeyDigest) {
    remove(digest)
    if decisions.count == capacity { evict() }
    if 2 * (decisions.count + 1) > places.count { grow() }
    decision.digest = digest
    decision.slot = decisions.count
    decisions.append(decision)
    enter(decision)
  }

  mutating func remove(_ digest: KeyDigest) {
    guard let decision = self[digest] else { return }
    remove(at: decision.slot)
  }

  /// Drops, and marks as invalid, every decision for which `isOutdated` holds. Walks all of
  /// them: changes are rare, and an index by tenant would cost memory for each key.
  mutating func invalidate(_ isOutdated: (Decision) -> Bool) {
    var slot = 0
    while slot < decisions.count {
      if isOutdated(decisions[slot]) {
        decisions[slot].isInvalidated = true
        remove(at: slot)
      } else {
        slot += 1
      }
    }
  }

  private mutating func evict() {
    while decisions[hand % decisions.count].wasUsed {
      decisions[hand % decisions.count].wasUsed = false
      hand = (hand + 1) % decisions.count
    }
    remove(at: hand % decisions.count)
  }

  private mutating func remove(at slot: Int) {
    if let place = place(of: decisions[slot].digest) { clear(place) }
    let last = decisions.removeLast()
    if slot < decisions.count {
      last.slot = slot
      decisions[slot] = last
    }
  }

  // MARK: The table

  private func home(of word: UInt64) -> Int {
    // The upper half of the product depends on all bits of the word.
    Int(truncatingIfNeeded: word.multipliedFullWidth(by: multiplier).high) & (places.count - 1)
  }

  private func place(of digest: KeyDigest) -> Int? {
    var place = home(of: digest.words.0)
    while let decision = places[place].decision {
      if places[place].word == digest.words.0,
        decision._withUnsafeGuaranteedRef({ $0.digest == digest })
      {
        return place
      }
      place = (place + 1) & (places.count - 1)
    }
    return nil
  }

  private mutating func enter(_ decision: Decision) {
    let word = decision.digest.words.0
    var place = home(of: word)
    while places[place].decision != nil { place = (place + 1) & (places.count - 1) }
    places[place] = Place(word: word, decision: .passUnretained(decision))
  }

  /// Empties a place and moves those after it up that were there for want of it.
  private mutating func clear(_ place: Int) {
    let mask = places.count - 1
    var hole = place
    var next = (hole + 1) & mask
    while places[next].decision != nil {
      let distance = (next - home(of: places[next].word)) & mask
      if distance >= (next - hole) & mask {
        places[hole] = places[next]
        hole = next
      }
      next = (next + 1) & mask
    }
    places[hole] = Place()
  }

  private mutating func grow() {
    places = Array(repeating: Place(), count: 2 * places.count)
    for decision in decisions { enter(decision) }
  }
}
