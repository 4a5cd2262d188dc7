internal import EventLoop
internal import Protocols
internal import RPC

/// The auth service over the truth: Check, Watch, and two methods for keys, as the real one
/// answers them.
final class AuthService: Service, @unchecked Sendable {
  private var watchers: [Rest] = []
  private let losesChanges: Bool

  /// As the real service's.
  private static let heartbeatInterval = Duration.milliseconds(500)

  init(world: World, truth: Truth, losesChanges: Bool) {
    self.losesChanges = losesChanges
    super.init("auth", world: world, truth: truth)
  }

  var watcherCount: Int { process.isDead ? 0 : watchers.count }

  override func register(on server: Server) {
    watchers = []
    server.unary("/martlet.v1.Auth/Check") {
      [self] (request: MartletV1.CheckRequest, _) -> MartletV1.CheckResponse in
      // Read first, answered later: a change may come in between.
      let response = truth.check(request.apiKey)
      if world.random.chance(0.3) {
        try await rest(world.draw(.zero ... .milliseconds(40)), on: loop)
      }
      return response
    }
    server.serverStreaming("/martlet.v1.Auth/Watch") {
      [self]
      (request: MartletV1.WatchRequest, responses: ResponseWriter<MartletV1.WatchEvent>, _) in
      try await watch(after: request.afterRevision, responses)
    }
    server.unary("/martlet.v1.Keys/CreateKey") {
      [self] (request: MartletV1.CreateKeyRequest, context) -> MartletV1.CreateKeyResponse in
      let number = Int(request.label) ?? -1
      accept(number, context)
      try await rest(truth.calls[number].plan.work, on: loop)
      var response = MartletV1.CreateKeyResponse()
      response.apiKey = request.label
      return response
    }
    server.unary("/martlet.v1.Keys/ListKeys") {
      [self] (request: MartletV1.ListKeysRequest, context) -> MartletV1.ListKeysResponse in
      accept(Int(request.tenant) ?? -1, context)
      var key = MartletV1.Key()
      key.tenant = context.metadata["x-martlet-tenant"] ?? ""
      key.id = request.tenant
      var response = MartletV1.ListKeysResponse()
      response.keys = [key]
      return response
    }
  }

  private func accept(_ number: Int, _ context: CallContext) {
    guard !process.isDead else { return }
    truth.accept(
      number, by: "auth", context.metadata["x-martlet-tenant"],
      context.metadata["x-martlet-key"], first: true)
  }

  override func changed() {
    for watcher in watchers { watcher.ring() }
  }

  private func watch(
    after start: UInt64, _ responses: ResponseWriter<MartletV1.WatchEvent>
  ) async throws {
    let signal = Rest()
    watchers.append(signal)
    defer { watchers.removeAll { $0 === signal } }
    var revision = start
    if revision == 0 {
      revision = truth.revision
      try await responses.send(Self.event(.resync(true), revision))
    }
    var nextHeartbeat = loop.readClock() + Self.heartbeatInterval
    while true {
      if let change = truth.changes.first(where: { $0.revision > revision }) {
        revision = change.revision
        if losesChanges { continue }
        try await responses.send(Self.event(.keyID(change.keyID), revision))
        continue
      }
      let now = loop.readClock()
      if now >= nextHeartbeat {
        nextHeartbeat = now + Self.heartbeatInterval
        try await responses.send(Self.event(.heartbeat(true), revision))
      }
      try await signal.wait(nextHeartbeat - loop.readClock(), on: loop)
    }
  }

  private static func event(
    _ change: MartletV1.WatchEvent.Change, _ revision: UInt64
  ) -> MartletV1.WatchEvent {
    var event = MartletV1.WatchEvent()
    event.change = change
    event.revision = revision
    return event
  }
}
