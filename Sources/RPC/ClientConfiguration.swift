public import RPCWire

/// Settings of a ``Client``.
public struct ClientConfiguration: Sendable {
  /// The largest response message after decompression.
  public var messageByteCountMax = 64 << 20
  /// The longest a connection attempt may take, handshake included.
  public var connectTimeout = Duration.seconds(10)
  /// Compress requests with this.
  public var compression: Compression?
  /// A PING is sent after this much silence while calls are open; nil sends none.
  public var keepAliveInterval: Duration? = .seconds(30)
  /// The connection is closed when a PING stays unanswered for this long.
  public var keepAliveTimeout = Duration.seconds(20)
  /// A connection makes place for another after so many calls: its streams' identifiers end at 2³¹,
  /// after 2³⁰ of them (RFC 9113 section 5.1.1).
  public var callsPerConnectionMax = 1 << 29
  /// HTTP/2 session limits and windows.
  public var http2 = HTTP2Limits()

  /// The defaults.
  public init() {}
}
