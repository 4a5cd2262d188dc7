import Testing

@testable import AuthService

/// An auth service's logic over a store of its own, with a clock that stands still.
struct AuthFixture {
  let directory = TemporaryDirectory()
  let store: SQLiteTenantStore
  let logic: AuthLogic
  /// 2027-01-15.
  var now = UnixTime(milliseconds: 1_800_000_000_000)
  let admin: CallerIdentity
  let adminKey: APIKey

  var databasePath: String { "\(directory.path)/auth.db" }

  init() async throws {
    store = try SQLiteTenantStore(path: "\(directory.path)/auth.db", now: now)
    logic = AuthLogic(store: store)
    let path = "\(directory.path)/admin.key"
    #expect(try await logic.bootstrapAdminKey(file: path, now: now) == .created)
    adminKey = try #require(try adminKeyInFile(path))
    admin = CallerIdentity(tenant: "system", keyID: adminKey.id)
  }

  /// A tenant with a key of role `manage`.
  func makeTenant(_ name: String) async throws -> CallerIdentity {
    _ = try await logic.createTenant(name, as: admin, now: now)
    let manager = try await makeKey(tenant: name, role: .manage)
    return CallerIdentity(tenant: name, keyID: manager.record.id)
  }

  func makeKey(
    tenant: String = "", role: Role = .infer, patterns: [String] = [], lifetime: Int64? = nil,
    as identity: CallerIdentity? = nil
  ) async throws -> NewKey {
    var specification = KeySpecification()
    specification.tenant = tenant
    specification.role = role
    specification.modelPatterns = try patterns.map { try ModelPattern($0) }
    specification.lifetimeSeconds = lifetime
    return try await logic.createKey(specification, as: identity ?? admin, now: now)
  }

  func verdict(_ key: APIKey, at time: UnixTime? = nil) async throws -> CheckOutcome.Verdict {
    try await logic.check(key.secretText, now: time ?? now).verdict
  }
}

func adminKeyInFile(_ path: String) throws -> APIKey? {
  APIKey(parsing: readText(path).filter { $0 != "\n" })
}

/// Expects that `body` is refused with the given code.
func expectRefusal<Result>(
  _ code: AuthError.Code, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () async throws -> Result
) async {
  do {
    _ = try await body()
    Issue.record("expected \(code), but it was done", sourceLocation: sourceLocation)
  } catch let error as AuthError {
    #expect(error.code == code, sourceLocation: sourceLocation)
  } catch {
    Issue.record("expected \(code), got \(error)", sourceLocation: sourceLocation)
  }
}

extension CheckOutcome.Verdict {
  var grant: Grant? {
    if case .allowed(let grant) = self { grant } else { nil }
  }
}
