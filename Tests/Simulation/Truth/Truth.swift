internal import EventLoop
internal import Protocols
internal import RPCWire

/// What is true in the simulated installation, whoever has heard of it: keys with their changes,
/// and every call with what was done for it. The services' store survives their restarts.
final class Truth {
  struct Key {
    let id: String
    let secret: String
    let tenant: String
    var actions: [MartletV1.Action]
    var quota: MartletV1.Quota?
    var expiresAt: MonotonicTime?
    var revokedAt: MonotonicTime?
  }

  struct Change {
    let revision: UInt64
    let keyID: String
  }

  /// A service began to do something under a key.
  struct Acceptance {
    let key: Int
    let call: Int
    /// When the client sent it: the call's start, or the time of a stream's message.
    let sentAt: MonotonicTime
    let acceptedAt: MonotonicTime
    let isStreamed: Bool
  }

  private(set) var keys: [Key] = []
  private(set) var calls: [Call] = []
  private(set) var revision: UInt64 = 1
  private(set) var changes: [Change] = []
  private(set) var acceptances: [Acceptance] = []
  var impairments = Impairments()
  /// What must not have happened, in the order it was noticed.
  private(set) var violations: [String] = []
  private unowned let world: World

  init(world: World) {
    self.world = world
  }

  func violate(_ what: @autoclosure () -> String) {
    guard violations.count < 20 else { return }
    let line = what()
    violations.append(line)
    world.log("VIOLATION", line)
  }

  // MARK: Keys

  func addKey(
    tenant: String, actions: [MartletV1.Action], quota: MartletV1.Quota? = nil,
    expiresAt: MonotonicTime? = nil
  ) {
    let number = keys.count
    keys.append(
      Key(
        id: "k\(number)", secret: "mk_simulated_key_\(number)", tenant: tenant, actions: actions,
        quota: quota, expiresAt: expiresAt))
    revision += 1
  }

  func revoke(_ key: Int) {
    guard keys[key].revokedAt == nil else { return }
    revision += 1
    keys[key].revokedAt = world.now
    changes.append(Change(revision: revision, keyID: keys[key].id))
    world.log("truth", "key \(key) revoked at revision \(revision)")
  }

  func check(_ secret: String) -> MartletV1.CheckResponse {
    var response = MartletV1.CheckResponse()
    response.revision = revision
    guard let key = keys.first(where: { $0.secret == secret }) else {
      response.verdict = .unknownKey
      return response
    }
    response.keyID = key.id
    if key.revokedAt != nil {
      response.verdict = .revoked
      return response
    }
    if let expiry = key.expiresAt, expiry <= world.now {
      response.verdict = .expired
      return response
    }
    response.verdict = .allowed
    var grant = MartletV1.Grant()
    grant.tenant = key.tenant
    grant.keyID = key.id
    grant.actions = key.actions
    grant.modelPatterns = ["*"]
    grant.quota = key.quota
    grant.expiresAtMs = key.expiresAt.map { Int64($0.nanoseconds / 1_000_000) } ?? 0
    response.grant = grant
    return response
  }

  // MARK: Calls

  func add(_ plan: PlannedCall) -> Call {
    let call = Call(plan)
    calls.append(call)
    return call
  }

  /// A service begins to do a call, or takes a message of its stream.
  func accept(_ number: Int, by service: String, _ tenant: String?, _ keyID: String?, first: Bool) {
    guard calls.indices.contains(number), let startedAt = calls[number].startedAt else {
      return violate("\(service) was asked for a call \(number) that nobody made")
    }
    let call = calls[number]
    let key = call.plan.key
    if tenant != keys[key].tenant || keyID != keys[key].id {
      violate("\(service) got \(call.description) as \(tenant ?? "nobody"), \(keyID ?? "no key")")
    }
    acceptances.append(
      Acceptance(
        key: key, call: number, sentAt: first ? startedAt : world.now, acceptedAt: world.now,
        isStreamed: !first))
    guard first else { return }
    call.executions.append(service)
    world.log(service, "does \(call.description)")
    if call.executions.count > 1, !call.plan.kind.isRetrySafe {
      violate(
        "\(call.description) must be done once, and was begun by \(call.executions)")
    }
  }

  /// The bytes that belong to a call: what one side sends and the other compares.
  static func pattern(_ number: Int, _ count: Int) -> [UInt8] {
    var value = UInt64(truncatingIfNeeded: number) &* 0x9e37_79b9_7f4a_7c15 | 1
    return (0..<count).map { _ in
      value = value &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: value >> 33)
    }
  }
}
