/// What the store knows about an API key: everything but its secret.
public struct KeyRecord: Equatable, Sendable {
  /// The public part of the key.
  public var id: String
  /// The tenant it belongs to.
  public var tenant: String
  /// ``APIKey/hash``.
  public var secretHash: [UInt8]
  /// The role it was made with, for people to read.
  public var role: Role
  /// What it may do. Stored beside the role, so that a later change of a role's meaning gives an
  /// old key nothing new.
  public var rights: Rights
  /// The models it may do that to.
  public var modelPatterns: [ModelPattern]
  /// When it was made.
  public var createdAt: UnixTime
  /// The id of the key that made it, or `system`.
  public var createdBy: String
  /// The first moment at which it is no longer good.
  public var expiresAt: UnixTime?
  /// When it was revoked.
  public var revokedAt: UnixTime?
  /// The key it replaces.
  public var rotatedFrom: String?
  /// What its maker calls it.
  public var label: String

  /// Whether the key is good at `now`.
  public func isActive(at now: UnixTime) -> Bool { !isRevoked && !isExpired(at: now) }

  var isRevoked: Bool { revokedAt != nil }

  func isExpired(at now: UnixTime) -> Bool { expiresAt.map { $0 <= now } ?? false }
}
