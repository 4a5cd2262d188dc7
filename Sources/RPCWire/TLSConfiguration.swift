/// Certificates and trust of one side, as paths to PEM files.
public struct TLSConfiguration: Sendable, Hashable {
  /// Whether a server asks its clients for a certificate.
  public enum ClientCertificates: Sendable, Hashable {
    /// Not asked for.
    case none
    /// Asked for; one that does not verify is refused, none is accepted.
    case optional
    /// The handshake fails without one that verifies.
    case required
  }

  /// The certificate and its chain, leaf first; a client without one stays anonymous.
  public var certificateChain: String?
  /// The private key of the leaf.
  public var privateKey: String?
  /// Authorities that peers must chain to. A client with nil trusts the system's.
  public var trustRoots: String?
  /// For servers.
  public var clientCertificates: ClientCertificates
  /// For clients: the name that is sent and verified, instead of the target's host.
  public var serverName: String?
  /// For clients: accept the server by `spiffe://martlet/role/ROLE` in its certificate instead
  /// of by its name; processes behind one gateway have no names of their own.
  public var expectedRole: String?
  /// For servers: clients that ask for `http/1.1` (ALPN), or for nothing, get it. Otherwise all
  /// must ask for `h2`.
  public var acceptsHTTP1 = false

  /// Paths and checks; see the properties.
  public init(
    certificateChain: String? = nil, privateKey: String? = nil, trustRoots: String? = nil,
    clientCertificates: ClientCertificates = .none, serverName: String? = nil,
    expectedRole: String? = nil
  ) {
    self.certificateChain = certificateChain
    self.privateKey = privateKey
    self.trustRoots = trustRoots
    self.clientCertificates = clientCertificates
    self.serverName = serverName
    self.expectedRole = expectedRole
  }
}
