/// Indices by the rank of their numbers, of equal numbers the first index first: a binary heap in memory that is given. Who
/// wants few of many does not sort them all.
struct RankedIndices {
  private let words: UnsafeMutablePointer<UInt64>
  private(set) var count = 0

  /// - Parameter words: room for as many words as will be added.
  init(_ words: UnsafeMutablePointer<UInt64>) { self.words = words }

  /// Adds an index below 2³² without a rank yet; ``rank()`` follows the last.
  @inline(__always)
  mutating func add(_ number: Float, _ index: Int, isLargest: Bool) {
    // Flipped so that the order of the bits is that of the numbers; both zeros are one.
    let bits = (number + 0).bitPattern
    let key = bits >> 31 == 1 ? ~bits : bits | 0x8000_0000
    words[count] =
      UInt64(isLargest ? key : ~key) << 32 | UInt64(UInt32.max - UInt32(truncatingIfNeeded: index))
    count += 1
  }

  /// Makes a heap of what was added.
  func rank() {
    for place in stride(from: count / 2 - 1, through: 0, by: -1) { sink(place) }
  }

  /// Takes the best; nil if there is none.
  mutating func popBest() -> Int? {
    guard count > 0 else { return nil }
    let best = words[0]
    count -= 1
    words[0] = words[count]
    sink(0)
    return Int(UInt32.max - UInt32(truncatingIfNeeded: best))
  }

  private func sink(_ start: Int) {
    guard start < count else { return }
    let word = words[start]
    var place = start
    while case var child = 2 * place + 1, child < count {
      if child + 1 < count, words[child + 1] > words[child] { child += 1 }
      if words[child] <= word { break }
      words[place] = words[child]
      place = child
    }
    words[place] = word
  }
}
