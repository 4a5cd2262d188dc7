/// What the auth service decides and changes, without a socket or a clock.
///
/// Every change is authorised, made, numbered and written to the audit log in one transaction, and
/// announced to watchers after it is on disk.
public struct AuthLogic: Sendable {
  let store: any TenantStore
  let signal: ChangeSignal

  /// The logic over a store. One per process: watchers hear of changes made through it at once,
  /// and of those made by others at the next ``tick()``.
  public init(store: any TenantStore) {
    self.store = store
    signal = ChangeSignal()
  }

  /// Runs a change on behalf of `identity`: finds the caller, lets `body` decide and write, and
  /// records the outcome. A refused change leaves nothing behind but its line in the audit log.
  ///
  /// - Parameters:
  ///   - action: what the audit log calls it.
  ///   - subject: what it is done to, as the caller named it.
  func change<Result: Sendable>(
    _ identity: CallerIdentity, now: UnixTime, action: String, subject: String,
    _ body: @escaping @Sendable (Caller, any TenantWriter) throws -> Audited<Result>
  ) async throws -> Result {
    let (result, revision) = try await store.write { writer in
      let caller = try Caller(identity, in: writer, now: now)
      let result: Swift.Result<Result, AuthError>
      do {
        let audited = try writer.nested { try body(caller, writer) }
        try writer.appendAudit(
          at: now, tenant: audited.tenant, actor: caller.keyID, action: action,
          subject: audited.subject, outcome: "ok")
        result = .success(audited.result)
      } catch let error as AuthError {
        if error.code == .permissionDenied || error.code == .notFound {
          try writer.appendAudit(
            at: now, tenant: caller.tenant, actor: caller.keyID, action: action,
            subject: auditable(subject), outcome: error.code.rawValue)
        }
        result = .failure(error)
      }
      return (result, try writer.revision())
    }
    signal.publish(revision: revision)
    return try result.get()
  }

  /// Answers a question on behalf of `identity`, from one consistent state.
  func query<Result: Sendable>(
    _ identity: CallerIdentity, now: UnixTime,
    _ body: @escaping @Sendable (Caller, any TenantReader) throws -> Result
  ) async throws -> Result {
    try await store.read { reader in
      try body(try Caller(identity, in: reader, now: now), reader)
    }
  }
}

/// What a change was done to, for the audit log, and what its caller gets.
struct Audited<Result> {
  var tenant: String
  var subject: String
  var result: Result
}

extension Audited: Sendable where Result: Sendable {}

/// A text from outside, cut and cleaned so that a line of the audit log stays a line.
private func auditable(_ text: String) -> String {
  String(
    decoding: text.utf8.prefix(128).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") },
    as: UTF8.self)
}
