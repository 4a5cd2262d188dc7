// GRDB reads and writes blobs as Data.
internal import FoundationEssentials
internal import GRDB

/// Values from rows. The schema's checks hold for everything that this code wrote, so that a value
/// which does not fit means a damaged or foreign file.
extension SQLiteTransaction {
  static let selectTenant = "SELECT * FROM tenant JOIN quota ON quota.tenant = tenant.name"

  static func tenant(_ row: Row) -> Tenant {
    var quota = Quota()
    quota.requestsPerSecond = UInt32(clamping: row["requests_per_second"] as Int64)
    quota.requestsBurst = UInt32(clamping: row["requests_burst"] as Int64)
    quota.streamsMax = UInt32(clamping: row["streams_max"] as Int64)
    quota.bytesInFlightMax = UInt64(clamping: row["bytes_in_flight_max"] as Int64)
    quota.messageBytesMax = UInt64(clamping: row["message_bytes_max"] as Int64)
    return Tenant(
      name: row["name"], createdAt: UnixTime(milliseconds: row["created_at_ms"]),
      deletedAt: time(row["deleted_at_ms"]), quota: quota)
  }

  static func key(_ row: Row) throws -> KeyRecord {
    let id: String = row["id"]
    let roleName: String = row["role"]
    guard let role = Role(rawValue: roleName) else {
      throw AuthError(
        code: .damagedStore, message: "key \(id) has an unknown role in the store")
    }
    let patternList: String = row["model_patterns"]
    return KeyRecord(
      id: id, tenant: row["tenant"], secretHash: Array(row["secret_hash"] as Data), role: role,
      rights: Rights(rawValue: UInt8(truncatingIfNeeded: row["rights"] as Int64)),
      modelPatterns: try patternList.split(separator: ",").map { try ModelPattern(String($0)) },
      createdAt: UnixTime(milliseconds: row["created_at_ms"]), createdBy: row["created_by"],
      expiresAt: time(row["expires_at_ms"]), revokedAt: time(row["revoked_at_ms"]),
      rotatedFrom: row["rotated_from"], label: row["label"])
  }

  static func auditEntry(_ row: Row) -> AuditEntry {
    AuditEntry(
      sequence: UInt64(row["sequence"] as Int64), at: UnixTime(milliseconds: row["at_ms"]),
      tenant: row["tenant"], actor: row["actor"], action: row["action"], subject: row["subject"],
      outcome: row["outcome"], hash: Array(row["hash"] as Data))
  }

  private static func time(_ milliseconds: Int64?) -> UnixTime? {
    milliseconds.map { UnixTime(milliseconds: $0) }
  }
}
