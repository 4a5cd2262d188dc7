/// The service that benchmarks call: it answers each request with the request.
public enum EchoService {
  /// By an async handler, as services have them.
  public static let unaryPath = "/martlet.bench.Echo/Unary"
  /// By a handler on the loop.
  public static let onLoopPath = "/martlet.bench.Echo/OnLoop"
  /// By an async handler that gives its thread away once.
  public static let suspendingPath = "/martlet.bench.Echo/Suspending"
  /// Message by message.
  public static let streamPath = "/martlet.bench.Echo/Stream"

  /// Adds the methods to a server.
  public static func register(on server: Server) {
    server.unary(unaryPath) { request, _ in request }
    server.unaryOnLoop(onLoopPath) { request, _ in request }
    server.unary(suspendingPath) { request, _ in
      await Task.yield()
      return request
    }
    server.bidirectional(streamPath) { requests, responses, _ in
      for try await request in requests { try await responses.send(request) }
    }
  }
}
