/// Pages of the key/value cache: who holds how many references to each, and which are free.
///
/// It owns numbers, not memory: the decoder's tensors are indexed by them.
struct PagePool {
  /// References of sequences to each page.
  private(set) var referenceCounts: [UInt32]
  /// Pages that nobody refers to and that hold nothing worth keeping; the last one is taken first,
  /// because its memory is the warmest.
  private var free: [Int32]

  init(pageCount: Int) {
    precondition(pageCount > 0 && pageCount <= Int(Int32.max))
    referenceCounts = Array(repeating: 0, count: pageCount)
    free = (0..<Int32(pageCount)).reversed()
  }

  var freeCount: Int { free.count }
  var freePages: [Int32] { free }

  /// A free page with one reference, or nil.
  mutating func take() -> Int32? {
    guard let page = free.popLast() else { return nil }
    referenceCounts[Int(page)] = 1
    return page
  }

  /// One more reference; the page may have had none, when it was only cached.
  mutating func retain(_ page: Int32) {
    referenceCounts[Int(page)] += 1
  }

  /// One reference less. Returns whether it was the last one: the caller then either keeps the page
  /// as cached, or puts it back.
  mutating func release(_ page: Int32) -> Bool {
    precondition(referenceCounts[Int(page)] > 0, "page \(page) was released more often than taken")
    referenceCounts[Int(page)] -= 1
    return referenceCounts[Int(page)] == 0
  }

  /// Makes a page without references free.
  mutating func putBack(_ page: Int32) {
    precondition(referenceCounts[Int(page)] == 0, "page \(page) is still in use")
    free.append(page)
  }
}
