internal import TestSupport
internal import Testing

@testable import ModelService

/// Whose turn it is, in exact sequences: no threads, no clock.
@Suite struct TurnsByTenantTests {
  typealias Turns = TurnsByTenant<String>

  /// Adds elements that are named after their tenant.
  @discardableResult
  static func add(_ elements: String, to turns: inout Turns) -> [Turns.Ticket] {
    elements.split(separator: " ").map { element in
      let ticket = turns.ticket(for: String(element.prefix(1)))
      turns.add(String(element), ticket)
      return ticket
    }
  }

  /// The order of all turns, each of which costs what `cost` says.
  static func drain(_ turns: inout Turns, cost: (String) -> UInt64 = { _ in 1 }) -> String {
    var order: [String] = []
    while let element = turns.next() {
      order.append(element)
      turns.end(cost: cost(element))
    }
    return order.joined(separator: " ")
  }

  @Test func oneTenantIsServedInOrder() {
    var turns = Turns()
    Self.add("a1 a2 a3", to: &turns)
    #expect(turns.count == 3)
    #expect(Self.drain(&turns) == "a1 a2 a3")
    #expect(turns.count == 0)
  }

  @Test func tenantsTakeTurns() {
    var turns = Turns()
    Self.add("a1 a2 a3 a4 b1 b2 c1", to: &turns)
    #expect(Self.drain(&turns) == "a1 b1 c1 a2 b2 a3 a4")
  }

  @Test func aNewcomerWaitsForTheOneUnderWay() {
    var turns = Turns()
    Self.add("a1 a2 a3", to: &turns)
    #expect(turns.next() == "a1")
    Self.add("b1", to: &turns)
    #expect(turns.next() == nil, "one at a time")
    turns.end(cost: 7)
    #expect(Self.drain(&turns) == "b1 a2 a3")
  }

  @Test func whoUsesLittleGoesMoreOften() {
    var turns = Turns()
    Self.add("a1 a2 a3 b1 b2 b3 b4 b5 b6 b7", to: &turns)
    let order = Self.drain(&turns) { $0.hasPrefix("a") ? 3 : 1 }
    #expect(order == "a1 b1 b2 b3 a2 b4 b5 b6 a3 b7")
  }

  @Test func whoWasAwaySavesUpNoTurns() {
    var turns = Turns()
    Self.add("a1 a2 a3 a4 a5 a6", to: &turns)
    for wanted in ["a1", "a2", "a3"] {
      #expect(turns.next() == wanted)
      turns.end(cost: 100)
    }
    Self.add("b1 b2 b3", to: &turns)
    #expect(Self.drain(&turns) { _ in 100 } == "b1 a4 b2 a5 b3 a6")
  }

  @Test func whatWasUsedWhileNobodyWaitedIsForgotten() {
    var turns = Turns()
    Self.add("a1", to: &turns)
    #expect(turns.next() == "a1")
    turns.end(cost: 1_000_000)
    Self.add("a2 b1 b2 a3", to: &turns)
    #expect(Self.drain(&turns) == "a2 b1 a3 b2")
  }

  @Test func whatLeavesIsNotServed() {
    var turns = Turns()
    let tickets = Self.add("a1 a2 a3 b1", to: &turns)
    #expect(turns.next() == "a1")
    #expect(turns.remove(tickets[0]) == nil, "it waits no more")
    #expect(turns.remove(tickets[1]) == "a2")
    #expect(turns.remove(tickets[1]) == nil)
    #expect(turns.remove(tickets[3]) == "b1")
    let ticket = turns.ticket(for: "c")
    #expect(turns.remove(ticket) == nil, "it does not wait yet")
    turns.end(cost: 1)
    #expect(Self.drain(&turns) == "a3")
  }

  @Test func nobodyWaitsForMoreThanOneOfEachOther() {
    let seed: UInt64 = 11
    var random = SplitMix64(state: seed)
    var turns = Turns()
    var waiting: [String: Int] = [:]
    var overtaken: [String: [String: Int]] = [:]
    for turn in 0..<5000 {
      for tenant in ["a", "b", "c", "d", "e"]
      where Int.random(in: 0..<10, using: &random) < (tenant == "a" ? 9 : 2) && turns.count < 400 {
        Self.add(tenant, to: &turns)
        waiting[tenant, default: 0] += 1
      }
      guard let tenant = turns.next() else { continue }
      for other in waiting.keys where other != tenant && waiting[other]! > 0 {
        overtaken[other, default: [:]][tenant, default: 0] += 1
        #expect(overtaken[other]![tenant]! <= 1, "seed \(seed), turn \(turn)")
      }
      overtaken[tenant] = [:]
      waiting[tenant]! -= 1
      turns.end(cost: 5)
    }
  }
}
