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

  /// A version of the protocol; older ones are not spoken.
  public enum Version: Sendable, Hashable {
    /// RFC 5246, with authenticated encryption and forward secrecy only.
    case tls12
    /// RFC 8446.
    case tls13
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
  /// Accept only peers with `spiffe://martlet/role/ROLE` in their certificate, for one of these
  /// roles; empty: any peer. A client asks for no name then: processes behind one gateway have no
  /// names of their own.
  public var expectedRoles: [String]
  /// For servers: clients that ask for `http/1.1` (ALPN), or for nothing, get it. Otherwise all
  /// must ask for `h2`.
  public var acceptsHTTP1 = false
  /// The oldest version to speak. Peers that are ours need no old one.
  public var minimumVersion = Version.tls12
  /// For servers: an OCSP response about the certificate, in DER, that clients get with it.
  public var ocspResponse: String?
  /// For servers: keys of session tickets that several servers share; see ``TicketKeys``. Without
  /// the file every server makes its own.
  public var ticketKeys: String?

  /// Paths and checks; see the properties.
  public init(
    certificateChain: String? = nil, privateKey: String? = nil, trustRoots: String? = nil,
    clientCertificates: ClientCertificates = .none, serverName: String? = nil,
    expectedRoles: [String] = [], ocspResponse: String? = nil, ticketKeys: String? = nil
  ) {
    self.certificateChain = certificateChain
    self.privateKey = privateKey
    self.trustRoots = trustRoots
    self.clientCertificates = clientCertificates
    self.serverName = serverName
    self.expectedRoles = expectedRoles
    self.ocspResponse = ocspResponse
    self.ticketKeys = ticketKeys
  }
  /// Every file that is named here.
  public var files: [String] {
    [certificateChain, privateKey, trustRoots, ocspResponse, ticketKeys].compactMap { $0 }
  }
}
