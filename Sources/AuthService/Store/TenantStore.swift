/// Where tenants, keys, quotas, the audit log, and the history of changes live.
///
/// A write is one transaction, serialised with all others, and is on disk when it returns; when its
/// body throws, nothing of it remains. Bodies run on the store's own threads and may block there.
public protocol TenantStore: Sendable {
  /// Runs `body` on one consistent state.
  func read<Result: Sendable>(
    _ body: @escaping @Sendable (any TenantReader) throws -> Result
  ) async throws -> Result

  /// Runs `body` as one durable transaction.
  func write<Result: Sendable>(
    _ body: @escaping @Sendable (any TenantWriter) throws -> Result
  ) async throws -> Result
}

/// What can be asked about one state of the store.
public protocol TenantReader {
  /// A tenant by name, deleted ones included.
  func tenant(named name: String) throws -> Tenant?
  /// All tenants that are not deleted, by name.
  func tenants() throws -> [Tenant]
  /// A key by its id.
  func key(id: String) throws -> KeyRecord?
  /// All keys of a tenant, revoked ones included, oldest first.
  func keys(tenant: String) throws -> [KeyRecord]
  /// How many keys a tenant has ever had.
  func keyCount(tenant: String) throws -> Int
  /// How many administrator's keys are good at `now`.
  func activeAdminKeyCount(at now: UnixTime) throws -> Int
  /// The number of the latest change.
  func revision() throws -> UInt64
  /// Changes after `revision`, at most `limit`.
  func changes(after revision: UInt64, limit: Int) throws -> ChangeHistory
  /// Audit entries after `sequence`, at most `limit`; of all tenants when `tenant` is nil.
  func auditEntries(tenant: String?, after sequence: UInt64, limit: Int) throws -> [AuditEntry]
  /// The latest audit entry.
  func lastAuditEntry() throws -> AuditEntry?
  /// The number of a reporter's latest report.
  func lastReport(of reporter: String) throws -> UInt64?
  /// What a tenant's keys have used from `day` on, by day, key and model.
  func usage(tenant: String, from day: UsageDay) throws -> [DailyUsage]
}

/// What can be done to the store in one transaction.
public protocol TenantWriter: TenantReader {
  /// Adds a tenant.
  func insert(_ tenant: Tenant) throws
  /// Replaces a tenant's quota and time of deletion.
  func update(_ tenant: Tenant) throws
  /// Adds a key.
  func insert(_ key: KeyRecord) throws
  /// Replaces a key's times of expiry and revocation; nothing else of a key ever changes.
  func update(_ key: KeyRecord) throws
  /// Gives the change the next revision.
  func record(_ change: Change) throws
  /// Adds an entry to the audit log; sequence and hash are the store's to fill in.
  func appendAudit(
    at: UnixTime, tenant: String, actor: String, action: String, subject: String, outcome: String
  ) throws
  /// Adds an amount to what the key used of the model on that day.
  func add(_ amount: UsageAmount, on day: UsageDay) throws
  /// Keeps the number of a reporter's latest report.
  func setLastReport(of reporter: String, _ sequence: UInt64, on day: UsageDay) throws
  /// Forgets amounts of earlier days, and reporters that were last heard before a day.
  func forgetUsage(before day: UsageDay, reportersBefore: UsageDay) throws
  /// Runs `body`; when it throws, what it did is undone, and the transaction goes on.
  func nested<Result>(_ body: () throws -> Result) throws -> Result
}
