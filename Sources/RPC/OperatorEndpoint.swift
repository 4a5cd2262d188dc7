public import EventLoop

/// A role's private HTTP/1.1 port for operators: GET /metrics, /healthz, /readyz.
public final class OperatorEndpoint: Sendable {
  /// `metrics` renders Prometheus' text format; `isReady` says whether to send traffic here.
  /// Both are called on the endpoint's own thread.
  public init(
    endpoint: Endpoint, metrics: @escaping @Sendable () -> [UInt8],
    isReady: @escaping @Sendable () -> Bool
  ) { fatalError("not yet") }

  /// Binds and serves.
  public func start() throws { fatalError("not yet") }

  /// The port, after ``start()``.
  public var port: UInt16? { fatalError("not yet") }

  /// Closes the port.
  public func stop() { fatalError("not yet") }
}
