/// Whose turn it is at something that one at a time uses: of the tenants that wait, the one that has
/// used least; of several, the one that was served longest ago; within a tenant, in order. Where all
/// cost the same, a tenant's first one waits for at most one of each other, however much those have.
///
/// A value without a clock or threads: what a turn has cost is told when it ends, in a unit of the
/// caller's choice. `floor` is the virtual time, how much the tenant served last had used: who was away
/// begins there, and so saves up no turns (start-time fair queueing, Goyal et al. 1996).
struct TurnsByTenant<Element> {
  /// A place in the line, by which what waits can leave it.
  struct Ticket: Sendable, Hashable {
    fileprivate let tenant: String
    fileprivate let number: UInt64
  }

  private struct Waiting {
    let number: UInt64
    let element: Element
  }

  /// What a tenant has used, and its last turn.
  private struct Use {
    var cost: UInt64
    var turn: UInt64
  }

  /// Of each tenant with something waiting, in the order of the tickets' use.
  private var lines: [String: [Waiting]] = [:]
  private var used: [String: Use] = [:]
  private var turn: UInt64 = 0
  private var floor: UInt64 = 0
  /// Whose turn is under way.
  private var served: String?
  private var ticketLast: UInt64 = 0
  /// What waits.
  private(set) var count = 0

  /// Tenants whose use is remembered. Who is forgotten counts as one that was away.
  private static var tenantCountMax: Int { 4096 }

  /// A ticket for one `add`.
  mutating func ticket(for tenant: String) -> Ticket {
    ticketLast += 1
    return Ticket(tenant: tenant, number: ticketLast)
  }

  /// Waits behind its tenant's others.
  mutating func add(_ element: Element, _ ticket: Ticket) {
    lines[ticket.tenant, default: []].append(Waiting(number: ticket.number, element: element))
    count += 1
  }

  /// Leaves the line; nil when it does not wait, or no more.
  mutating func remove(_ ticket: Ticket) -> Element? {
    guard let index = lines[ticket.tenant]?.firstIndex(where: { $0.number == ticket.number })
    else { return nil }
    return take(index, of: ticket.tenant)
  }

  /// Begins the next turn, which `end` ends; nil while one is under way, or when nothing waits.
  mutating func next() -> Element? {
    guard served == nil else { return nil }
    // Few tenants wait at a time, for what takes far longer than to look at them all.
    let first = lines.min { left, right in
      let (one, other) = (use(left.key), use(right.key))
      return (one.cost, one.turn, left.value[0].number)
        < (other.cost, other.turn, right.value[0].number)
    }
    guard let tenant = first?.key else { return nil }
    floor = use(tenant).cost
    served = tenant
    return take(0, of: tenant)
  }

  /// Ends the turn that is under way; one costs 1 at least.
  mutating func end(cost: UInt64) {
    guard let tenant = served else {
      preconditionFailure("turns: expected one under way, got none")
    }
    served = nil
    if count == 0 {
      // Nobody was held up by what was used so far.
      (used, floor) = ([:], 0)
      return
    }
    if used.count >= Self.tenantCountMax { used = [:] }
    turn += 1
    used[tenant] = Use(cost: use(tenant).cost + max(1, cost), turn: turn)
  }

  private func use(_ tenant: String) -> Use {
    let use = used[tenant] ?? Use(cost: 0, turn: 0)
    return Use(cost: max(use.cost, floor), turn: use.turn)
  }

  private mutating func take(_ index: Int, of tenant: String) -> Element {
    let waiting = lines[tenant]!.remove(at: index)
    if lines[tenant]!.isEmpty { lines[tenant] = nil }
    count -= 1
    return waiting.element
  }
}
