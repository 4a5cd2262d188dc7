import Testing

@testable import AuthService

@Suite struct AuditTests {
  @Test func changesAndRefusalsAreRecordedWithWhoAndWhat() async throws {
    let fixture = try await AuthFixture()
    let manager = try await fixture.makeTenant("acme")
    let key = try await fixture.makeKey(as: manager)
    await expectRefusal(.permissionDenied) {
      try await fixture.logic.createTenant("evil\nline", as: manager, now: fixture.now)
    }
    await expectRefusal(.notFound) {
      try await fixture.logic.revokeKey(fixture.admin.keyID, as: manager, now: fixture.now)
    }
    let entries = try await fixture.logic.listAudit(as: manager, now: fixture.now)
    let lines = entries.map {
      "\($0.actor == manager.keyID) \($0.action) \($0.subject) \($0.outcome)"
    }
    #expect(
      lines == [
        "false tenant.create acme ok",
        "false key.create \(manager.keyID) ok",
        "true key.create \(key.record.id) ok",
        "true tenant.create evil?line permissionDenied",
        "true key.revoke \(fixture.admin.keyID) notFound",
      ])
  }

  @Test func aRefusedChangeLeavesNothingElseBehind() async throws {
    let fixture = try await AuthFixture()
    let before = try await fixture.store.read { try $0.revision() }
    // The tenant is marked deleted and its key revoked before the last administrator is missed.
    let now = fixture.now
    try await fixture.store.write { writer in
      try writer.insert(
        Tenant(name: "acme", createdAt: now, deletedAt: nil, quota: Quota()))
    }
    let resident = try await fixture.makeKey(tenant: "acme", role: .admin)
    _ = try await fixture.logic.revokeKey(
      fixture.admin.keyID,
      as: CallerIdentity(tenant: "acme", keyID: resident.record.id), now: now)
    await expectRefusal(.failedPrecondition) {
      try await fixture.logic.deleteTenant(
        "acme", as: CallerIdentity(tenant: "acme", keyID: resident.record.id), now: now)
    }
    #expect(try await fixture.verdict(resident.key).grant != nil)
    #expect(try await fixture.store.read { try $0.revision() } == before + 2)
  }

  @Test func theDatabaseItselfRefusesToRewriteTheLog() async throws {
    let fixture = try await AuthFixture()
    for sql in ["UPDATE audit SET outcome = 'ok'", "DELETE FROM audit", "DELETE FROM api_key"] {
      #expect(throws: (any Error).self) { try fixture.store.executeUnchecked(sql) }
    }
    #expect(throws: (any Error).self) {
      try fixture.store.executeUnchecked("UPDATE api_key SET rights = 15, role = 'admin'")
    }
  }

  @Test(arguments: [
    "UPDATE audit SET subject = 'x' WHERE sequence = 3", "DELETE FROM audit WHERE sequence = 3",
    "UPDATE audit SET at_ms = at_ms + 1 WHERE sequence = 3",
    "UPDATE audit SET actor = actor || action, action = '' WHERE sequence = 3",
  ])
  func anIntruderInTheFileBreaksTheChain(sql: String) async throws {
    let fixture = try await AuthFixture()
    _ = try await fixture.makeTenant("acme")
    _ = try await fixture.makeTenant("other")
    #expect(try await fixture.logic.firstBrokenAuditEntry() == nil)
    try fixture.store.executeUnchecked("DROP TRIGGER audit_is_never_changed")
    try fixture.store.executeUnchecked("DROP TRIGGER audit_is_never_deleted")
    try fixture.store.executeUnchecked(sql)
    let broken = try await fixture.logic.firstBrokenAuditEntry()
    #expect(broken == 3 || broken == 4)
  }

  @Test func onlyAnAdministratorReadsEveryTenantsLog() async throws {
    let fixture = try await AuthFixture()
    let manager = try await fixture.makeTenant("acme")
    let all = try await fixture.logic.listAudit(
      tenant: "*", as: fixture.admin, now: fixture.now)
    #expect(all.map(\.sequence) == [1, 2, 3])
    let page = try await fixture.logic.listAudit(
      tenant: "*", after: 1, limit: 1, as: fixture.admin, now: fixture.now)
    #expect(page.map(\.sequence) == [2])
    await expectRefusal(.permissionDenied) {
      try await fixture.logic.listAudit(tenant: "*", as: manager, now: fixture.now)
    }
    await expectRefusal(.invalidArgument) {
      try await fixture.logic.listAudit(limit: 1001, as: manager, now: fixture.now)
    }
  }
}
