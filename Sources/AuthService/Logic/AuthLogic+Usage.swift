extension AuthLogic {
  static let usageDaysMax = 400
  static let usageAmountCountMax = 10_000
  static let usageNameByteCountMax = 256
  /// A process that is silent for so long has ended: it repeats no report.
  static let reporterSilenceDaysMax: Int64 = 30

  /// Adds what a model service has counted to the day of `now`. A report that comes a second time,
  /// because its answer was lost, changes nothing.
  ///
  /// - Returns: whether it was new.
  @discardableResult
  public func report(_ report: UsageReport, now: UnixTime) async throws -> Bool {
    try AuthLogic.validate(report)
    return try await store.write { writer in
      let today = UsageDay(now)
      if let last = try writer.lastReport(of: report.reporter), last >= report.sequence {
        return false
      }
      try writer.setLastReport(of: report.reporter, report.sequence, on: today)
      for amount in report.amounts { try writer.add(amount, on: today) }
      try writer.forgetUsage(
        before: UsageDay(number: today.number - Int64(AuthLogic.usageDaysMax) + 1),
        reportersBefore: UsageDay(number: today.number - AuthLogic.reporterSilenceDaysMax))
      return true
    }
  }

  /// What the keys of a tenant have used on each of the last days, today included, by day, key and
  /// model. Needs `keys` in the caller's own tenant, `admin` for another.
  ///
  /// - Parameter days: 1–400.
  public func listUsage(
    tenant: String = "", days: Int = 30, as identity: CallerIdentity, now: UnixTime
  ) async throws -> [DailyUsage] {
    guard (1...AuthLogic.usageDaysMax).contains(days) else {
      throw AuthError(
        code: .invalidArgument,
        message: "usage is kept for 1–\(AuthLogic.usageDaysMax) days, got \(days)")
    }
    return try await query(identity, now: now) { caller, reader in
      // An administrator may look back at a deleted tenant.
      let name =
        caller.isAdmin && !tenant.isEmpty
        ? tenant : try caller.managedTenant(tenant, in: reader).name
      return try reader.usage(
        tenant: name, from: UsageDay(number: UsageDay(now).number - Int64(days) + 1))
    }
  }

  private static func validate(_ report: UsageReport) throws(AuthError) {
    guard (1...64).contains(report.reporter.utf8.count) else {
      throw AuthError(
        code: .invalidArgument,
        message: "expected a reporter's name of 1–64 bytes, got \(report.reporter.utf8.count)")
    }
    guard report.amounts.count <= usageAmountCountMax else {
      throw AuthError(
        code: .invalidArgument,
        message: "expected at most \(usageAmountCountMax) amounts, got \(report.amounts.count)")
    }
    for amount in report.amounts {
      for name in [amount.tenant, amount.keyID, amount.model]
      where name.isEmpty || name.utf8.count > usageNameByteCountMax {
        throw AuthError(
          code: .invalidArgument,
          message: "expected names of 1–\(usageNameByteCountMax) bytes, got \(name.utf8.count)")
      }
    }
  }
}
