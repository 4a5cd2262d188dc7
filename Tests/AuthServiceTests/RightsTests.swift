import Testing

@testable import AuthService

@Suite struct RightsTests {
  @Test func anotherTenantIsAsIfItDidNotExist() async throws {
    let fixture = try await AuthFixture()
    let mine = try await fixture.makeTenant("mine")
    let theirs = try await fixture.makeTenant("theirs")
    let key = try await fixture.makeKey(tenant: "theirs")
    let (logic, now) = (fixture.logic, fixture.now)
    for tenant in ["theirs", "no-such-tenant", "system"] {
      await expectRefusal(.notFound) { try await fixture.makeKey(tenant: tenant, as: mine) }
      await expectRefusal(.notFound) {
        try await logic.listKeys(tenant: tenant, as: mine, now: now)
      }
      await expectRefusal(.notFound) {
        try await logic.listAudit(tenant: tenant, as: mine, now: now)
      }
    }
    for id in [key.record.id, theirs.keyID, fixture.admin.keyID, "nosuchkey000"] {
      await expectRefusal(.notFound) { try await logic.revokeKey(id, as: mine, now: now) }
      await expectRefusal(.notFound) { try await logic.rotateKey(id, as: mine, now: now) }
    }
    let listed = try await logic.listKeys(as: mine, now: now)
    #expect(listed.map(\.id) == [mine.keyID])
  }

  @Test(arguments: [Role.infer, .deploy])
  func withoutTheKeysRightNothingIsManaged(role: Role) async throws {
    let fixture = try await AuthFixture()
    _ = try await fixture.makeTenant("acme")
    let key = try await fixture.makeKey(tenant: "acme", role: role)
    let caller = CallerIdentity(tenant: "acme", keyID: key.record.id)
    let (logic, now) = (fixture.logic, fixture.now)
    await expectRefusal(.permissionDenied) { try await fixture.makeKey(as: caller) }
    await expectRefusal(.permissionDenied) { try await logic.listKeys(as: caller, now: now) }
    await expectRefusal(.permissionDenied) { try await logic.listAudit(as: caller, now: now) }
    await expectRefusal(.permissionDenied) {
      try await logic.revokeKey(key.record.id, as: caller, now: now)
    }
    await expectRefusal(.permissionDenied) {
      try await logic.rotateKey(key.record.id, as: caller, now: now)
    }
  }

  @Test(arguments: Role.allCases.filter { $0 != .admin })
  func tenantsAreManagedByAdministratorsOnly(role: Role) async throws {
    let fixture = try await AuthFixture()
    _ = try await fixture.makeTenant("acme")
    let key = try await fixture.makeKey(tenant: "acme", role: role)
    let caller = CallerIdentity(tenant: "acme", keyID: key.record.id)
    let (logic, now) = (fixture.logic, fixture.now)
    await expectRefusal(.permissionDenied) {
      try await logic.createTenant("mine", as: caller, now: now)
    }
    await expectRefusal(.permissionDenied) { try await logic.listTenants(as: caller, now: now) }
    await expectRefusal(.permissionDenied) {
      try await logic.deleteTenant("acme", as: caller, now: now)
    }
    await expectRefusal(.permissionDenied) {
      try await logic.setQuota(Quota(), tenant: "acme", as: caller, now: now)
    }
  }

  @Test func aKeyCannotMakeAnotherWithMoreThanItHas() async throws {
    let fixture = try await AuthFixture()
    _ = try await fixture.makeTenant("acme")
    let narrow = try await fixture.makeKey(tenant: "acme", role: .manage, patterns: ["team-*"])
    let caller = CallerIdentity(tenant: "acme", keyID: narrow.record.id)
    await expectRefusal(.permissionDenied) {
      try await fixture.makeKey(role: .admin, patterns: ["team-*"], as: caller)
    }
    for patterns in [[], ["*"], ["team*"], ["team-a", "other"], ["?eam-a"]] {
      await expectRefusal(.permissionDenied) {
        try await fixture.makeKey(patterns: patterns, as: caller)
      }
    }
    let child = try await fixture.makeKey(
      role: .manage, patterns: ["team-a", "team-b*"], as: caller)
    #expect(child.record.tenant == "acme")
  }

