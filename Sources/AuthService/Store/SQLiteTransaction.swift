// GRDB reads and writes blobs as Data.
internal import FoundationEssentials
internal import GRDB

/// One transaction, or one consistent state to read. Lives within the body it is handed to.
struct SQLiteTransaction: TenantReader {
  let database: Database

  func tenant(named name: String) throws -> Tenant? {
    try Row.fetchOne(
      database, sql: "\(Self.selectTenant) WHERE name = ?", arguments: [name]
    ).map(Self.tenant)
  }

  func tenants() throws -> [Tenant] {
    try Row.fetchAll(
      database, sql: "\(Self.selectTenant) WHERE deleted_at_ms IS NULL ORDER BY name"
    ).map(Self.tenant)
  }

  func key(id: String) throws -> KeyRecord? {
    try Row.fetchOne(
      database.cachedStatement(sql: "SELECT * FROM api_key WHERE id = ?"), arguments: [id]
    ).map(Self.key)
  }

  func keys(tenant: String) throws -> [KeyRecord] {
    try Row.fetchAll(
      database, sql: "SELECT * FROM api_key WHERE tenant = ? ORDER BY created_at_ms, id",
      arguments: [tenant]
    ).map(Self.key)
  }

  func keyCount(tenant: String) throws -> Int {
    try Int.fetchOne(
      database, sql: "SELECT count(*) FROM api_key WHERE tenant = ?", arguments: [tenant]) ?? 0
  }

  func activeAdminKeyCount(at now: UnixTime) throws -> Int {
    try Int.fetchOne(
      database,
      sql: """
        SELECT count(*) FROM api_key WHERE rights & ? AND revoked_at_ms IS NULL
        AND (expires_at_ms IS NULL OR expires_at_ms > ?)
        """, arguments: [Rights.admin.rawValue, now.milliseconds]) ?? 0
  }

  func revision() throws -> UInt64 {
    // SQLite's own record of the highest number, which outlives trimmed rows.
    let revision = try Int64.fetchOne(
      database, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'change'")
    return UInt64(revision ?? 0)
  }

  func changes(after revision: UInt64, limit: Int) throws -> ChangeHistory {
    let current = try self.revision()
    guard revision <= current else { return .forgotten(current: current) }
    guard revision < current else { return .changes([]) }
    let rows = try Row.fetchAll(
      database,
      sql:
        "SELECT revision, kind, subject FROM change WHERE revision > ? ORDER BY revision LIMIT ?",
      arguments: [Int64(revision), limit])
    let changes = rows.map { row in
      let subject: String = row["subject"]
      return NumberedChange(
        revision: UInt64(row["revision"] as Int64),
        change: row["kind"] == "tenant" ? .tenant(subject) : .key(subject))
    }
    // Rolled-back transactions leave no gap, so the first must be the very next.
    guard changes.first?.revision == revision + 1 else { return .forgotten(current: current) }
    return .changes(changes)
  }

  func auditEntries(tenant: String?, after sequence: UInt64, limit: Int) throws -> [AuditEntry] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT * FROM audit WHERE sequence > :after AND (:tenant IS NULL OR tenant = :tenant)
        ORDER BY sequence LIMIT :limit
        """,
      arguments: [
        "after": Int64(clamping: sequence), "tenant": tenant, "limit": limit,
      ]
    ).map(Self.auditEntry)
  }

  func lastAuditEntry() throws -> AuditEntry? {
    try Row.fetchOne(database, sql: "SELECT * FROM audit ORDER BY sequence DESC LIMIT 1")
      .map(Self.auditEntry)
  }
}

extension SQLiteTransaction: TenantWriter {
  func insert(_ tenant: Tenant) throws {
    try database.execute(
      sql: "INSERT INTO tenant (name, created_at_ms, deleted_at_ms) VALUES (?, ?, ?)",
      arguments: [
        tenant.name, tenant.createdAt.milliseconds, tenant.deletedAt?.milliseconds,
      ])
    try replaceQuota(of: tenant)
  }

  func update(_ tenant: Tenant) throws {
    try database.execute(
      sql: "UPDATE tenant SET deleted_at_ms = ? WHERE name = ?",
      arguments: [tenant.deletedAt?.milliseconds, tenant.name])
    try replaceQuota(of: tenant)
  }

  private func replaceQuota(of tenant: Tenant) throws {
    let quota = tenant.quota
    try database.execute(
      sql: """
        INSERT OR REPLACE INTO quota (tenant, requests_per_second, requests_burst, streams_max,
        bytes_in_flight_max, message_bytes_max) VALUES (?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        tenant.name, quota.requestsPerSecond, quota.requestsBurst, quota.streamsMax,
        Int64(clamping: quota.bytesInFlightMax), Int64(clamping: quota.messageBytesMax),
      ])
  }

  func insert(_ key: KeyRecord) throws {
    try database.execute(
      sql: """
        INSERT INTO api_key (id, tenant, secret_hash, role, rights, model_patterns, created_at_ms,
        created_by, expires_at_ms, revoked_at_ms, rotated_from, label)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        key.id, key.tenant, Data(key.secretHash), key.role.rawValue, key.rights.rawValue,
        key.modelPatterns.map(\.description).joined(separator: ","),
        key.createdAt.milliseconds, key.createdBy, key.expiresAt?.milliseconds,
        key.revokedAt?.milliseconds, key.rotatedFrom, key.label,
      ])
  }

  func update(_ key: KeyRecord) throws {
    try database.execute(
      sql: "UPDATE api_key SET expires_at_ms = ?, revoked_at_ms = ? WHERE id = ?",
      arguments: [key.expiresAt?.milliseconds, key.revokedAt?.milliseconds, key.id])
  }

  func record(_ change: Change) throws {
    let (kind, subject) =
      switch change {
      case .key(let id): ("key", id)
      case .tenant(let name): ("tenant", name)
      }
    try database.execute(
      sql: "INSERT INTO change (kind, subject) VALUES (?, ?)", arguments: [kind, subject])
    try database.execute(
      sql: "DELETE FROM change WHERE revision <= ?",
      arguments: [database.lastInsertedRowID - Int64(SQLiteSchema.changeCountMax)])
  }

  func appendAudit(
    at: UnixTime, tenant: String, actor: String, action: String, subject: String, outcome: String
  ) throws {
    let previous = try lastAuditEntry()
    var entry = AuditEntry(
      sequence: (previous?.sequence ?? 0) + 1, at: at, tenant: tenant, actor: actor,
      action: action, subject: subject, outcome: outcome, hash: [])
    entry.hash = entry.expectedHash(after: previous?.hash ?? AuditEntry.firstPreviousHash)
    try database.execute(
      sql: """
        INSERT INTO audit (sequence, at_ms, tenant, actor, action, subject, outcome, hash)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        Int64(entry.sequence), at.milliseconds, tenant, actor, action, subject, outcome,
        Data(entry.hash),
      ])
  }

  func nested<Result>(_ body: () throws -> Result) throws -> Result {
    var result: Result?
    try database.inSavepoint {
      result = try body()
      return .commit
    }
    // inSavepoint has thrown unless the body returned.
    return result!
  }
}
