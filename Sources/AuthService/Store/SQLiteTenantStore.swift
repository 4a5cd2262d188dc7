internal import Crypto
internal import Glibc
internal import GRDB
internal import RPC

/// The store on an embedded database: one SQLite file, its journal beside it.
///
/// Write-ahead log with `synchronous = FULL`: a commit returns only after the log has been flushed
/// to the disk. Readers never wait for the writer. Bodies run on GRDB's own threads, so that a slow
/// disk does not stop an event loop.
public final class SQLiteTenantStore: TenantStore {
  private let pool: DatabasePool

  /// Opens the database at `path`, or creates it (mode 0600), and brings its schema up to date.
  ///
  /// - Parameters:
  ///   - now: when a new database's `system` tenant was made.
  public init(path: String, now: UnixTime) throws {
    try SQLiteTenantStore.createPrivately(path)
    var configuration = Configuration()
    configuration.label = "martlet.auth"
    configuration.foreignKeysEnabled = true
    configuration.maximumReaderCount = 4
    // A predecessor that is still draining may hold the write lock for a moment.
    configuration.busyMode = .timeout(5)
    pool = try DatabasePool(path: path, configuration: configuration)
    // GRDB sets NORMAL with the write-ahead log, under which a power failure may lose commits that
    // were acknowledged.
    try pool.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA synchronous = FULL")
    }
    try SQLiteSchema.migrator(now: now).migrate(pool)
  }

  /// Runs `body` on one consistent state.
  public func read<Result: Sendable>(
    _ body: @escaping @Sendable (any TenantReader) throws -> Result
  ) async throws -> Result {
    try await pool.read { try body(SQLiteTransaction(database: $0)) }
  }

  /// Runs `body` as one durable transaction.
  public func write<Result: Sendable>(
    _ body: @escaping @Sendable (any TenantWriter) throws -> Result
  ) async throws -> Result {
    try await pool.write { try body(SQLiteTransaction(database: $0)) }
  }

  /// Finishes what is under way and closes the files. On a thread of its own: closing blocks until
  /// every read has ended, and those end on the few threads that Swift's tasks share. A task that
  /// waited on one of these would wait for ever where there is no other.
  public func close() async throws {
    try await withUnsafeThrowingContinuation { continuation in
      Thread.spawn(name: "auth-close") { [pool] in
        continuation.resume(with: Swift.Result { try pool.close() })
      }
    }
  }

  /// A setting of the connection that writes, for tests.
  func pragma(_ name: String) throws -> Int? {
    try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA \(name)") }
  }

  /// Runs a statement as an intruder with access to the file would, for tests.
  func executeUnchecked(_ sql: String) throws {
    try pool.write { try $0.execute(sql: sql) }
  }

  /// SQLite gives the journal the mode of the database, so one private file makes all private.
  private static func createPrivately(_ path: String) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      let reason = String(cString: strerror(errno))
      throw CryptoError(code: .file, message: "could not open '\(path)': \(reason)")
    }
    Glibc.close(descriptor)
  }
}
