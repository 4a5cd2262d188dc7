internal import EventLoop
internal import RPCWire

/// Why a connection ended: a name for metrics and a sentence for people.
struct ConnectionEnd: Sendable {
  enum Reason: Sendable, Hashable {
    /// The peer closed it, in order or by vanishing between two calls.
    case peerClosed
    /// The system reports a failure of the socket.
    case broken
    /// TLS refused the peer, or the peer refused TLS.
    case tlsFailed
    /// The peer broke HTTP.
    case protocolError
    /// A limit was exceeded.
    case limit(ServerLimit)
    case http2Limit(HTTP2Limit)
    /// It was drained: this side goes away.
    case drained
    /// This side closed it.
    case local
  }

  var reason: Reason
  var message: String

  init(_ reason: Reason, _ message: String) {
    self.reason = reason
    self.message = message
  }

  static let peerClosed = ConnectionEnd(.peerClosed, "the peer closed the connection")
  static let drained = ConnectionEnd(.drained, "drained")

  static func broken(_ code: Int32) -> ConnectionEnd {
    ConnectionEnd(.broken, "the connection broke: \(Socket.describe(code))")
  }

  static func limit(_ limit: ServerLimit) -> ConnectionEnd {
    ConnectionEnd(.limit(limit), limit.message)
  }

  /// How a session ended of itself.
  init(_ session: WireSession, _ message: String = "the session ended") {
    let http2 = session as? HTTP2Session
    if let limit = http2?.exceededLimit {
      self.init(.http2Limit(limit), "the peer exceeded the limit '\(limit.rawValue)'")
    } else if let session = session as? HTTP1Session, let error = session.failure {
      self.init(error)
    } else {
      self.init(
        session.protocolWasBroken ? .protocolError : .drained, http2?.violation ?? message)
    }
  }

  private init(_ error: HTTP1Error) {
    switch error.limit {
    case .headers: self = .limit(.headers)
    case .bodyRate: self = .limit(.bodyRate)
    case .headerList, nil: self.init(.protocolError, error.message)
    }
  }
}

extension ConnectionEnd.Reason {
  /// The value of the label `reason`.
  var label: String {
    switch self {
    case .peerClosed: "peer_closed"
    case .broken: "broken"
    case .tlsFailed: "tls_failed"
    case .protocolError: "protocol_error"
    case .limit(let limit): limit.rawValue
    case .http2Limit(let limit): limit.rawValue
    case .drained: "drained"
    case .local: "local"
    }
  }

  static let all: [ConnectionEnd.Reason] =
    [.peerClosed, .broken, .tlsFailed, .protocolError, .drained, .local]
    + ServerLimit.allCases.filter(\.endsConnection).map { .limit($0) }
    + HTTP2Limit.allCases.filter(\.endsConnection).map { .http2Limit($0) }
}
