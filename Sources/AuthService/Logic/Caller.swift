/// Who the gateway says is calling.
public struct CallerIdentity: Equatable, Sendable {
  /// The tenant of the key.
  public var tenant: String
  /// The key's id.
  public var keyID: String

  /// An identity from a source that has been authenticated.
  public init(tenant: String, keyID: String) {
    self.tenant = tenant
    self.keyID = keyID
  }
}

/// A caller with the rights that the store has for its key at this moment: what the gateway cached
/// may be a second old, and changes to keys should not be.
struct Caller {
  let tenant: String
  let keyID: String
  let rights: Rights
  let modelPatterns: [ModelPattern]

  init(_ identity: CallerIdentity, in reader: any TenantReader, now: UnixTime) throws {
    guard
      let key = try reader.key(id: identity.keyID), key.tenant == identity.tenant,
      key.isActive(at: now)
    else {
      throw AuthError(
        code: .unauthenticated, message: "the calling key is unknown, revoked, or expired")
    }
    tenant = key.tenant
    keyID = key.id
    rights = key.rights
    modelPatterns = key.modelPatterns
  }

  var isAdmin: Bool { rights.contains(.admin) }

  func requireAdmin() throws(AuthError) {
    guard isAdmin else {
      throw AuthError(
        code: .permissionDenied, message: "this needs a key of role 'admin'")
    }
  }

  /// The tenant whose keys the caller wants to manage: its own when `name` is empty.
  ///
  /// Whoever may not manage another tenant's keys does not learn whether that tenant exists.
  func managedTenant(_ name: String, in reader: any TenantReader) throws -> Tenant {
    guard isAdmin || rights.contains(.keys) else {
      throw AuthError(
        code: .permissionDenied,
        message: "managing keys needs a key of role 'manage' or 'admin'")
    }
    let name = name.isEmpty ? tenant : name
    guard isAdmin || name == tenant, let found = try reader.tenant(named: name),
      found.deletedAt == nil
    else { throw Caller.unknownTenant }
    return found
  }

  /// The key that the caller wants to manage, which must be of a tenant it may manage.
  func managedKey(_ id: String, in reader: any TenantReader) throws -> KeyRecord {
    let unknown = AuthError(code: .notFound, message: "there is no such key")
    guard isAdmin || rights.contains(.keys) else {
      throw AuthError(
        code: .permissionDenied,
        message: "managing keys needs a key of role 'manage' or 'admin'")
    }
    guard let key = try reader.key(id: id), isAdmin || key.tenant == tenant else { throw unknown }
    return key
  }

  /// Refuses to hand out what the caller does not have itself.
  func requireCoverage(of rights: Rights, patterns: [ModelPattern]) throws(AuthError) {
    guard isAdmin || self.rights.isSuperset(of: rights) else {
      throw AuthError(
        code: .permissionDenied, message: "a key cannot give rights that it does not have")
    }
    guard isAdmin || PatternCoverage.covers(modelPatterns, patterns) else {
      throw AuthError(
        code: .permissionDenied,
        message: "a key cannot give models that its own patterns do not cover")
    }
  }

  static let unknownTenant = AuthError(code: .notFound, message: "there is no such tenant")
}
