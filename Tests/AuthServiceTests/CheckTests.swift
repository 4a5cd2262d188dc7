import Testing

@testable import AuthService

@Suite struct CheckTests {
  @Test func aGoodKeyStandsForItsTenantRightsModelsAndQuota() async throws {
    let fixture = try await AuthFixture()
    _ = try await fixture.makeTenant("acme")
    var quota = Quota()
    quota.requestsPerSecond = 50
    quota.messageBytesMax = 1 << 20
    _ = try await fixture.logic.setQuota(
      quota, tenant: "acme", as: fixture.admin, now: fixture.now)
    let new = try await fixture.makeKey(
      tenant: "acme", role: .deploy, patterns: ["digits-*"], lifetime: 60)
    let grant = try #require(try await fixture.verdict(new.key).grant)
    #expect(grant.key.tenant == "acme")
    #expect(grant.key.rights == [.deploy, .infer])
    #expect(grant.key.modelPatterns.map(\.description) == ["digits-*"])
    #expect(grant.key.expiresAt == fixture.now.adding(seconds: 60))
    #expect(grant.quota == quota)
  }

  @Test(arguments: ["", "mk_", "not a key", "Bearer x", String(repeating: "x", count: 100_000)])
  func aMalformedKeyIsUnknown(text: String) async throws {
    let fixture = try await AuthFixture()
    let outcome = try await fixture.logic.check(text, now: fixture.now)
    #expect(outcome.verdict == .unknownKey)
    #expect(outcome.keyID == nil)
  }

  @Test func aWellFormedKeyThatWasNeverMadeIsUnknown() async throws {
    let fixture = try await AuthFixture()
    #expect(try await fixture.verdict(APIKey.generate()) == .unknownKey)
  }

  @Test func aKnownIDWithAnotherSecretIsUnknownEvenWhenRevoked() async throws {
    let fixture = try await AuthFixture()
    let entropy: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    let real = APIKey(idEntropy: entropy, secret: Array(repeating: 1, count: 32))
    let forged = APIKey(idEntropy: entropy, secret: Array(repeating: 2, count: 32))
    let now = fixture.now
    try await fixture.store.write { writer in
      try writer.insert(
        KeyRecord(
          id: real.id, tenant: "system", secretHash: real.hash, role: .infer, rights: [.infer],
          modelPatterns: [.everything], createdAt: now, createdBy: "system", expiresAt: nil,
          revokedAt: now, rotatedFrom: nil, label: ""))
    }
    #expect(try await fixture.verdict(real) == .revoked)
    let outcome = try await fixture.logic.check(forged.secretText, now: now)
    #expect(outcome.verdict == .unknownKey)
    #expect(outcome.keyID == real.id)
  }

  @Test func aKeyExpiresAtItsMomentNotBefore() async throws {
    let fixture = try await AuthFixture()
    let new = try await fixture.makeKey(lifetime: 10)
    let end = fixture.now.adding(seconds: 10)
    let justBefore = UnixTime(milliseconds: end.milliseconds - 1)
    #expect(try await fixture.verdict(new.key, at: justBefore).grant != nil)
    #expect(try await fixture.verdict(new.key, at: end) == .expired)
  }

  @Test func aRevokedKeyStaysRevoked() async throws {
    let fixture = try await AuthFixture()
    let new = try await fixture.makeKey()
    let first = try await fixture.logic.revokeKey(
      new.record.id, as: fixture.admin, now: fixture.now)
    let later = fixture.now.adding(seconds: 5)
    let second = try await fixture.logic.revokeKey(
      new.record.id, as: fixture.admin, now: later)
    #expect(try await fixture.verdict(new.key) == .revoked)
    #expect(first.revokedAt == fixture.now)
    #expect(second.revokedAt == fixture.now)
    #expect(throws: (any Error).self) {
      try fixture.store.executeUnchecked("UPDATE api_key SET revoked_at_ms = NULL")
    }
  }

  @Test func aRotatedKeyGoesOnForItsGraceOnly() async throws {
    let fixture = try await AuthFixture()
    let old = try await fixture.makeKey(role: .deploy, patterns: ["a*"], lifetime: 1000)
    let now = fixture.now.adding(seconds: 100)
    let new = try await fixture.logic.rotateKey(
      old.record.id, graceSeconds: 60, as: fixture.admin, now: now)
    #expect(new.record.rights == old.record.rights)
    #expect(new.record.modelPatterns == old.record.modelPatterns)
    #expect(new.record.rotatedFrom == old.record.id)
    #expect(new.record.expiresAt == now.adding(seconds: 1000))
    #expect(try await fixture.verdict(old.key, at: now.adding(seconds: 59)).grant != nil)
    #expect(try await fixture.verdict(old.key, at: now.adding(seconds: 60)) == .expired)
    #expect(try await fixture.verdict(new.key, at: now.adding(seconds: 60)).grant != nil)
  }

  @Test func graceNeverLengthensAKeysLife() async throws {
    let fixture = try await AuthFixture()
    let old = try await fixture.makeKey(lifetime: 10)
    _ = try await fixture.logic.rotateKey(
      old.record.id, graceSeconds: 1000, as: fixture.admin, now: fixture.now)
    #expect(try await fixture.verdict(old.key, at: fixture.now.adding(seconds: 10)) == .expired)
  }

  @Test func withoutGraceTheOldKeyIsRevokedAtOnce() async throws {
    let fixture = try await AuthFixture()
    let old = try await fixture.makeKey()
    let new = try await fixture.logic.rotateKey(
      old.record.id, as: fixture.admin, now: fixture.now)
    #expect(try await fixture.verdict(old.key) == .revoked)
    #expect(try await fixture.verdict(new.key).grant != nil)
    await expectRefusal(.failedPrecondition) {
      try await fixture.logic.rotateKey(old.record.id, as: fixture.admin, now: fixture.now)
    }
  }

  @Test func deletingATenantRevokesItsKeysAndKeepsItsName() async throws {
    let fixture = try await AuthFixture()
    let manager = try await fixture.makeTenant("acme")
    let other = try await fixture.makeTenant("other")
    let key = try await fixture.makeKey(tenant: "acme")
    let bystander = try await fixture.makeKey(tenant: "other")
    try await fixture.logic.deleteTenant("acme", as: fixture.admin, now: fixture.now)
    #expect(try await fixture.verdict(key.key) == .revoked)
    #expect(try await fixture.verdict(bystander.key).grant != nil)
    await expectRefusal(.unauthenticated) { try await fixture.makeKey(as: manager) }
    _ = try await fixture.makeKey(as: other)
    await expectRefusal(.alreadyExists) {
      try await fixture.logic.createTenant("acme", as: fixture.admin, now: fixture.now)
    }
    await expectRefusal(.notFound) { try await fixture.makeKey(tenant: "acme") }
    let names = try await fixture.logic.listTenants(as: fixture.admin, now: fixture.now)
    #expect(names.map(\.name) == ["other", "system"])
  }
}
