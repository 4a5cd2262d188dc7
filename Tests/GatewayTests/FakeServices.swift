import Glibc
import Protocols
import RPC
import Synchronization

@testable import Gateway

/// Sockets of one test, in a folder of its own.
func temporaryFolder() -> String {
  var template = Array("/tmp/martlet-gateway-XXXXXX".utf8CString)
  precondition(mkdtemp(&template) != nil, "no temporary folder: errno \(errno)")
  return String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The lines of a file.
func textLines(_ path: String) -> [String] {
  let file = open(path, O_RDONLY)
  defer { close(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while case let count = read(file, &buffer, buffer.count), count > 0 {
    bytes += buffer[..<count]
  }
  return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
}

/// An auth service that keeps its keys in a dictionary.
final class FakeAuth: Sendable {
  struct State {
    var keys: [String: MartletV1.Grant] = [:]
    var revoked: Set<String> = []
    var revision: UInt64 = 1
    var checkCount = 0
    var watchers: [ResponseWriter<MartletV1.WatchEvent>] = []
    var watchRevisions: [UInt64] = []
    var isStopped = false
  }

  let server: Server
  let state = Mutex(State())

  init(_ endpoint: Endpoint, tls: TLSConfiguration? = nil) throws {
    server = Server(configuration: ServerConfiguration(endpoints: [endpoint], tls: tls))
    server.unary("/martlet.v1.Auth/Check") {
      [self] (request: MartletV1.CheckRequest, _) -> MartletV1.CheckResponse in
      state.withLock { state in
        state.checkCount += 1
        guard let grant = state.keys[request.apiKey] else {
          return refused(.unknownKey, revision: state.revision)
        }
        if state.revoked.contains(grant.keyID) {
          return refused(.revoked, key: grant.keyID, revision: state.revision)
        }
        return allowed(grant, revision: state.revision)
      }
    }
    server.serverStreaming("/martlet.v1.Auth/Watch") {
      [self]
      (
        request: MartletV1.WatchRequest, responses: ResponseWriter<MartletV1.WatchEvent>, _
      ) in
      let revision = state.withLock { state in
        state.watchers.append(responses)
        state.watchRevisions.append(request.afterRevision)
        return state.revision
      }
      try await responses.send(
        request.afterRevision == 0
          ? event(.resync(true), revision: revision) : event(.heartbeat(true), revision: revision))
      try await Task.sleep(for: .seconds(3_600))  // ends when the call does
    }
    try server.start()
  }

  func add(_ key: String, _ grant: MartletV1.Grant) {
    state.withLock { $0.keys[key] = grant }
  }

  func revoke(_ keyID: String) async throws {
    let (revision, watchers) = state.withLock { state in
      state.revision += 1
      state.revoked.insert(keyID)
      return (state.revision, state.watchers)
    }
    for watcher in watchers { try? await watcher.send(event(.keyID(keyID), revision: revision)) }
  }

  /// Dies as if killed: connections break, nothing is said. A second time does nothing.
  func kill() async {
    let isFirst = state.withLock { state in
      defer { state.isStopped = true }
      return !state.isStopped
    }
    if isFirst { await server.shutdown(gracePeriod: .zero) }
  }

  var checkCount: Int { state.withLock { $0.checkCount } }
}

/// A model service that answers with what it was asked.
final class FakeModel: Sendable {
  struct State {
    var inferCount = 0
    var cancelledCount = 0
    var metadata: [[String]] = []
    var isHanging = false
    var failure: RPCError?
    /// Inferences are reset with this code, unread.
    var resetCode: HTTP2ErrorCode?
    var isStopped = false
  }

  let server: Server
  let name: String
  let state = Mutex(State())
  /// A stream ends with the message that asks for this one.
  static let lastModel = "last"
  /// Opens when a hanging handler has been entered.
  let entered = AsyncStream<Void>.makeStream()

  init(
    _ name: String, _ endpoint: Endpoint, tls: TLSConfiguration? = nil,
    limits: ServerLimits = .behindGateway
  ) throws {
    self.name = name
    var configuration = ServerConfiguration(endpoints: [endpoint], tls: tls)
    configuration.limits = limits
    server = Server(configuration: configuration)
    server.callRouter { [self] _ in Resetting { [self] in state.withLock { $0.resetCode } } }
    server.unary("/inference.GRPCInferenceService/ModelInfer") {
      [self] (request: Inference.ModelInferRequest, context) -> Inference.ModelInferResponse in
      let (hangs, failure) = state.withLock { state in
        state.inferCount += 1
        state.metadata.append(context.metadata.map { "\($0.name): \($0.value)" })
        return (state.isHanging, state.failure)
      }
      if hangs {
        entered.continuation.yield()
        do {
          try await Task.sleep(for: .seconds(3_600))
        } catch {
          state.withLock { $0.cancelledCount += 1 }
          throw error
        }
      }
      if let failure { throw failure }
      context.setInitialMetadata(["served-by": name, "x-martlet-tenant": "leak"])
      context.setTrailingMetadata(["cost": "1"])
      var response = Inference.ModelInferResponse()
      response.modelName = request.modelName
      response.id = context.metadata["x-martlet-tenant"] ?? "none"
      response.rawOutputContents = request.rawInputContents
      return response
    }
    server.bidirectional("/inference.GRPCInferenceService/ModelStreamInfer") {
      [name]
      (
        requests: RequestStream<Inference.ModelInferRequest>,
        responses: ResponseWriter<Inference.ModelStreamInferResponse>, _
      ) in
      for try await request in requests {
        var response = Inference.ModelStreamInferResponse()
        var inner = Inference.ModelInferResponse()
        inner.modelName = request.modelName
        inner.id = name
        inner.rawOutputContents = request.rawInputContents
        response.inferResponse = inner
        try await responses.send(response)
        if request.modelName == Self.lastModel { return }
      }
    }
    server.clientStreaming("/martlet.v1.Models/Deploy") {
      (requests: RequestStream<MartletV1.DeployRequest>, _) -> MartletV1.DeployResponse in
      var response = MartletV1.DeployResponse()
      for try await request in requests {
        if !request.name.isEmpty { response.name = request.name }
        response.version += Int64(request.data.count)
      }
      return response
    }
    try server.start()
  }

  /// Dies as if killed: connections break, nothing is said. A second time does nothing.
  func kill() async {
    let isFirst = state.withLock { state in
      defer { state.isStopped = true }
      return !state.isStopped
    }
    if isFirst { await server.shutdown(gracePeriod: .zero) }
  }

  var inferCount: Int { state.withLock { $0.inferCount } }
}

/// Resets each inference while there is a code to do it with.
private final class Resetting: CallRouter, ServerCallDelegate {
  private let code: () -> HTTP2ErrorCode?

  init(_ code: @escaping () -> HTTP2ErrorCode?) {
    self.code = code
  }

  func route(_ headers: HeaderBlock, call: ServerCall) -> (any ServerCallDelegate)? {
    guard let code = code(),
      headers.string(":path") == "/inference.GRPCInferenceService/ModelInfer"
    else { return nil }
    call.reset(code)
    return self
  }

  func call(_ call: ServerCall, receivedData bytes: UnsafeRawBufferPointer) {
    call.consume(bytes.count)
  }

  func callReceivedEnd(_ call: ServerCall) {}
  func callCanSend(_ call: ServerCall) {}
  func callClosed(_ call: ServerCall, reason: CallCloseReason) {}
}

/// A gateway between fakes, reached without a port.
final class World: Sendable {
  let folder = temporaryFolder()
  let auth: FakeAuth
  let models: [FakeModel]
  let gateway: GatewayServer
  let client: Client

  static let key = "mk_good_key_1"

  init(
    modelCount: Int = 1, startModels: Bool = true, modelLimits: ServerLimits = .behindGateway,
    _ change: (inout GatewayConfiguration) -> Void = { _ in }
  ) throws {
    let folder = folder
    auth = try FakeAuth(.unix(path: "\(folder)/auth"))
    auth.add(Self.key, grant())
    let endpoints = (0..<modelCount).map { Endpoint.unix(path: "\(folder)/model\($0)") }
    models = try endpoints.enumerated().map { try FakeModel("m\($0)", $1, limits: modelLimits) }
    var configuration = GatewayConfiguration(
      listen: [], auth: [.unix(path: "\(folder)/auth")], models: endpoints)
    configuration.accessLog = "\(folder)/access.jsonl"
    configuration.drainTime = .seconds(1)
    change(&configuration)
    gateway = try GatewayServer(configuration)
    try gateway.start()
    client = try gateway.makeInProcessClient()
  }

  /// Stops everything and returns the access log's lines.
  @discardableResult
  func stop() async -> [String] {
    client.close()
    await gateway.drain()
    for model in models { await model.kill() }
    await auth.kill()
    return textLines("\(folder)/access.jsonl")
  }

  func infer(
    _ model: String = "digits", key: String? = World.key, byteCount: Int = 16,
    metadata: Metadata = Metadata(), deadline: MonotonicTime? = nil
  ) async throws -> UnaryResponse<Inference.ModelInferResponse> {
    var request = Inference.ModelInferRequest()
    request.modelName = model
    request.rawInputContents = [[UInt8](repeating: 7, count: byteCount)[...]]
    return try await client.unaryResponse(
      "/inference.GRPCInferenceService/ModelInfer", request, metadata: with(key, metadata),
      deadline: deadline)
  }

  typealias InferStream = (
    requests: RequestWriter<Inference.ModelInferRequest>,
    responses: ResponseStream<Inference.ModelStreamInferResponse>
  )

  /// A bidirectional inference; `method` is the last part of the path.
  func inferStream(
    _ method: String = "ModelStreamInfer", key: String = World.key
  ) async throws -> InferStream {
    try await client.bidirectional(
      "/inference.GRPCInferenceService/\(method)", metadata: with(key))
  }

  func with(_ key: String?, _ metadata: Metadata = Metadata()) -> Metadata {
    var metadata = metadata
    if let key { metadata.add("authorization", "Bearer \(key)") }
    return metadata
  }
}

/// The status of a call that fails, or OK.
func status(_ body: () async throws -> some Any) async -> StatusCode {
  do {
    _ = try await body()
    return .ok
  } catch let error as RPCError {
    return error.code
  } catch {
    return .unknown
  }
}
