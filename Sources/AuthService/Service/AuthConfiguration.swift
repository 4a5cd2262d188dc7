public import RPC
public import Telemetry

/// What an auth service needs to know before it starts.
public struct AuthConfiguration: Sendable {
  /// Where gateways connect.
  public var listen: [Endpoint]
  /// The service's certificate and the authority of its peers'. Peers must show a certificate.
  public var tls: TLSConfiguration
  /// The SQLite file; made when missing.
  public var databasePath: String
  /// Where the first administrator's key is left when there is none yet.
  public var adminKeyPath: String
  /// The private port for operators; nil for none.
  public var operatorEndpoint: Endpoint?
  /// Event loops that serve connections.
  public var loopCount = 1
  /// How often a watcher hears something even when nothing changes, and the longest that a change
  /// made by another process on the same database goes unnoticed.
  public var heartbeatInterval = Duration.milliseconds(500)
  /// How long calls may go on after ``AuthServer/drain()`` began.
  public var drainGracePeriod = Duration.seconds(10)
  /// Where to log; nil for nowhere.
  public var log: LogWriter?

  /// A service for gateways whose certificates come from `authority`.
  ///
  /// - Parameters:
  ///   - certificate: path of the service's certificate chain in PEM.
  ///   - privateKey: path of its private key in PEM.
  ///   - authority: path of the PEM file of authorities that peers must chain to.
  public init(
    listen: [Endpoint], certificate: String, privateKey: String, authority: String,
    databasePath: String, adminKeyPath: String
  ) {
    self.listen = listen
    tls = TLSConfiguration(
      certificateChain: certificate, privateKey: privateKey, trustRoots: authority,
      clientCertificates: .required)
    self.databasePath = databasePath
    self.adminKeyPath = adminKeyPath
  }
}
