internal import Crypto

/// What a presented key turned out to be.
public struct CheckOutcome: Equatable, Sendable {
  /// Whether the key is good, and if not, why.
  public enum Verdict: Equatable, Sendable {
    /// It stands for this.
    case allowed(Grant)
    /// It is malformed, was never made, or has a wrong secret.
    case unknownKey
    /// It is past its time.
    case expired
    /// It was revoked, or its tenant deleted.
    case revoked
  }

  /// The verdict.
  public var verdict: Verdict
  /// The revision of the state that it was read from.
  public var revision: UInt64
  /// The key's id, when one with this id exists.
  public var keyID: String?
}

/// What a good key stands for.
public struct Grant: Equatable, Sendable {
  /// The key.
  public var key: KeyRecord
  /// Its tenant's limits.
  public var quota: Quota
}

extension AuthLogic {
  /// Judges a key as its holder presented it.
  ///
  /// Whether a key was revoked or has expired is told only to those who have its whole secret.
  public func check(_ text: String, now: UnixTime) async throws -> CheckOutcome {
    let key = APIKey(parsing: text)
    return try await store.read { reader in
      let revision = try reader.revision()
      guard let key else { return CheckOutcome(verdict: .unknownKey, revision: revision) }
      let record = try reader.key(id: key.id)
      // Compared also when there is no such id, so that the time does not tell.
      let storedHash = record?.secretHash ?? AuthLogic.impossibleHash
      guard constantTimeEqual(storedHash, key.hash), let record else {
        return CheckOutcome(verdict: .unknownKey, revision: revision, keyID: record?.id)
      }
      return CheckOutcome(
        verdict: try AuthLogic.verdict(on: record, in: reader, now: now), revision: revision,
        keyID: record.id)
    }
  }

  private static func verdict(
    on record: KeyRecord, in reader: any TenantReader, now: UnixTime
  ) throws -> CheckOutcome.Verdict {
    if record.isRevoked { return .revoked }
    guard let tenant = try reader.tenant(named: record.tenant), tenant.deletedAt == nil else {
      return .revoked
    }
    if record.isExpired(at: now) { return .expired }
    return .allowed(Grant(key: record, quota: tenant.quota))
  }

  private static let impossibleHash = [UInt8](repeating: 0, count: SHA256.byteCount)
}
