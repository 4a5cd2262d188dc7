/// A customer: the owner of keys and models, invisible to all others.
public struct Tenant: Equatable, Sendable {
  /// Its name, which is also a folder of the model repository.
  public var name: String
  /// When it was made.
  public var createdAt: UnixTime
  /// When it was deleted. The name stays taken: models, logs, and bills of the old tenant must
  /// never become those of a new one.
  public var deletedAt: UnixTime?
  /// What it may use.
  public var quota: Quota

  /// The tenant that owns the first administrator's key; nobody can make or delete it.
  static let system = "system"
  static let reservedNames: Set<String> = [system, "admin", "martlet"]

  /// Refuses a name that is no DNS label in lower case, or that has a meaning of its own.
  static func validate(name: String) throws(AuthError) {
    let utf8 = name.utf8
    let hyphen = UInt8(ascii: "-")
    let isWellFormed =
      (1...63).contains(utf8.count) && utf8.first != hyphen && utf8.last != hyphen
      && utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), hyphen:
          true
        default: false
        }
      }
    guard isWellFormed else {
      throw AuthError(
        code: .invalidArgument,
        message: "a tenant's name has 1–63 of a–z, 0–9 and '-', and '-' neither first nor last;"
          + " got \(utf8.count) characters that do not fit")
    }
    guard !reservedNames.contains(name) else {
      throw AuthError(code: .invalidArgument, message: "the tenant name '\(name)' is reserved")
    }
  }
}

/// Limits of one tenant, which the gateway enforces; 0 means the gateway's default.
public struct Quota: Equatable, Sendable {
  /// Requests begun per second, over time.
  public var requestsPerSecond: UInt32 = 0
  /// Requests that may begin at once.
  public var requestsBurst: UInt32 = 0
  /// Requests under way.
  public var streamsMax: UInt32 = 0
  /// Bytes of requests and answers that the gateway holds.
  public var bytesInFlightMax: UInt64 = 0
  /// Bytes of one message.
  public var messageBytesMax: UInt64 = 0

  /// The gateway's defaults.
  public init() {}
}
