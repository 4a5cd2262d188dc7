public import EventLoop
public import RPCWire

/// Settings of a ``Server``.
public struct ServerConfiguration: Sendable {
  /// Where to listen.
  public var endpoints: [Endpoint]
  /// Certificates, or nil for clear text (loopback and tests).
  public var tls: TLSConfiguration?
  /// Threads that serve connections.
  public var loopCount = 1
  /// What to compress responses with when the client accepts it and its request was not
  /// compressed. A compressed request is answered in kind.
  public var compression: Compression?
  /// Limits on messages, connections, streams, time and abuse.
  public var limits = ServerLimits()
  /// What each loop runs on.
  public var makeMachine: @Sendable () -> any Machine = { Kernel() }

  /// A server on some endpoints.
  public init(endpoints: [Endpoint] = [], tls: TLSConfiguration? = nil, loopCount: Int = 1) {
    self.endpoints = endpoints
    self.tls = tls
    self.loopCount = loopCount
  }
}

/// What a server refuses, and when it gives up. Everything a peer can make grow is here.
public struct ServerLimits: Sendable {
  /// The largest request message after decompression; a larger one is RESOURCE_EXHAUSTED.
  public var messageByteCountMax = 64 << 20
  /// Connections at one time; more are closed at once.
  public var connectionsMax = 10_000
  /// HTTP/2 session limits: streams, header lists, floods.
  public var http2 = HTTP2Limits()
  /// TCP accepted to HTTP/2 preface received.
  public var handshakeTimeout = Duration.seconds(10)
  /// A connection without calls is closed after this; nil keeps it.
  public var idleTimeout: Duration? = .seconds(600)
  /// A connection whose peer takes no bytes for this long is closed.
  public var writeStallTimeout = Duration.seconds(60)
  /// A PING is sent after this much silence; nil sends none.
  public var keepAliveInterval: Duration? = .seconds(60)
  /// The connection is closed when a PING stays unanswered for this long.
  public var keepAliveTimeout = Duration.seconds(20)

  /// The defaults.
  public init() {}
}
