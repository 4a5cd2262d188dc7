public import EventLoop
public import RPCWire

/// Told when a client connection changes; on the connection's loop.
public protocol ClientConnectionDelegate: AnyObject {
  /// The handshake is done and the peer's settings are known.
  func connectionReady(_ connection: ClientConnection)
  /// The peer takes no new calls; open ones go on.
  func connectionGoingAway(_ connection: ClientConnection)
  /// The connection is gone, or could not be made; all its calls were closed before.
  func connectionClosed(_ connection: ClientConnection, reason: String)
}

/// One HTTP/2 connection to a server, confined to its loop: what a proxy keeps per upstream.
/// It does not reconnect; make another.
public final class ClientConnection {
  /// Where a connection is in its life.
  public enum State: Sendable, Hashable {
    /// TCP and TLS are under way; calls may be started and wait.
    case connecting
    /// In use.
    case ready
    /// GOAWAY was received: open calls go on.
    case goingAway
    /// Gone.
    case closed
  }

  /// Where the connection is in its life.
  public var state: State { fatalError("not yet") }
  /// Calls that are open.
  public var outstandingCallCount: Int { fatalError("not yet") }
  /// How many calls the peer allows at one time; more wait in the session.
  public var peerStreamsMax: Int { fatalError("not yet") }
  /// The server's verified certificate.
  public var peer: PeerIdentity? { fatalError("not yet") }

  /// Starts a call. `headers` starts with the pseudo-fields (:method, :scheme, :path,
  /// :authority). nil when the connection takes no calls any more.
  public func startCall(
    _ headers: HeaderList, endOfStream: Bool = false, delegate: any ClientCallDelegate
  ) -> ClientCall? { fatalError("not yet") }

  /// Closes at once; open calls are closed with `connectionLost`.
  public func close() { fatalError("not yet") }

  /// Lets open calls end, then closes.
  public func drain() { fatalError("not yet") }

  private init() {}
}

extension EventLoop {
  /// Connects to a server; on the loop's thread. The connection lives on this loop. Make one
  /// `TLSContext` per configuration and keep it: loading certificates takes a millisecond.
  public func makeClientConnection(
    to target: Endpoint, tls: TLSContext?, configuration: ClientConfiguration = .init(),
    delegate: any ClientConnectionDelegate
  ) -> ClientConnection { fatalError("not yet") }
}
