internal import GRDB

/// The tables, and the rules that the database itself enforces.
enum SQLiteSchema {
  /// How many changes are kept for watchers that come back.
  static let changeCountMax = 10_000

  static func migrator(now: UnixTime) -> DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 tenants, keys, audit, changes") { database in
      for statement in version1 { try database.execute(sql: statement) }
      try database.execute(
        sql: "INSERT INTO tenant (name, created_at_ms) VALUES (?, ?)",
        arguments: [Tenant.system, now.milliseconds])
      try database.execute(
        sql: "INSERT INTO quota (tenant) VALUES (?)", arguments: [Tenant.system])
    }
    migrator.registerMigration("2 usage") { database in
      for statement in version2 { try database.execute(sql: statement) }
    }
    return migrator
  }

  private static let version1 = [
    """
    CREATE TABLE tenant (
      name TEXT NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 63),
      created_at_ms INTEGER NOT NULL,
      deleted_at_ms INTEGER
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE quota (
      tenant TEXT NOT NULL PRIMARY KEY REFERENCES tenant (name),
      requests_per_second INTEGER NOT NULL DEFAULT 0,
      requests_burst INTEGER NOT NULL DEFAULT 0,
      streams_max INTEGER NOT NULL DEFAULT 0,
      bytes_in_flight_max INTEGER NOT NULL DEFAULT 0,
      message_bytes_max INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE api_key (
      id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 12),
      tenant TEXT NOT NULL REFERENCES tenant (name),
      secret_hash BLOB NOT NULL CHECK (length(secret_hash) = 32),
      role TEXT NOT NULL,
      rights INTEGER NOT NULL,
      model_patterns TEXT NOT NULL,
      created_at_ms INTEGER NOT NULL,
      created_by TEXT NOT NULL,
      expires_at_ms INTEGER,
      revoked_at_ms INTEGER,
      rotated_from TEXT REFERENCES api_key (id),
      label TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX api_key_by_tenant ON api_key (tenant, created_at_ms, id)",
    """
    CREATE TRIGGER api_key_stays_revoked BEFORE UPDATE ON api_key
    WHEN OLD.revoked_at_ms IS NOT NULL AND NEW.revoked_at_ms IS NOT OLD.revoked_at_ms
    BEGIN SELECT RAISE(ABORT, 'a revoked key stays revoked'); END
    """,
    """
    CREATE TRIGGER api_key_keeps_its_rights
    BEFORE UPDATE OF id, tenant, secret_hash, role, rights, model_patterns ON api_key
    BEGIN SELECT RAISE(ABORT, 'a key keeps its secret, tenant and rights'); END
    """,
    """
    CREATE TRIGGER api_key_is_never_deleted BEFORE DELETE ON api_key
    BEGIN SELECT RAISE(ABORT, 'keys are revoked, not deleted'); END
    """,
    """
    CREATE TABLE audit (
      sequence INTEGER NOT NULL PRIMARY KEY,
      at_ms INTEGER NOT NULL,
      tenant TEXT NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      subject TEXT NOT NULL,
      outcome TEXT NOT NULL,
      hash BLOB NOT NULL CHECK (length(hash) = 32)
    ) STRICT
    """,
    "CREATE INDEX audit_by_tenant ON audit (tenant, sequence)",
    """
    CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
    """
    CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
    // AUTOINCREMENT: a revision is never given twice, also after the latest was trimmed.
    """
    CREATE TABLE change (
      revision INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL CHECK (kind IN ('key', 'tenant')),
      subject TEXT NOT NULL
    ) STRICT
    """,
  ]

  /// Amounts of keys that are gone stay: they were used all the same.
  private static let version2 = [
    """
    CREATE TABLE usage (
      tenant TEXT NOT NULL,
      day INTEGER NOT NULL,
      key_id TEXT NOT NULL,
      model TEXT NOT NULL,
      requests INTEGER NOT NULL,
      prompt_tokens INTEGER NOT NULL,
      cached_tokens INTEGER NOT NULL,
      generated_tokens INTEGER NOT NULL,
      PRIMARY KEY (tenant, day, key_id, model)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX usage_by_day ON usage (day)",
    """
    CREATE TABLE usage_reporter (
      name TEXT NOT NULL PRIMARY KEY,
      sequence INTEGER NOT NULL,
      day INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
  ]
}
