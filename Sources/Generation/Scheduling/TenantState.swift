/// A tenant with requests, or one that came out ahead of the others lately.
final class TenantState {
  let name: String
  /// What it has used, in units of cost: the tenant with the least goes first.
  var used: UInt64
  var waiting = IndexedHeap<SequenceID, WaitingKey>()
  var requestCount = 0
  /// Its sequences that hold pages, without paused ones.
  var runningCount = 0
  /// Pages its sequences refer to.
  var pageCount = 0
  /// Scratch of a step: its sequences whose prompt is being computed.
  var prefillingCount = 0

  init(name: String, used: UInt64) {
    self.name = name
    self.used = used
  }
}

/// Whose turn it is: the tenant that used least among those with something waiting (virtual token
/// counters, Sheng et al. 2024).
///
/// `floor` is the virtual time: how much the tenant served last had used. A tenant that was away
/// begins there, so that it can't save up turns; one that is far above comes back within
/// `creditMax` of it, so that it is not held back for what it used when nobody else wanted to.
struct TenantQueue {
  struct Key: Comparable {
    var used: UInt64
    var name: String
    static func < (a: Self, b: Self) -> Bool {
      a.used != b.used ? a.used < b.used : a.name < b.name
    }
  }

  private(set) var tenants: [String: TenantState] = [:]
  private var ready = IndexedHeap<String, Key>()
  /// Tenants without requests that are remembered because they are above the floor.
  private var away = IndexedHeap<String, Key>()
  private var floor: UInt64 = 0
  let creditMax: UInt64

  init(creditMax: UInt64) { self.creditMax = creditMax }

  /// Waiting sequences of all tenants.
  private(set) var waitingCount = 0

  /// The tenant whose turn it is.
  var first: TenantState? { ready.first.map { tenants[$0.element]! } }

  /// The tenant of a new request.
  mutating func enter(_ name: String) -> TenantState {
    let tenant = tenants[name] ?? TenantState(name: name, used: floor)
    tenants[name] = tenant
    away.remove(name)
    tenant.requestCount += 1
    return tenant
  }

  /// A request ended.
  mutating func leave(_ tenant: TenantState) {
    tenant.requestCount -= 1
    guard tenant.requestCount == 0 else { return }
    away.set(tenant.name, key: Key(used: tenant.used, name: tenant.name))
    forgetAway()
  }

  mutating func push(_ sequence: SequenceState) {
    let tenant = sequence.tenant
    if tenant.waiting.isEmpty {
      if ready.isEmpty { floor = max(floor, tenant.used) }
      tenant.used = min(max(tenant.used, floor), floor + creditMax)
      ready.set(tenant.name, key: Key(used: tenant.used, name: tenant.name))
    }
    tenant.waiting.set(sequence.id, key: sequence.key)
    waitingCount += 1
  }

  mutating func remove(_ sequence: SequenceState) {
    let tenant = sequence.tenant
    tenant.waiting.remove(sequence.id)
    waitingCount -= 1
    if tenant.waiting.isEmpty { ready.remove(tenant.name) }
  }

  /// Removes the sequence at the head of the first tenant's queue, which is being served.
  mutating func served(_ sequence: SequenceState) {
    floor = max(floor, sequence.tenant.used)
    remove(sequence)
    forgetAway()
  }

  mutating func charge(_ tenant: TenantState, _ cost: UInt64) {
    tenant.used += cost
    guard !tenant.waiting.isEmpty else { return }
    ready.set(tenant.name, key: Key(used: tenant.used, name: tenant.name))
  }

  /// A tenant that is not above the floor would begin there anyway.
  private mutating func forgetAway() {
    while let first = away.first, first.key.used <= floor {
      away.popFirst()
      tenants[first.element] = nil
    }
  }
}
