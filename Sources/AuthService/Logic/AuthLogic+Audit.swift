extension AuthLogic {
  static let auditEntryCountMax = 1_000
  static let everyTenant = "*"

  /// Lines of the audit log after `sequence`, oldest first. Needs `keys` for the caller's own
  /// tenant, `admin` for another one or, as `*`, for all of them.
  ///
  /// - Parameter limit: 1–1,000.
  public func listAudit(
    tenant: String = "", after sequence: UInt64 = 0, limit: Int = 100,
    as identity: CallerIdentity, now: UnixTime
  ) async throws -> [AuditEntry] {
    guard (1...AuthLogic.auditEntryCountMax).contains(limit) else {
      throw AuthError(
        code: .invalidArgument,
        message: "a page of the audit log has 1–\(AuthLogic.auditEntryCountMax) entries,"
          + " got \(limit)")
    }
    return try await query(identity, now: now) { caller, reader in
      if tenant == AuthLogic.everyTenant {
        try caller.requireAdmin()
        return try reader.auditEntries(tenant: nil, after: sequence, limit: limit)
      }
      // An administrator may look back at a deleted tenant.
      let name =
        caller.isAdmin && !tenant.isEmpty
        ? tenant : try caller.managedTenant(tenant, in: reader).name
      return try reader.auditEntries(tenant: name, after: sequence, limit: limit)
    }
  }

  /// The number of the first line that does not follow from the one before it, or nil when the
  /// whole log is sound.
  ///
  /// The chain shows lines that were changed, removed, or inserted in the file. Somebody who can
  /// write the file and knows this code can compute a new chain: against that, keep the latest hash
  /// somewhere else.
  public func firstBrokenAuditEntry() async throws -> UInt64? {
    var previous: AuditEntry?
    while true {
      let after = previous?.sequence ?? 0
      let page = try await store.read { reader in
        try reader.auditEntries(tenant: nil, after: after, limit: AuthLogic.auditEntryCountMax)
      }
      if let broken = AuditEntry.firstBroken(page, after: previous) { return broken.sequence }
      guard let last = page.last else { return nil }
      previous = last
    }
  }
}
