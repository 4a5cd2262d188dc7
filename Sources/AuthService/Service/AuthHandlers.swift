internal import Protocols
internal import RPC
internal import Telemetry

/// Converts calls to the logic's questions and back. Every method but reports of usage is for a peer
/// whose certificate says `gateway`; whom a call is made for is what that peer says in its metadata.
struct AuthHandlers: Sendable {
  let logic: AuthLogic
  let now: @Sendable () -> UnixTime
  let metrics: AuthMetrics
  let log: LogWriter?

  func register(on server: Server) {
    registerAuth(on: server)
    registerTenants(on: server)
    registerKeys(on: server)
    registerUsage(on: server)
  }

  private func registerAuth(on server: Server) {
    server.unary("/martlet.v1.Auth/Check") {
      (request: MartletV1.CheckRequest, context: CallContext) in
      try await check(request, context)
    }
    server.serverStreaming("/martlet.v1.Auth/Watch") {
      (
        request: MartletV1.WatchRequest, responses: ResponseWriter<MartletV1.WatchEvent>,
        context: CallContext
      ) in
      try await watch(request, responses, context)
    }
  }

  func check(
    _ request: MartletV1.CheckRequest, _ context: CallContext
  ) async throws -> MartletV1.CheckResponse {
    try require("gateway", context)
    let outcome = try await answering { try await logic.check(request.apiKey, now: now()) }
    let response = MartletV1.CheckResponse(outcome)
    metrics.countCheck(outcome.verdict.metricLabel)
    return response
  }

  func watch(
    _ request: MartletV1.WatchRequest, _ responses: ResponseWriter<MartletV1.WatchEvent>,
    _ context: CallContext
  ) async throws {
    try require("gateway", context)
    metrics.watchers.add(1)
    defer { metrics.watchers.add(-1) }
    var feed = logic.watch(after: request.afterRevision).makeAsyncIterator()
    while let event = try await answering({ try await feed.next() }) {
      try await responses.send(MartletV1.WatchEvent(event))
    }
    throw RPCError(
      code: .unavailable, message: "the auth service is going to stop; watch another one")
  }

  /// Runs a management call for the identity that the gateway vouches for.
  func manage<Response>(
    _ method: String, _ context: CallContext,
    _ body: (CallerIdentity, UnixTime) async throws -> Response
  ) async throws -> Response {
    try require("gateway", context)
    let identity = try callerIdentity(context)
    do {
      let response = try await answering { try await body(identity, now()) }
      metrics.countManagement(method, "ok")
      return response
    } catch {
      metrics.countManagement(method, (error as? RPCError)?.code.name ?? "unknown")
      throw error
    }
  }

  /// Refuses peers with another role.
  func require(_ role: String, _ context: CallContext) throws(RPCError) {
    guard context.peer?.role == role else {
      throw RPCError(
        code: .permissionDenied,
        message: "expected a peer whose certificate has the role '\(role)', got"
          + " \(context.peer?.role.map { "'\($0)'" } ?? "none")")
    }
  }

  private func callerIdentity(_ context: CallContext) throws(RPCError) -> CallerIdentity {
    let tenants = context.metadata.all("x-martlet-tenant")
    let keys = context.metadata.all("x-martlet-key")
    guard tenants.count == 1, keys.count == 1 else {
      throw RPCError(
        code: .unauthenticated,
        message: "expected the caller's tenant and key from the gateway, once each")
    }
    return CallerIdentity(tenant: tenants[0], keyID: keys[0])
  }

  /// Turns the logic's refusals and the store's failures into statuses.
  func answering<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
      return try await body()
    } catch let error as AuthError where error.code != .damagedStore {
      throw RPCError(error)
    } catch let error as RPCError {
      throw error
    } catch is CancellationError {
      throw RPCError(code: .cancelled, message: "nobody waits for the answer any more")
    } catch {
      metrics.storeFailures.add()
      // The description of a database error names tables and statements, never their values.
      log?.write(.error, "the store failed") { $0.field("error", "\(error)") }
      throw RPCError(code: .unavailable, message: "the key store cannot be used now; try again")
    }
  }
}
