import Crypto
import Glibc
import TestSupport
import Testing

@testable import AuthService

@Suite struct DurabilityTests {
  @Test func everyCommitIsFlushedToTheDiskBeforeItIsAcknowledged() async throws {
    let fixture = try await AuthFixture()
    #expect(try fixture.store.pragma("synchronous") == 2)  // FULL
    #expect(try fixture.store.pragma("foreign_keys") == 1)
  }

  @Test func theDatabaseAndItsJournalAreReadableByTheirOwnerOnly() async throws {
    let fixture = try await AuthFixture()
    for name in ["auth.db", "auth.db-wal", "admin.key"] {
      #expect(fixture.directory.mode(name) == 0o600, "\(name)")
    }
  }

  @Test func noSecretIsInTheDatabase() async throws {
    let fixture = try await AuthFixture()
    let new = try await fixture.makeKey()
    let secret = new.key.secretText.dropFirst(15).prefix(43)
    for name in ["auth.db", "auth.db-wal"] {
      #expect(!readText("\(fixture.directory.path)/\(name)").contains(secret))
    }
  }

  /// What `kill -9` leaves: the files as they are, no store closed.
  @Test func whatWasAcknowledgedIsThereAfterAKill() async throws {
    let fixture = try await AuthFixture()
    let manager = try await fixture.makeTenant("acme")
    let good = try await fixture.makeKey(as: manager)
    let revoked = try await fixture.makeKey(as: manager)
    _ = try await fixture.logic.revokeKey(revoked.record.id, as: manager, now: fixture.now)

    let crashed = TemporaryDirectory()
    copyDatabase(fixture, to: crashed)
    let store = try SQLiteTenantStore(path: "\(crashed.path)/auth.db", now: fixture.now)
    let logic = AuthLogic(store: store)
    #expect(
      try await logic.check(good.key.secretText, now: fixture.now).verdict.grant?.key
        == good.record)
    #expect(
      try await logic.check(revoked.key.secretText, now: fixture.now).verdict == .revoked)
    #expect(try await logic.firstBrokenAuditEntry() == nil)
    #expect(
      try await store.read { try $0.revision() }
        == fixture.store.read { try $0.revision() })
  }

  /// What a power failure leaves: a journal that ends anywhere. Whatever state comes back is one
  /// that once was: audit log, keys, and revisions belong together.
  @Test func aJournalCutAnywhereGivesAStateThatOnceWas() async throws {
    let fixture = try await AuthFixture()
    let manager = try await fixture.makeTenant("acme")
    for index in 0..<12 {
      let key = try await fixture.makeKey(patterns: ["m\(index)"], as: manager)
      if index % 3 == 0 {
        _ = try await fixture.logic.revokeKey(key.record.id, as: manager, now: fixture.now)
      }
    }
    let seed: UInt64 = 4242
    print("seed \(seed)")
    var generator = SplitMix64(state: seed)
    let journal = readBytes("\(fixture.databasePath)-wal")
    var keyCounts: Set<Int> = []
    for _ in 0..<40 {
      let crashed = TemporaryDirectory()
      let length = Int.random(in: 0...journal.count, using: &generator)
      copyDatabase(fixture, to: crashed, journal: Array(journal[..<length]))
      let path = "\(crashed.path)/auth.db"
      let store = try SQLiteTenantStore(path: path, now: fixture.now)
      let logic = AuthLogic(store: store)
      #expect(try await logic.firstBrokenAuditEntry() == nil)
      let (entries, keys, revision) = try await store.read { reader in
        (
          try reader.auditEntries(tenant: nil, after: 0, limit: 1000),
          try reader.keys(tenant: "acme") + reader.keys(tenant: "system"), try reader.revision()
        )
      }
      let made = entries.filter { ["key.create", "key.bootstrap"].contains($0.action) }
      let revoked = entries.filter { $0.action == "key.revoke" }
      #expect(Set(made.map(\.subject)) == Set(keys.map(\.id)))
      #expect(Set(revoked.map(\.subject)) == Set(keys.filter(\.isRevoked).map(\.id)))
      #expect(revision == UInt64(entries.count))
      keyCounts.insert(keys.count)
      try await store.close()
    }
    // The cuts did fall into different places.
    #expect(keyCounts.count > 3)
  }

  /// A store once waited for its reads on a thread that those needed to end: several at a time
  /// stood still for ever.
  @Test(.timeLimit(.minutes(1)))
  func storesCloseWhileReadsAreUnderWay() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          let fixture = try await AuthFixture()
          let store = fixture.store
          let reads = (0..<20).map { _ in Task { try await store.read { try $0.revision() } } }
          _ = try await reads[0].value
          try await store.close()
          // The others were read before, or found the store closed.
          for read in reads { _ = await read.result }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func revisionsAreNotGivenTwiceAfterARestart() async throws {
    let fixture = try await AuthFixture()
    _ = try await fixture.makeTenant("acme")
    let before = try await fixture.store.read { try $0.revision() }
    try await fixture.store.close()
    let store = try SQLiteTenantStore(path: fixture.databasePath, now: fixture.now)
    let logic = AuthLogic(store: store)
    _ = try await logic.createTenant("other", as: fixture.admin, now: fixture.now)
    #expect(try await store.read { try $0.revision() } == before + 1)
  }

  @Test func theAdminKeyIsMadeOnce() async throws {
    let fixture = try await AuthFixture()
    let path = "\(fixture.directory.path)/admin.key"
    #expect(
      try await fixture.logic.bootstrapAdminKey(file: path, now: fixture.now) == .present)
    unlink(path)
    #expect(
      try await fixture.logic.bootstrapAdminKey(file: path, now: fixture.now) == .present)
    #expect(readBytes(path).isEmpty)
    #expect(try await fixture.verdict(fixture.adminKey).grant?.key.rights == .all)
  }

  @Test func aStartThatDiedBeforeItsCommitIsTakenUpByTheNext() async throws {
    let fixture = try await AuthFixture()
    let other = TemporaryDirectory()
    let path = "\(other.path)/admin.key"
    let left = APIKey.generate()
    try writeFileAtomically(path, Array(left.secretText.utf8), mode: 0o600)
    let store = try SQLiteTenantStore(path: "\(other.path)/auth.db", now: fixture.now)
    let logic = AuthLogic(store: store)
    #expect(try await logic.bootstrapAdminKey(file: path, now: fixture.now) == .created)
    #expect(
      try await logic.check(left.secretText, now: fixture.now).verdict.grant?.key.role == .admin)
  }

  /// Copies the files as they are on disk now, while their owner has them open.
  private func copyDatabase(
    _ fixture: AuthFixture, to directory: TemporaryDirectory, journal: [UInt8]? = nil
  ) {
    let journal = journal ?? readBytes("\(fixture.databasePath)-wal")
    for (name, bytes) in [("auth.db", readBytes(fixture.databasePath)), ("auth.db-wal", journal)] {
      do {
        try writeFileAtomically("\(directory.path)/\(name)", bytes, mode: 0o600)
      } catch {
        Issue.record("could not copy \(name): \(error)")
      }
    }
  }
}
