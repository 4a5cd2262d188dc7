/// What a new key is to be.
public struct KeySpecification: Sendable {
  /// The tenant; empty for the caller's own.
  public var tenant = ""
  /// Its rights.
  public var role = Role.infer
  /// The models; empty for all.
  public var modelPatterns: [ModelPattern] = []
  /// How long it is good; nil for ever.
  public var lifetimeSeconds: Int64?
  /// What its maker calls it.
  public var label = ""

  /// A key of role `infer` for all models of the caller's tenant.
  public init() {}
}

/// A new key, and the only occasion to see its secret.
public struct NewKey: Sendable {
  /// What the store keeps.
  public var record: KeyRecord
  /// What the holder gets.
  public var key: APIKey
}

extension AuthLogic {
  static let keyCountMax = 10_000
  static let modelPatternCountMax = 16
  static let labelByteCountMax = 128
  static let lifetimeSecondsMax: Int64 = 3650 * 86_400
  static let graceSecondsMax: Int64 = 30 * 86_400

  /// Makes a key. Needs `keys` in the caller's own tenant, `admin` for another; and whatever the new
  /// key may do, the caller must be allowed itself.
  public func createKey(
    _ specification: KeySpecification, as identity: CallerIdentity, now: UnixTime
  ) async throws -> NewKey {
    try AuthLogic.validate(specification)
    let key = APIKey.generate()
    return try await change(
      identity, now: now, action: "key.create", subject: specification.tenant
    ) { caller, writer in
      let tenant = try caller.managedTenant(specification.tenant, in: writer)
      let role = specification.role
      let patterns =
        specification.modelPatterns.isEmpty ? [.everything] : specification.modelPatterns
      try caller.requireCoverage(of: role.rights, patterns: patterns)
      let record = KeyRecord(
        id: key.id, tenant: tenant.name, secretHash: key.hash, role: role, rights: role.rights,
        modelPatterns: patterns, createdAt: now, createdBy: caller.keyID,
        expiresAt: specification.lifetimeSeconds.map { now.adding(seconds: $0) }, revokedAt: nil,
        rotatedFrom: nil, label: specification.label)
      try AuthLogic.insert(record, in: writer)
      return Audited(
        tenant: tenant.name, subject: key.id, result: NewKey(record: record, key: key))
    }
  }

  /// The keys of a tenant, revoked ones included, oldest first. Needs `keys` in the caller's own
  /// tenant, `admin` for another.
  public func listKeys(
    tenant: String = "", as identity: CallerIdentity, now: UnixTime
  ) async throws -> [KeyRecord] {
    try await query(identity, now: now) { caller, reader in
      try reader.keys(tenant: caller.managedTenant(tenant, in: reader).name)
    }
  }

  /// Makes a new key with the same rights, patterns, label, and lifetime. The old one is revoked, or
  /// goes on for `graceSeconds` when it would have lived longer.
  ///
  /// Needs what creating the key would need: whoever rotates it gets to know its secret.
  public func rotateKey(
    _ id: String, graceSeconds: Int64 = 0, as identity: CallerIdentity, now: UnixTime
  ) async throws -> NewKey {
    guard (0...AuthLogic.graceSecondsMax).contains(graceSeconds) else {
      throw AuthError(
        code: .invalidArgument,
        message: "the grace of a rotated key is 0–\(AuthLogic.graceSecondsMax) seconds,"
          + " got \(graceSeconds)")
    }
    let key = APIKey.generate()
    return try await change(identity, now: now, action: "key.rotate", subject: id) {
      caller, writer in
      var old = try caller.managedKey(id, in: writer)
      try caller.requireCoverage(of: old.rights, patterns: old.modelPatterns)
      guard old.isActive(at: now) else {
        throw AuthError(
          code: .failedPrecondition,
          message: "only a key that is good can be rotated; this one is revoked or expired")
      }
      var new = old
      new.id = key.id
      new.secretHash = key.hash
      new.createdAt = now
      new.createdBy = caller.keyID
      new.rotatedFrom = old.id
      new.expiresAt = old.expiresAt.map { expiresAt in
        UnixTime(
          milliseconds: now.milliseconds + expiresAt.milliseconds - old.createdAt.milliseconds)
      }
      try AuthLogic.insert(new, in: writer)
      if graceSeconds == 0 {
        old.revokedAt = now
      } else {
        let end = now.adding(seconds: graceSeconds)
        old.expiresAt = old.expiresAt.map { min($0, end) } ?? end
      }
      try writer.update(old)
      try writer.record(.key(old.id))
      return Audited(tenant: old.tenant, subject: old.id, result: NewKey(record: new, key: key))
    }
  }

  /// Revokes a key for ever; a second time changes nothing. Needs `keys` in the key's tenant; for an
  /// administrator's key, `admin`.
  public func revokeKey(
    _ id: String, as identity: CallerIdentity, now: UnixTime
  ) async throws -> KeyRecord {
    try await change(identity, now: now, action: "key.revoke", subject: id) { caller, writer in
      var key = try caller.managedKey(id, in: writer)
      if key.rights.contains(.admin) { try caller.requireAdmin() }
      if !key.isRevoked {
        key.revokedAt = now
        try writer.update(key)
        if key.rights.contains(.admin) { try AuthLogic.requireAdminKey(in: writer, now: now) }
        try writer.record(.key(id))
      }
      return Audited(tenant: key.tenant, subject: id, result: key)
    }
  }

  static func insert(_ record: KeyRecord, in writer: any TenantWriter) throws {
    guard try writer.keyCount(tenant: record.tenant) < keyCountMax else {
      throw AuthError(
        code: .resourceExhausted,
        message: "a tenant has at most \(keyCountMax) keys, revoked ones included")
    }
    try writer.insert(record)
    try writer.record(.key(record.id))
  }

  private static func validate(_ specification: KeySpecification) throws(AuthError) {
    if let seconds = specification.lifetimeSeconds, !(1...lifetimeSecondsMax).contains(seconds) {
      throw AuthError(
        code: .invalidArgument,
        message: "a key is good for 1–\(lifetimeSecondsMax) seconds, got \(seconds)")
    }
    guard specification.modelPatterns.count <= modelPatternCountMax else {
      throw AuthError(
        code: .invalidArgument,
        message: "a key has at most \(modelPatternCountMax) model patterns,"
          + " got \(specification.modelPatterns.count)")
    }
    let label = specification.label
    guard
      label.utf8.count <= labelByteCountMax,
      label.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
    else {
      throw AuthError(
        code: .invalidArgument,
        message: "a label has at most \(labelByteCountMax) bytes and no control characters,"
          + " got \(label.utf8.count) bytes")
    }
  }
}
