/// The pages of the key/value cache and what they hold: each is free, in use by sequences, or idle
/// with a prefix that may be asked for again. Idle pages count as available.
struct PageCache {
  /// Positions in a page. Sixteen keys of a head are a kilobyte or more, long enough for kernels to
  /// run along; half a page a sequence is wasted on average.
  static let pageSize = 16

  private(set) var pool: PagePool
  private(set) var prefixes: PrefixCache

  init(pageCount: Int) {
    pool = PagePool(pageCount: pageCount)
    prefixes = PrefixCache(pageCount: pageCount)
  }

  static func pageCount(positions: Int) -> Int { (positions + pageSize - 1) / pageSize }

  var availableCount: Int { pool.freeCount + prefixes.idleCount }

  func isShared(_ page: Int32) -> Bool { pool.referenceCounts[Int(page)] > 1 }
  func isInUse(_ page: Int32) -> Bool { pool.referenceCounts[Int(page)] > 0 }

  /// A page to write to: a free one, or else the idle one that was not used for the longest time.
  mutating func take() -> Int32? {
    if let page = pool.take() { return page }
    guard let page = prefixes.evict() else { return nil }
    pool.putBack(page)
    return pool.take()
  }

  mutating func retain(_ page: Int32) {
    if prefixes.isIdle(page: page) { prefixes.becomesUsed(page: page) }
    pool.retain(page)
  }

  mutating func release(_ page: Int32) {
    guard pool.release(page) else { return }
    if prefixes.contains(page: page) {
      prefixes.becomesIdle(page: page)
    } else {
      pool.putBack(page)
    }
  }

  /// Lets go of a sequence's pages, the last one first: a page is only found through those before
  /// it, so it should be given up before them.
  mutating func release(all pages: [Int32]) {
    for page in pages.reversed() { release(page) }
  }

  /// The cached pages that `tokens` begin with, without taking them. At least one token is left
  /// over: somebody wants the logits after the last one.
  func match(tenant: String, tokens: [Int32]) -> [PrefixCache.Entry] {
    var found: [PrefixCache.Entry] = []
    var parent = PrefixCache.root
    var start = 0
    while start + Self.pageSize < tokens.count {
      let own = tokens[start..<start + Self.pageSize]
      guard let entry = prefixes.entry(tenant: tenant, parent: parent, tokens: own) else { break }
      found.append(entry)
      parent = entry.serial
      start += Self.pageSize
    }
    return found
  }

  /// Offers a page that has just been filled. When an equal one is cached already, the caller gets
  /// a reference to that one instead of its own.
  mutating func publish(
    page: Int32, tenant: String, parent: UInt64, tokens: ArraySlice<Int32>
  ) -> PrefixCache.Entry {
    if let entry = prefixes.entry(tenant: tenant, parent: parent, tokens: tokens) {
      retain(entry.page)
      release(page)
      return entry
    }
    let serial = prefixes.insert(page: page, tenant: tenant, parent: parent, tokens: tokens)
    return PrefixCache.Entry(page: page, serial: serial)
  }
}