  @Test func rotationDoesNotHandOutAWiderKey() async throws {
    let fixture = try await AuthFixture()
    let manager = try await fixture.makeTenant("acme")
    let narrow = try await fixture.makeKey(tenant: "acme", role: .manage, patterns: ["team-*"])
    let caller = CallerIdentity(tenant: "acme", keyID: narrow.record.id)
    let resident = try await fixture.makeKey(tenant: "acme", role: .admin)
    let (logic, now) = (fixture.logic, fixture.now)
    for id in [manager.keyID, resident.record.id] {
      await expectRefusal(.permissionDenied) {
        try await logic.rotateKey(id, as: caller, now: now)
      }
    }
    await expectRefusal(.permissionDenied) {
      try await logic.revokeKey(resident.record.id, as: caller, now: now)
    }
    _ = try await logic.rotateKey(narrow.record.id, as: caller, now: now)
  }

  @Test func aCallersRightsAreThoseOfTheStoreNotOfTheGatewaysCache() async throws {
    let fixture = try await AuthFixture()
    let manager = try await fixture.makeTenant("acme")
    let (logic, now) = (fixture.logic, fixture.now)
    await expectRefusal(.unauthenticated) {
      try await logic.listKeys(
        as: CallerIdentity(tenant: "other", keyID: manager.keyID), now: now)
    }
    _ = try await logic.revokeKey(manager.keyID, as: fixture.admin, now: now)
    await expectRefusal(.unauthenticated) { try await logic.listKeys(as: manager, now: now) }
  }

  @Test func theLastAdministratorCannotBeLockedOut() async throws {
    let fixture = try await AuthFixture()
    let (logic, now) = (fixture.logic, fixture.now)
    await expectRefusal(.failedPrecondition) {
      try await logic.revokeKey(fixture.admin.keyID, as: fixture.admin, now: now)
    }
    await expectRefusal(.failedPrecondition) {
      try await logic.deleteTenant("system", as: fixture.admin, now: now)
    }
    #expect(try await fixture.verdict(fixture.adminKey).grant != nil)
    _ = try await fixture.makeKey(role: .admin)
    _ = try await logic.revokeKey(fixture.admin.keyID, as: fixture.admin, now: now)
    #expect(try await fixture.verdict(fixture.adminKey) == .revoked)
  }

  @Test(arguments: [
    "", "-a", "a-", "A", "a_b", "ä", "a/b", "..", "a b", "system", "admin", "martlet",
    String(repeating: "a", count: 64),
  ])
  func aNameThatIsNoTenantsIsRefused(name: String) async throws {
    let fixture = try await AuthFixture()
    await expectRefusal(.invalidArgument) {
      try await fixture.logic.createTenant(name, as: fixture.admin, now: fixture.now)
    }
  }

  @Test(arguments: ["a", "0", "team-7", String(repeating: "z", count: 63)])
  func aTenantsNameIsALowerCaseLabel(name: String) async throws {
    let fixture = try await AuthFixture()
    let tenant = try await fixture.logic.createTenant(
      name, as: fixture.admin, now: fixture.now)
    #expect(tenant.name == name)
    await expectRefusal(.alreadyExists) {
      try await fixture.logic.createTenant(name, as: fixture.admin, now: fixture.now)
    }
  }

  @Test func aKeysFieldsHaveLimits() async throws {
    let fixture = try await AuthFixture()
    for lifetime in [0, -1, .min, .max, 3651 * 86_400] as [Int64] {
      await expectRefusal(.invalidArgument) { try await fixture.makeKey(lifetime: lifetime) }
    }
    await expectRefusal(.invalidArgument) {
      try await fixture.makeKey(patterns: (0..<17).map { "m\($0)" })
    }
    for label in ["two\nlines", String(repeating: "x", count: 129)] {
      var specification = KeySpecification()
      specification.label = label
      let refused = specification
      await expectRefusal(.invalidArgument) {
        try await fixture.logic.createKey(refused, as: fixture.admin, now: fixture.now)
      }
    }
    for grace in [-1, .max] as [Int64] {
      await expectRefusal(.invalidArgument) {
        try await fixture.logic.rotateKey(
          fixture.admin.keyID, graceSeconds: grace, as: fixture.admin, now: fixture.now)
      }
    }
  }
}
