public import EventLoop
public import RPCWire

/// A gRPC server over HTTP/2. Routes are registered before ``start()``; afterwards the server
/// is usable from any thread.
public final class Server: Sendable {
  /// As given.
  public let configuration: ServerConfiguration

  /// A server that does not listen yet.
  public init(configuration: ServerConfiguration) {
    self.configuration = configuration
  }

  /// The loops that serve connections; each callback route lives on one of them.
  public var loops: [EventLoop] { fatalError("not yet") }

  /// Where the server listens, with the real port; empty before ``start()``.
  public var boundEndpoints: [Endpoint] { fatalError("not yet") }

  /// The port of the first TCP endpoint, or nil.
  public var port: UInt16? { fatalError("not yet") }

  /// Binds the endpoints and starts the loops.
  public func start() throws { fatalError("not yet") }

  /// Stops accepting, tells clients to go elsewhere (GOAWAY), lets calls end for at most
  /// `gracePeriod`, then closes what is left and stops the loops.
  public func shutdown(gracePeriod: Duration = .seconds(10)) async { fatalError("not yet") }

  /// A client wired to this server without a port, for tests. The server must be started; it
  /// needs no endpoints.
  public func makeInProcessClient(configuration: ClientConfiguration = .init()) -> Client {
    fatalError("not yet")
  }

  /// Connections that are open now.
  public var connectionCount: Int { fatalError("not yet") }
}
