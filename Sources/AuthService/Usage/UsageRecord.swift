/// A day of UTC, counted from 1970-01-01.
public struct UsageDay: Comparable, Hashable, Sendable {
  /// Days since 1970-01-01.
  public var number: Int64

  /// A day by its number.
  public init(number: Int64) { self.number = number }

  /// The day of a point in time.
  public init(_ time: UnixTime) {
    number = Int64((Double(time.milliseconds) / Self.milliseconds).rounded(.down))
  }

  /// When it begins.
  public var start: UnixTime { UnixTime(milliseconds: number * Int64(Self.milliseconds)) }

  private static let milliseconds = 86_400_000.0

  /// The earlier of two days is the smaller.
  public static func < (left: UsageDay, right: UsageDay) -> Bool { left.number < right.number }
}

/// What one key has used of one model.
public struct UsageAmount: Equatable, Sendable {
  /// The key's tenant.
  public var tenant: String
  /// The key's id.
  public var keyID: String
  /// The model's name.
  public var model: String
  /// Requests that came to an end, cancelled ones included.
  public var requests: UInt64
  /// Tokens of their prompts.
  public var promptTokens: UInt64
  /// Those of them that were not computed again.
  public var cachedTokens: UInt64
  /// Tokens generated for them.
  public var generatedTokens: UInt64

  /// An amount by its parts.
  public init(
    tenant: String, keyID: String, model: String, requests: UInt64, promptTokens: UInt64,
    cachedTokens: UInt64, generatedTokens: UInt64
  ) {
    (self.tenant, self.keyID, self.model) = (tenant, keyID, model)
    (self.requests, self.promptTokens) = (requests, promptTokens)
    (self.cachedTokens, self.generatedTokens) = (cachedTokens, generatedTokens)
  }
}

/// An amount, and the day that it was used on.
public struct DailyUsage: Equatable, Sendable {
  /// The day.
  public var day: UsageDay
  /// All that the key used of the model on that day.
  public var amount: UsageAmount
}

/// What one process has counted since its last report.
public struct UsageReport: Sendable {
  /// The process: a name that no other has.
  public var reporter: String
  /// Counts up with each report of the process.
  public var sequence: UInt64
  /// What was used.
  public var amounts: [UsageAmount]

  /// A report by its parts.
  public init(reporter: String, sequence: UInt64, amounts: [UsageAmount]) {
    (self.reporter, self.sequence, self.amounts) = (reporter, sequence, amounts)
  }
}
