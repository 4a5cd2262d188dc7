internal import GRDB

/// What keys have used.
extension SQLiteTransaction {
  func lastReport(of reporter: String) throws -> UInt64? {
    try Int64.fetchOne(
      database, sql: "SELECT sequence FROM usage_reporter WHERE name = ?", arguments: [reporter]
    ).map { UInt64($0) }
  }

  func usage(tenant: String, from day: UsageDay) throws -> [DailyUsage] {
    try Row.fetchAll(
      database,
      sql: "SELECT * FROM usage WHERE tenant = ? AND day >= ? ORDER BY day, key_id, model",
      arguments: [tenant, day.number]
    ).map { row in
      func count(_ column: String) -> UInt64 { UInt64(row[column] as Int64) }
      return DailyUsage(
        day: UsageDay(number: row["day"]),
        amount: UsageAmount(
          tenant: row["tenant"], keyID: row["key_id"], model: row["model"],
          requests: count("requests"), promptTokens: count("prompt_tokens"),
          cachedTokens: count("cached_tokens"), generatedTokens: count("generated_tokens")))
    }
  }

  func add(_ amount: UsageAmount, on day: UsageDay) throws {
    // More than this is nobody's honest usage, and a sum of them stays a number.
    func bounded(_ count: UInt64) -> Int64 { Int64(min(count, 1 << 40)) }
    try database.cachedStatement(
      sql: """
        INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (tenant, day, key_id, model) DO UPDATE SET
        requests = requests + excluded.requests,
        prompt_tokens = prompt_tokens + excluded.prompt_tokens,
        cached_tokens = cached_tokens + excluded.cached_tokens,
        generated_tokens = generated_tokens + excluded.generated_tokens
        """
    ).execute(
      arguments: [
        amount.tenant, day.number, amount.keyID, amount.model, bounded(amount.requests),
        bounded(amount.promptTokens), bounded(amount.cachedTokens),
        bounded(amount.generatedTokens),
      ])
  }

  func setLastReport(of reporter: String, _ sequence: UInt64, on day: UsageDay) throws {
    try database.execute(
      sql: "INSERT OR REPLACE INTO usage_reporter VALUES (?, ?, ?)",
      arguments: [reporter, Int64(clamping: sequence), day.number])
  }

  func forgetUsage(before day: UsageDay, reportersBefore: UsageDay) throws {
    try database.execute(sql: "DELETE FROM usage WHERE day < ?", arguments: [day.number])
    try database.execute(
      sql: "DELETE FROM usage_reporter WHERE day < ?", arguments: [reportersBefore.number])
  }
}
