internal import EventLoop
internal import RPCWire

// For tests that look for leaks and for memory without a bound. Nothing here is used to serve.

/// What one connection holds just now.
package struct ConnectionInspection: Sendable {
  /// Open streams.
  package var streamCount: Int
  /// Bytes that wait to be sent: in streams, frames and TLS records.
  package var queuedByteCount: Int

  init(_ session: HTTP2Session, _ transport: Transport?) {
    streamCount = session.streamCount
    queuedByteCount = session.queuedByteCount + (transport?.tls?.output.count ?? 0)
  }
}

extension EventLoop {
  /// The connections of the server whose loop this is; empty when none is served here.
  package var servedConnections: [ConnectionInspection] {
    kept(ServerLoop.self)?.inspect() ?? []
  }

  /// The server's calls that have ended and wait to begin again.
  package var idleCalls: (count: Int, heldByteCount: Int) {
    kept(ServerLoop.self)?.calls.inspection ?? (0, 0)
  }

  /// The router of the server whose loop this is.
  package var callRouter: (any CallRouter)? { kept(ServerLoop.self)?.router }
}
