extension AuthLogic {
  /// Makes a tenant. Needs `admin`.
  public func createTenant(
    _ name: String, quota: Quota = Quota(), as identity: CallerIdentity, now: UnixTime
  ) async throws -> Tenant {
    try await change(identity, now: now, action: "tenant.create", subject: name) {
      caller, writer in
      try caller.requireAdmin()
      try Tenant.validate(name: name)
      if let existing = try writer.tenant(named: name) {
        throw AuthError(
          code: .alreadyExists,
          message: existing.deletedAt == nil
            ? "the tenant '\(name)' exists"
            : "the tenant '\(name)' was deleted, and names are not used again")
      }
      let tenant = Tenant(name: name, createdAt: now, deletedAt: nil, quota: quota)
      try writer.insert(tenant)
      try writer.record(.tenant(name))
      return Audited(tenant: name, subject: name, result: tenant)
    }
  }

  /// All tenants by name, without deleted ones. Needs `admin`.
  public func listTenants(as identity: CallerIdentity, now: UnixTime) async throws -> [Tenant] {
    try await query(identity, now: now) { caller, reader in
      try caller.requireAdmin()
      return try reader.tenants()
    }
  }

  /// Deletes a tenant and revokes all of its keys. Needs `admin`.
  public func deleteTenant(
    _ name: String, as identity: CallerIdentity, now: UnixTime
  ) async throws {
    try await change(identity, now: now, action: "tenant.delete", subject: name) {
      caller, writer in
      try caller.requireAdmin()
      guard name != Tenant.system else {
        throw AuthError(
          code: .failedPrecondition, message: "the tenant '\(name)' cannot be deleted")
      }
      guard var tenant = try writer.tenant(named: name), tenant.deletedAt == nil else {
        throw Caller.unknownTenant
      }
      tenant.deletedAt = now
      try writer.update(tenant)
      for var key in try writer.keys(tenant: name) where !key.isRevoked {
        key.revokedAt = now
        try writer.update(key)
      }
      try AuthLogic.requireAdminKey(in: writer, now: now)
      try writer.record(.tenant(name))
      return Audited(tenant: name, subject: name, result: ())
    }
  }

  /// Replaces a tenant's limits. Needs `admin`.
  public func setQuota(
    _ quota: Quota, tenant name: String, as identity: CallerIdentity, now: UnixTime
  ) async throws -> Tenant {
    try await change(identity, now: now, action: "tenant.quota", subject: name) {
      caller, writer in
      try caller.requireAdmin()
      guard var tenant = try writer.tenant(named: name), tenant.deletedAt == nil else {
        throw Caller.unknownTenant
      }
      tenant.quota = quota
      try writer.update(tenant)
      try writer.record(.tenant(name))
      return Audited(tenant: name, subject: name, result: tenant)
    }
  }

  /// Refuses a change after which nobody could administer any more.
  static func requireAdminKey(in reader: any TenantReader, now: UnixTime) throws {
    guard try reader.activeAdminKeyCount(at: now) > 0 else {
      throw AuthError(
        code: .failedPrecondition,
        message: "the last key of role 'admin' cannot go; create another one first")
    }
  }
}
