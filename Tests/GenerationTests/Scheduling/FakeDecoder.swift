@testable import Generation

/// Stands for a model: the key and value of a position are its token and its number, and the next
/// token is a hash of everything that the page table leads to. A wrong page, a wrong position or a
/// stale prefix gives another token, or a complaint.
final class FakeDecoder {
  static let vocabularySize: UInt64 = 997

  private struct Slot {
    var token: Int32 = -1
    var position: Int32 = -1
  }

  private let slots: UnsafeMutableBufferPointer<Slot>
  private(set) var complaints: [String] = []

  init(pageCount: Int) {
    slots = .allocate(capacity: pageCount * PageCache.pageSize)
    slots.initialize(repeating: Slot())
  }

  deinit { slots.deallocate() }

  /// Computes a plan; the hash after each entry that wants logits.
  func run(_ plan: StepPlan) -> [SequenceID: UInt64] {
    let size = PageCache.pageSize
    for copy in plan.copies {
      for offset in 0..<copy.positionCount {
        slots[Int(copy.destination) * size + offset] = slots[Int(copy.source) * size + offset]
      }
    }
    var written: Set<Int> = []
    for entry in plan.entries {
      for (offset, token) in entry.tokens.enumerated() {
        let position = entry.firstPosition + offset
        let place = Int(entry.pages[position / size]) * size + position % size
        if !written.insert(place).inserted { complaints.append("a slot is written twice") }
        slots[place] = Slot(token: token, position: Int32(position))
      }
    }
    var hashes: [SequenceID: UInt64] = [:]
    for entry in plan.entries where entry.wantsLogits {
      let hash = self.hash(pages: entry.pages, count: entry.firstPosition + entry.tokens.count)
      for sequence in entry.samples { hashes[sequence] = hash }
    }
    return hashes
  }

  private func hash(pages: [Int32], count: Int) -> UInt64 {
    var hash = Self.start
    for (index, page) in pages.enumerated() {
      let first = index * PageCache.pageSize
      for offset in 0..<min(PageCache.pageSize, count - first) {
        let slot = slots[Int(page) &* PageCache.pageSize &+ offset]
        if slot.position != Int32(first + offset) { complaints.append("a position is not its own") }
        Self.fold(slot.token, into: &hash)
      }
    }
    return hash
  }

  static let start: UInt64 = 0xCBF2_9CE4_8422_2325

  static func fold(_ token: Int32, into hash: inout UInt64) {
    hash = (hash ^ UInt64(UInt32(bitPattern: token))) &* 0x0000_0100_0000_01B3
  }

  /// The token after what has `hash`; each choice goes its own way.
  static func token(_ hash: UInt64, choice: Int) -> Int32 {
    let mixed = (hash ^ UInt64(choice) &* 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
    return Int32((mixed >> 33) % vocabularySize)
  }

  /// Whether the caller ends a sequence with this token.
  static func stops(_ token: Int32) -> Bool { token % 83 == 7 }

  /// What a choice gives when nothing else runs.
  static func alone(prompt: [Int32], choice: Int, count: Int) -> [Int32] {
    var hash = start
    for token in prompt { fold(token, into: &hash) }
    var tokens: [Int32] = []
    while tokens.count < count {
      let next = token(hash, choice: choice)
      tokens.append(next)
      if stops(next) { break }
      fold(next, into: &hash)
    }
    return tokens
  }
}
