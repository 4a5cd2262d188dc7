/// Who the peer is, according to its verified certificate. Parsed once per connection.
public struct PeerIdentity: Sendable, Hashable {
  /// ROLE of a subject alternative name `spiffe://martlet/role/ROLE`, or nil.
  public var role: String?
  /// The certificate's subject, for logs.
  public var subject: String

  /// An identity by its parts, for tests.
  public init(role: String?, subject: String) {
    self.role = role
    self.subject = subject
  }

  static let rolePrefix = "spiffe://martlet/role/"
}
