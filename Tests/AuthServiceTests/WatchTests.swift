import TestSupport
import Testing

@testable import AuthService

@Suite struct WatchTests {
  @Test func fromZeroTheFirstEventIsAResync() async throws {
    let fixture = try await AuthFixture()
    var feed = fixture.logic.watch(after: 0).makeAsyncIterator()
    #expect(try await feed.next() == WatchedEvent(revision: 1, kind: .resync))
    let key = try await fixture.makeKey()
    #expect(
      try await feed.next() == WatchedEvent(revision: 2, kind: .change(.key(key.record.id))))
  }

  @Test func aWatcherResumesWithoutGapOrRepetition() async throws {
    let fixture = try await AuthFixture()
    let first = try await fixture.makeKey()
    let second = try await fixture.makeKey()
    var feed = fixture.logic.watch(after: 2).makeAsyncIterator()
    #expect(
      try await feed.next() == WatchedEvent(revision: 3, kind: .change(.key(second.record.id))))
    _ = try await fixture.logic.revokeKey(
      first.record.id, as: fixture.admin, now: fixture.now)
    #expect(
      try await feed.next() == WatchedEvent(revision: 4, kind: .change(.key(first.record.id))))
  }

  @Test func aRevisionFromTheFutureOrForgottenPastIsAResync() async throws {
    let fixture = try await AuthFixture()
    var future = fixture.logic.watch(after: 1_000).makeAsyncIterator()
    #expect(try await future.next() == WatchedEvent(revision: 1, kind: .resync))
    try await fixture.store.write { writer in
      for index in 0..<SQLiteSchema.changeCountMax + 5 { try writer.record(.key("k\(index)")) }
    }
    var past = fixture.logic.watch(after: 1).makeAsyncIterator()
    let current = UInt64(SQLiteSchema.changeCountMax + 6)
    #expect(try await past.next() == WatchedEvent(revision: current, kind: .resync))
    var oldestKnown = fixture.logic.watch(after: 6).makeAsyncIterator()
    #expect(
      try await oldestKnown.next() == WatchedEvent(revision: 7, kind: .change(.key("k5"))))
  }

  @Test func deletingATenantAndItsQuotaAreChangesOfTheTenant() async throws {
    let fixture = try await AuthFixture()
    _ = try await fixture.logic.createTenant("acme", as: fixture.admin, now: fixture.now)
    var feed = fixture.logic.watch(after: 2).makeAsyncIterator()
    _ = try await fixture.logic.setQuota(
      Quota(), tenant: "acme", as: fixture.admin, now: fixture.now)
    try await fixture.logic.deleteTenant("acme", as: fixture.admin, now: fixture.now)
    #expect(try await feed.next()?.kind == .change(.tenant("acme")))
    #expect(try await feed.next()?.kind == .change(.tenant("acme")))
  }

  @Test func aTickIsAHeartbeatWhenNothingHappened() async throws {
    let fixture = try await AuthFixture()
    var feed = fixture.logic.watch(after: 1).makeAsyncIterator()
    async let event = feed.next()
    while fixture.logic.signal.waiterCount == 0 { await Task.yield() }
    fixture.logic.tick()
    #expect(try await event == WatchedEvent(revision: 1, kind: .heartbeat))
  }

  @Test func aTickFindsTheChangesOfAnotherProcess() async throws {
    let fixture = try await AuthFixture()
    var feed = fixture.logic.watch(after: 1).makeAsyncIterator()
    async let event = feed.next()
    while fixture.logic.signal.waiterCount == 0 { await Task.yield() }
    let other = AuthLogic(
      store: try SQLiteTenantStore(path: fixture.databasePath, now: fixture.now))
    _ = try await other.createTenant("acme", as: fixture.admin, now: fixture.now)
    fixture.logic.tick()
    #expect(try await event == WatchedEvent(revision: 2, kind: .change(.tenant("acme"))))
  }

  @Test func aCancelledWatcherStopsWaitingAndLeavesNothingBehind() async throws {
    let fixture = try await AuthFixture()
    let logic = fixture.logic
    let watcher = Task { for try await _ in logic.watch(after: 1) {} }
    while logic.signal.waiterCount == 0 { await Task.yield() }
    watcher.cancel()
    await #expect(throws: CancellationError.self) { try await watcher.value }
    #expect(logic.signal.waiterCount == 0)
  }

  /// Several writers at once, several watchers from different revisions: each sees every later
  /// change exactly once and in order.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func concurrentChangesReachEveryWatcherInOrder(seed: UInt64) async throws {
    print("seed \(seed)")
    let fixture = try await AuthFixture()
    let (logic, admin, now) = (fixture.logic, fixture.admin, fixture.now)
    let writerCount = 4
    let changesPerWriter = 10
    let last = UInt64(1 + writerCount * changesPerWriter)
    try await withThrowingTaskGroup(of: [WatchedEvent].self) { group in
      for start in [0, 1, 1] as [UInt64] {
        group.addTask {
          var events: [WatchedEvent] = []
          for try await event in logic.watch(after: start) {
            if event.kind != .heartbeat { events.append(event) }
            if event.revision >= last { break }
          }
          return events
        }
      }
      for writer in 0..<writerCount {
        group.addTask {
          var generator = SplitMix64(state: seed &* 1000 + UInt64(writer))
          var mine: [String] = []
          for _ in 0..<changesPerWriter {
            if let id = mine.randomElement(using: &generator), Bool.random(using: &generator) {
              _ = try await logic.revokeKey(id, as: admin, now: now)
              mine.removeAll { $0 == id }
            } else {
              mine.append(
                try await logic.createKey(KeySpecification(), as: admin, now: now).record.id)
            }
            if Bool.random(using: &generator) { logic.tick() }
            for _ in 0..<Int.random(in: 0...3, using: &generator) { await Task.yield() }
          }
          return []
        }
      }
      for try await events in group where !events.isEmpty {
        // A watcher from 0 starts at its resync, the others at the change after 1.
        let revisions = events.map(\.revision)
        #expect(revisions == Array(revisions[0]...last))
        #expect(events.dropFirst().allSatisfy { $0.kind != .resync })
      }
    }
  }
}
