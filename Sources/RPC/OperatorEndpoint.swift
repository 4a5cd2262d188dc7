public import EventLoop
internal import Synchronization

/// A role's private HTTP/1.1 port for operators: GET /metrics, /healthz, /readyz.
public final class OperatorEndpoint: Sendable {
  struct Pages: Sendable {
    var metrics: @Sendable () -> [UInt8]
    var isReady: @Sendable () -> Bool
  }

  private struct State {
    var listener: LoopBound<Listener>?
    var bound: Endpoint?
  }

  private let requested: Endpoint
  private let pages: Pages
  private let loop = EventLoop()
  private let state = Mutex(State())

  /// `metrics` renders Prometheus' text format; `isReady` says whether to send traffic here.
  /// Both are called on the endpoint's own thread.
  public init(
    endpoint: Endpoint, metrics: @escaping @Sendable () -> [UInt8],
    isReady: @escaping @Sendable () -> Bool
  ) {
    requested = endpoint
    pages = Pages(metrics: metrics, isReady: isReady)
  }

  /// Binds and serves. Throws ``SocketError``.
  public func start() throws {
    let socket = try loop.machine.listen(on: requested, backlog: 64)
    state.withLock { $0.bound = socket.endpoint }
    loop.start(name: "operator")
    loop.execute { [self] in
      let connections = OperatorConnections(loop: loop, pages: pages)
      let listener = Listener(loop: loop, descriptor: socket.descriptor) {
        connections.adopt($0)
      }
      let bound = LoopBound(listener, on: loop)
      state.withLock { $0.listener = bound }
    }
  }

  /// Where it listens, after ``start()``.
  public var boundEndpoint: Endpoint? { state.withLock { $0.bound } }

  /// The port, after ``start()``.
  public var port: UInt16? {
    if case .tcp(_, let port) = boundEndpoint { return port }
    return nil
  }

  /// Closes the port.
  public func stop() {
    loop.execute { [self] in
      state.withLock { $0.listener }?.value.close()
      loop.stop()
    }
  }
}
