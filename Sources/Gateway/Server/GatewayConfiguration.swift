public import RPC

/// Settings of a ``GatewayServer``.
public struct GatewayConfiguration: Sendable {
  /// Where clients connect.
  public var listen: [Endpoint]
  /// The certificate that clients see; nil is clear text, for tests.
  public var tls: TLSConfiguration?
  /// Event loops that serve clients; each has its own connections to every instance.
  public var loopCount = 1
  /// Instances of the auth service. A name stands for every address it has.
  public var auth: [Endpoint]
  /// Instances of the model service. A name stands for every address it has.
  public var models: [Endpoint]
  /// The gateway's own certificate and the authority of the services': they must present
  /// certificates with the roles `auth` and `model`. nil is clear text, for tests.
  public var upstreamTLS: TLSConfiguration?
  /// Test modes only: instances of `martlet testserver` or of another conformance suite's server,
  /// spoken to in clear text. Empty: the test services' methods do not exist.
  public var testServices: [Endpoint] = []
  /// Web pages that may call from a browser, by origin (`https://app.example`); `*`: all.
  public var crossOrigins: [String] = []
  /// What is refused.
  public var limits = GatewayLimits()
  /// How long the auth service's word counts.
  public var authentication = AuthenticationSettings()
  /// When instances are taken out.
  public var balancing = BalancingSettings()
  /// A file for one JSON line a request, `-` for standard output; nil: none.
  public var accessLog: String?
  /// The private port for /metrics, /healthz and /readyz; nil: none.
  public var operatorEndpoint: Endpoint?
  /// What is done with each method; changed by tests only.
  package var routes = Route.all
  /// What each loop runs on.
  public var makeMachine: @Sendable () -> any Machine = { Kernel() }
  /// How long calls may go on after ``GatewayServer/drain()``.
  public var drainTime = Duration.seconds(10)

  /// A gateway in front of some services.
  public init(
    listen: [Endpoint], tls: TLSConfiguration? = nil, auth: [Endpoint], models: [Endpoint],
    upstreamTLS: TLSConfiguration? = nil
  ) {
    self.listen = listen
    self.tls = tls
    self.auth = auth
    self.models = models
    self.upstreamTLS = upstreamTLS
  }
}
