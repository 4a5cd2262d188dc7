internal import Crypto
internal import Glibc

extension AuthLogic {
  /// What ``bootstrapAdminKey(file:now:)`` found or did.
  public enum Bootstrap: Equatable, Sendable {
    /// There was no administrator's key that is good: one was made.
    case created
    /// There is one already; the file was left as it is.
    case present
  }

  /// Makes sure that somebody can administer: when the store has no administrator's key that is
  /// good, makes one and leaves it in `path` (mode 0600).
  ///
  /// The file is written before the store: a crash between the two leaves a file whose key the
  /// next start takes into the store, never a key that nobody knows. Once there is a key, the
  /// file is not looked at again, so that an operator may move it to a safer place.
  public func bootstrapAdminKey(file path: String, now: UnixTime) async throws -> Bootstrap {
    if try await store.read({ try $0.activeAdminKeyCount(at: now) }) > 0 { return .present }
    let key = try await unusedKey(inFile: path) ?? APIKey.generate()
    try writeFileAtomically(path, Array(key.secretText.utf8) + [UInt8(ascii: "\n")], mode: 0o600)
    let (result, revision) = try await store.write { writer in
      // Another process may have been faster.
      guard try writer.activeAdminKeyCount(at: now) == 0 else {
        return (Bootstrap.present, try writer.revision())
      }
      try AuthLogic.insert(
        KeyRecord(
          id: key.id, tenant: Tenant.system, secretHash: key.hash, role: .admin,
          rights: Role.admin.rights, modelPatterns: [.everything], createdAt: now,
          createdBy: Tenant.system, expiresAt: nil, revokedAt: nil, rotatedFrom: nil,
          label: "first administrator"),
        in: writer)
      try writer.appendAudit(
        at: now, tenant: Tenant.system, actor: Tenant.system, action: "key.bootstrap",
        subject: key.id, outcome: "ok")
      return (Bootstrap.created, try writer.revision())
    }
    signal.publish(revision: revision)
    return result
  }

  /// The key that a crashed start left in the file, unless the store has had it.
  private func unusedKey(inFile path: String) async throws -> APIKey? {
    guard access(path, F_OK) == 0 else { return nil }
    let bytes = try readFile(path, byteCountMax: 1024)
    guard
      let key = APIKey(parsing: bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes)
    else { return nil }
    return try await store.read { try $0.key(id: key.id) == nil } ? key : nil
  }
}
