/// Which full pages hold the keys and values of which tokens, so that a request that begins like an
/// earlier one does not compute them again.
///
/// A page is found by its tenant, the entry of the page before it and its own tokens. All three are
/// compared, not only their hash: an entry's serial number stands for everything before it and is
/// never used twice, so by induction a hit means equal tokens from the first position on. Because the
/// tenant is part of the key, nobody can time another tenant's prompts (CVE-2025-46570).
///
/// Pages that no sequence refers to are idle: they form a list, the least recently used one first,
/// and are given up in that order.
struct PrefixCache {
  /// Stands for "no page before": the parent of a first page.
  static let root: UInt64 = 0

  struct Key: Hashable {
    var tenant: String
    var parent: UInt64
    var tokens: ArraySlice<Int32>
  }

  struct Entry {
    var page: Int32
    var serial: UInt64
  }

  private var entries: [Key: Entry] = [:]
  /// The key of each page that is in the cache.
  private var keys: [Key?]
  private var idle: IdleList
  private var serialLast = PrefixCache.root

  private(set) var evictionCount = 0

  init(pageCount: Int) {
    keys = Array(repeating: nil, count: pageCount)
    idle = IdleList(pageCount: pageCount)
  }

  var count: Int { entries.count }
  var idleCount: Int { idle.count }

  func contains(page: Int32) -> Bool { keys[Int(page)] != nil }
  func isIdle(page: Int32) -> Bool { idle.contains(page) }

  /// The page after `parent` that holds exactly `tokens`.
  func entry(tenant: String, parent: UInt64, tokens: ArraySlice<Int32>) -> Entry? {
    entries[Key(tenant: tenant, parent: parent, tokens: tokens)]
  }

  /// Adds a page in use whose key is not there yet; returns its serial number.
  mutating func insert(
    page: Int32, tenant: String, parent: UInt64, tokens: ArraySlice<Int32>
  ) -> UInt64 {
    serialLast += 1
    // A slice would keep the whole sequence's tokens alive.
    let key = Key(tenant: tenant, parent: parent, tokens: ArraySlice(Array(tokens)))
    precondition(entries[key] == nil && keys[Int(page)] == nil, "page \(page) is cached already")
    entries[key] = Entry(page: page, serial: serialLast)
    keys[Int(page)] = key
    return serialLast
  }

  /// The last sequence let go of a cached page.
  mutating func becomesIdle(page: Int32) { idle.append(page) }

  /// A sequence takes an idle page up again.
  mutating func becomesUsed(page: Int32) { idle.remove(page) }

  /// Gives up the idle page that was not used for the longest time.
  mutating func evict() -> Int32? {
    guard let page = idle.first else { return nil }
    idle.remove(page)
    entries.removeValue(forKey: keys[Int(page)]!)
    keys[Int(page)] = nil
    evictionCount += 1
    return page
  }
}

/// A doubly linked list through an array: a page is in it at most once.
private struct IdleList {
  private static let absent: Int32 = -2
  /// One place more than there are pages: the last one is both ends of the list.
  private var next: [Int32]
  private var previous: [Int32]
  private(set) var count = 0

  init(pageCount: Int) {
    next = Array(repeating: Self.absent, count: pageCount + 1)
    previous = next
    next[pageCount] = Int32(pageCount)
    previous[pageCount] = Int32(pageCount)
  }

  private var end: Int32 { Int32(next.count - 1) }

  var first: Int32? { count == 0 ? nil : next[Int(end)] }

  func contains(_ page: Int32) -> Bool { next[Int(page)] != Self.absent }

  mutating func append(_ page: Int32) {
    precondition(!contains(page), "page \(page) is idle already")
    let last = previous[Int(end)]
    next[Int(last)] = page
    previous[Int(page)] = last
    next[Int(page)] = end
    previous[Int(end)] = page
    count += 1
  }

  mutating func remove(_ page: Int32) {
    precondition(contains(page), "page \(page) is not idle")
    next[Int(previous[Int(page)])] = next[Int(page)]
    previous[Int(next[Int(page)])] = previous[Int(page)]
    next[Int(page)] = Self.absent
    previous[Int(page)] = Self.absent
    count -= 1
  }
}
