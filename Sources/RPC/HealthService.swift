internal import Protocols
internal import Synchronization

/// `grpc.health.v1.Health`: what a server says about itself and its services, at once (Check)
/// and as it changes (Watch).
public final class HealthService: Sendable {
  /// What is said about a service.
  public enum Status: Int32, Sendable, Hashable {
    /// Ready for calls.
    case serving = 1
    /// Up, and not to be called now.
    case notServing = 2
  }

  private struct State {
    var statuses: [String: Status]
    var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
    var nextWatcher = 0
  }

  private let state: Mutex<State>

  /// The whole server (the service with the empty name) starts with a status.
  public init(initial: Status = .serving) {
    state = Mutex(State(statuses: ["": initial]))
  }

  /// Says something new about a service, or with "" about the whole server.
  public func set(_ status: Status, for service: String = "") {
    let watchers = state.withLock { state in
      state.statuses[service] = status
      return Array(state.watchers.values)
    }
    for watcher in watchers { watcher.yield() }
  }

  /// What is said about a service; nil when nothing is.
  public func status(of service: String = "") -> Status? {
    state.withLock { $0.statuses[service] }
  }

  /// Adds Check, List and Watch to a server.
  public func register(on server: Server) {
    server.unaryOnLoop("/grpc.health.v1.Health/Check") { [self] in try check($0, $1) }
    server.unaryOnLoop("/grpc.health.v1.Health/List") { [self] in list($0, $1) }
    server.serverStreaming("/grpc.health.v1.Health/Watch") { [self] in
      try await watch($0, $1, $2)
    }
  }

  private func check(
    _ request: GRPCHealthV1.HealthCheckRequest, _ context: CallContext
  ) throws -> GRPCHealthV1.HealthCheckResponse {
    guard let status = status(of: request.service) else {
      throw RPCError(code: .notFound, message: "no such service: \(request.service)")
    }
    return Self.response(status)
  }

  private func list(
    _ request: GRPCHealthV1.HealthListRequest, _ context: CallContext
  ) -> GRPCHealthV1.HealthListResponse {
    var response = GRPCHealthV1.HealthListResponse()
    response.statuses = state.withLock { $0.statuses }.mapValues { Self.response($0) }
    return response
  }

  private func watch(
    _ request: GRPCHealthV1.HealthCheckRequest,
    _ responses: ResponseWriter<GRPCHealthV1.HealthCheckResponse>, _ context: CallContext
  ) async throws {
    // One waiting wake-up is enough: the status is read when it is handled.
    let (changes, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let id = state.withLock { state in
      state.nextWatcher += 1
      state.watchers[state.nextWatcher] = continuation
      return state.nextWatcher
    }
    defer { state.withLock { _ = $0.watchers.removeValue(forKey: id) } }
    continuation.yield()
    var last: Status??
    for await _ in changes {
      let status = status(of: request.service)
      if last == .some(status) { continue }
      last = .some(status)
      try await responses.send(Self.response(status))
    }
    throw CancellationError()
  }

  private static func response(_ status: Status?) -> GRPCHealthV1.HealthCheckResponse {
    var response = GRPCHealthV1.HealthCheckResponse()
    response.status = status.map { .init(rawValue: $0.rawValue) } ?? .serviceUnknown
    return response
  }
}
