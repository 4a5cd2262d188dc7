/// The changes a Watch stream reported lately, to recognise an answer that was read before one
/// of them: it must not be installed after the change has been applied.
///
/// Bounded: when full, everything read before the newest forgotten change counts as stale, which
/// costs a second Check and never a wrong answer.
struct InvalidationLog {
  private var keys: [String: UInt64] = [:]
  private var tenants: [String: UInt64] = [:]
  private var floor: UInt64 = 0
  private var newest: UInt64 = 0
  private let capacity: Int

  /// Counts resyncs: an answer to a question asked before one is stale.
  private(set) var epoch = 0

  init(capacity: Int = 4_096) {
    self.capacity = capacity
  }

  mutating func record(keyID: String, revision: UInt64) {
    makeRoom()
    keys[keyID] = max(revision, keys[keyID] ?? 0)
    newest = max(newest, revision)
  }

  mutating func record(tenant: String, revision: UInt64) {
    makeRoom()
    tenants[tenant] = max(revision, tenants[tenant] ?? 0)
    newest = max(newest, revision)
  }

  /// Watching begins at a revision: what was read before it may have changed unseen.
  mutating func recordStart(revision: UInt64) {
    floor = max(floor, revision)
    newest = max(newest, revision)
  }

  /// The history is gone, and with it the meaning of older revisions: the store may have been
  /// restored from a copy whose revisions are lower.
  mutating func recordResync() {
    keys.removeAll(keepingCapacity: true)
    tenants.removeAll(keepingCapacity: true)
    floor = 0
    newest = 0
    epoch += 1
  }

  func isStale(keyID: String, tenant: String, revision: UInt64, epoch: Int) -> Bool {
    if epoch != self.epoch || revision < floor { return true }
    if let changed = keys[keyID], revision < changed { return true }
    if let changed = tenants[tenant], revision < changed { return true }
    return false
  }

  private mutating func makeRoom() {
    guard keys.count + tenants.count >= capacity else { return }
    keys.removeAll(keepingCapacity: true)
    tenants.removeAll(keepingCapacity: true)
    floor = newest
  }
}
