public import EventLoop
public import RPCWire

/// Settings of a ``Server``.
public struct ServerConfiguration: Sendable {
  /// Where to listen.
  public var endpoints: [Endpoint]
  /// Certificates, or nil for clear text (loopback and tests).
  public var tls: TLSConfiguration?
  /// Serve clients that speak HTTP/1.1 too; calls of theirs reach the router only.
  public var acceptsHTTP1 = false
  /// Threads that serve connections.
  public var loopCount = 1
  /// What to compress responses with when the client accepts it and its request was not
  /// compressed. A compressed request is answered in kind.
  public var compression: Compression?
  /// Limits on messages, connections, streams, time and abuse.
  public var limits = ServerLimits()
  /// What each loop runs on.
  public var makeMachine: @Sendable () -> any Machine = { Kernel() }
  /// Where connections and hits of limits are counted; nil: nowhere.
  public var metrics: ServerMetrics?
  /// Loads the certificates again when their files change; started and stopped with the server.
  /// nil: certificates stay as they are at the start.
  public var tlsReloader: TLSReloader?
  /// Where handshakes are counted and their failures logged.
  public var tlsMonitor: TLSMonitor?

  /// A server on some endpoints.
  public init(endpoints: [Endpoint] = [], tls: TLSConfiguration? = nil, loopCount: Int = 1) {
    self.endpoints = endpoints
    self.tls = tls
    self.loopCount = loopCount
  }
}

/// What a server refuses, and when it gives up. Everything a peer can make grow is here;
/// docs/limits.md lists the limits with their configuration keys, ``ServerLimit`` has their names.
public struct ServerLimits: Sendable {
  /// The largest request message after decompression; a larger one is RESOURCE_EXHAUSTED. A batch
  /// of 32 images of 3×224×224 floats is 19 MiB.
  public var messageByteCountMax = 64 << 20
  /// Connections at one time. An idle one costs tens of KiB, so this many stay below 1 GiB; the
  /// one that is idle for longest makes room for another.
  public var connectionsMax = 16_384
  /// HTTP/2 session limits: streams, header lists, floods.
  public var http2 = HTTP2Limits()
  /// Limits of HTTP/1.1 beyond those.
  public var http1 = HTTP1Limits()
  /// TCP accepted to HTTP/2 preface received. Three round trips and a lost packet take less.
  public var handshakeTimeout = Duration.seconds(10)
  /// TLS handshakes under way on one loop; more connections wait for their turn. One core does
  /// some 3,000 a second, so that this is a third of a second's work, and enough for clients at
  /// 200 ms to keep the core busy.
  public var handshakesPerLoopMax = 1_024
  /// A handshake that has taken longer than this makes room for one that waits. Clients need two
  /// round trips; those that only hold the place must not lock the others out.
  public var handshakePatience = Duration.milliseconds(500)
  /// TCP accepted to our SETTINGS acknowledged: until then the peer need not keep to them.
  public var settingsTimeout = Duration.seconds(20)
  /// A header block from its first frame to its last: it usually is one packet, and nothing else
  /// can come on the connection meanwhile.
  public var headersTimeout = Duration.seconds(10)
  /// A connection without calls is closed after this; nil keeps it. Longer than most load
  /// balancers keep theirs, so that the side that notices goes first.
  public var idleTimeout: Duration? = .seconds(600)
  /// A connection that is older, give or take a tenth, is asked to go elsewhere while its calls end;
  /// nil: never. New connections are dealt to the loops, processes and machines that there are now,
  /// old ones stay where they were made: within an hour, load follows a change of scale.
  public var connectionAgeMax: Duration? = .seconds(3_600)
  /// Calls that are still open this long after that are ended. Long enough for a generation or an
  /// upload, short enough for an operator to wait.
  public var connectionAgeGrace = Duration.seconds(600)
  /// A connection whose peer takes no bytes for this long is closed. Mobile networks pause for
  /// seconds, not for a minute.
  public var writeStallTimeout = Duration.seconds(60)
  /// A PING is sent after this much silence; nil sends none. Below the timeouts of NAT tables.
  public var keepAliveInterval: Duration? = .seconds(60)
  /// The connection is closed when a PING stays unanswered for this long: gRPC's own default.
  public var keepAliveTimeout = Duration.seconds(20)

  /// The defaults.
  public init() {}
}

extension ServerLimits {
  /// For a service whose peers are a few gateways that put many clients' calls on one connection.
  /// Clients that misbehave are the gateway's to stop; what it cancels for them must not cost it
  /// the connection.
  public static var behindGateway: ServerLimits {
    var limits = ServerLimits()
    limits.http2.streamsMax = 4_096
    limits.http2.resetsReceivedPerSecondMax = 10_000
    limits.http2.resetsReceivedBurstMax = 100_000
    limits.http2.resetsSentPerMinuteMax = 10_000
    limits.http2.windowUpdatesPerSecondMax = 100_000
    limits.connectionsMax = 1_000
    limits.idleTimeout = nil
    limits.connectionAgeMax = nil
    return limits
  }
}
