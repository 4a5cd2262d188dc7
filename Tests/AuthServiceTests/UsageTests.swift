import Testing

@testable import AuthService

@Suite struct UsageTests {
  private func amount(
    _ tenant: String, _ key: String, _ model: String = "llm", generated: UInt64 = 10
  ) -> UsageAmount {
    UsageAmount(
      tenant: tenant, keyID: key, model: model, requests: 1, promptTokens: 100, cachedTokens: 40,
      generatedTokens: generated)
  }

  private func report(
    _ sequence: UInt64, _ amounts: [UsageAmount], reporter: String = "a"
  ) -> UsageReport {
    UsageReport(reporter: reporter, sequence: sequence, amounts: amounts)
  }

  @Test func amountsOfOneDayAddUpByKeyAndModel() async throws {
    let fixture = try await AuthFixture()
    let manager = try await fixture.makeTenant("acme")
    for sequence in 1...3 {
      try await fixture.logic.report(
        report(UInt64(sequence), [amount("acme", "k1"), amount("acme", "k2", "other")]),
        now: fixture.now)
    }
    try await fixture.logic.report(
      report(1, [amount("acme", "k1", generated: 5)], reporter: "b"), now: fixture.now)
    let usage = try await fixture.logic.listUsage(as: manager, now: fixture.now)
    #expect(usage.map(\.amount.keyID) == ["k1", "k2"])
    #expect(usage.map(\.amount.requests) == [4, 3])
    #expect(usage.map(\.amount.promptTokens) == [400, 300])
    #expect(usage.map(\.amount.cachedTokens) == [160, 120])
    #expect(usage.map(\.amount.generatedTokens) == [35, 30])
    #expect(usage.allSatisfy { $0.day == UsageDay(fixture.now) })
  }

  @Test func aReportThatComesAgainIsCountedOnce() async throws {
    let fixture = try await AuthFixture()
    let manager = try await fixture.makeTenant("acme")
    let first = report(1, [amount("acme", "k1")])
    #expect(try await fixture.logic.report(first, now: fixture.now))
    #expect(try await fixture.logic.report(report(2, [amount("acme", "k1")]), now: fixture.now))
    for again in [first, report(2, [amount("acme", "k1")])] {
      #expect(try await !fixture.logic.report(again, now: fixture.now))
    }
    // Also after a restart of the service.
    let store = try SQLiteTenantStore(path: fixture.databasePath, now: fixture.now)
    let logic = AuthLogic(store: store)
    #expect(try await !logic.report(first, now: fixture.now))
    let usage = try await logic.listUsage(as: manager, now: fixture.now)
    #expect(usage.map(\.amount.requests) == [2])
  }

  @Test func aTenantSeesItsOwnUsageOnly() async throws {
    let fixture = try await AuthFixture()
    let acme = try await fixture.makeTenant("acme")
    let other = try await fixture.makeTenant("other")
    let plain = try await fixture.makeKey(as: acme)
    try await fixture.logic.report(
      report(1, [amount("acme", "k1"), amount("other", "k2")]), now: fixture.now)
    #expect(
      try await fixture.logic.listUsage(as: acme, now: fixture.now).map(\.amount.keyID) == ["k1"])
    #expect(
      try await fixture.logic.listUsage(tenant: "other", as: fixture.admin, now: fixture.now)
        .map(\.amount.keyID) == ["k2"])
    await expectRefusal(.notFound) {
      try await fixture.logic.listUsage(tenant: "acme", as: other, now: fixture.now)
    }
    await expectRefusal(.permissionDenied) {
      try await fixture.logic.listUsage(
        as: CallerIdentity(tenant: "acme", keyID: plain.record.id), now: fixture.now)
    }
  }

  @Test func daysAreKeptApartAndForgottenInTheEnd() async throws {
    let fixture = try await AuthFixture()
    let manager = try await fixture.makeTenant("acme")
    let day: Int64 = 86_400
    for (sequence, days) in [(1, 0), (2, 1), (3, 29), (4, 30)] {
      try await fixture.logic.report(
        report(UInt64(sequence), [amount("acme", "k1")]),
        now: fixture.now.adding(seconds: Int64(days) * day))
    }
    let now = fixture.now.adding(seconds: 30 * day)
    let month = try await fixture.logic.listUsage(as: manager, now: now)
    #expect(month.map { $0.day.number - UsageDay(fixture.now).number } == [1, 29, 30])
    #expect(try await fixture.logic.listUsage(days: 1, as: manager, now: now).count == 1)
    #expect(try await fixture.logic.listUsage(days: 400, as: manager, now: now).count == 4)

    let later = fixture.now.adding(seconds: 429 * day)
    try await fixture.logic.report(
      report(1, [amount("acme", "k1")], reporter: "later"), now: later)
    let kept = try await fixture.store.read {
      try $0.usage(tenant: "acme", from: UsageDay(number: 0))
    }
    #expect(kept.map { $0.day.number - UsageDay(fixture.now).number } == [30, 429])
    #expect(try await fixture.store.read { try $0.lastReport(of: "a") } == nil)
  }

  @Test func whatMakesNoSenseIsRefused() async throws {
    let fixture = try await AuthFixture()
    let bad = [
      report(1, [], reporter: ""), report(1, [], reporter: String(repeating: "x", count: 65)),
      report(1, [amount("", "k")]), report(1, [amount("acme", "")]),
      report(1, [amount("acme", "k", String(repeating: "m", count: 257))]),
      report(1, Array(repeating: amount("acme", "k"), count: 10_001)),
    ]
    for report in bad {
      await expectRefusal(.invalidArgument) {
        try await fixture.logic.report(report, now: fixture.now)
      }
    }
    for days in [0, 401] {
      await expectRefusal(.invalidArgument) {
        try await fixture.logic.listUsage(days: days, as: fixture.admin, now: fixture.now)
      }
    }
    // Amounts beyond all reason add up to a number all the same.
    for sequence in 1...3 {
      try await fixture.logic.report(
        report(UInt64(sequence), [amount("system", "k", generated: .max)]), now: fixture.now)
    }
    let usage = try await fixture.logic.listUsage(as: fixture.admin, now: fixture.now)
    #expect(usage.map(\.amount.generatedTokens) == [3 << 40])
  }
}
