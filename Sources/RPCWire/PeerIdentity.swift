/// Who the peer is, according to its verified certificate. Parsed once per connection.
public struct PeerIdentity: Sendable, Hashable {
  /// ROLE of a subject alternative name `spiffe://martlet/role/ROLE`, or nil.
  public var role: String?
  /// The certificate's subject, for logs.
  public var subject: String
  /// SHA-256 of the certificate, in hexadecimal digits, for logs.
  public var fingerprint: String

  /// An identity by its parts, for tests.
  public init(role: String?, subject: String, fingerprint: String = "") {
    self.role = role
    self.subject = subject
    self.fingerprint = fingerprint
  }

  static let rolePrefix = "spiffe://martlet/role/"
}
