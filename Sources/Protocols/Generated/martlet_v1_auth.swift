// Generated from Proto/martlet/v1/auth.proto by scripts/protoc-gen-martlet. Not edited.

internal import CProtobufC
internal import CProtocols

extension MartletV1 {
  /// What a key may do. An action covers only itself: `deploy` does not imply `infer`.
  public struct Action: ProtobufEnum {
    /// The number on the wire; unknown ones are kept.
    public var rawValue: Int32
    /// The value with that number.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// `ACTION_UNSPECIFIED`.
    public static let unspecified = Action(rawValue: 0)
    /// `ACTION_INFER`.
    public static let infer = Action(rawValue: 1)
    /// `ACTION_DEPLOY`.
    public static let deploy = Action(rawValue: 2)
    /// Manage the keys of its own tenant.
    public static let keys = Action(rawValue: 3)
    /// Everything, in every tenant.
    public static let admin = Action(rawValue: 4)
  }
  /// `Verdict` of the protocol.
  public struct Verdict: ProtobufEnum {
    /// The number on the wire; unknown ones are kept.
    public var rawValue: Int32
    /// The value with that number.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// `VERDICT_UNSPECIFIED`.
    public static let unspecified = Verdict(rawValue: 0)
    /// `VERDICT_ALLOWED`.
    public static let allowed = Verdict(rawValue: 1)
    /// `VERDICT_UNKNOWN_KEY`.
    public static let unknownKey = Verdict(rawValue: 2)
    /// `VERDICT_EXPIRED`.
    public static let expired = Verdict(rawValue: 3)
    /// `VERDICT_REVOKED`.
    public static let revoked = Verdict(rawValue: 4)
  }
  /// Limits of one tenant; 0 means the gateway's default.
  public struct Quota: ProtobufValue {
    /// `requests_per_second`.
    public var requestsPerSecond: UInt32 = 0
    /// `requests_burst`.
    public var requestsBurst: UInt32 = 0
    /// `streams_max`.
    public var streamsMax: UInt32 = 0
    /// `bytes_in_flight_max`.
    public var bytesInFlightMax: UInt64 = 0
    /// `message_bytes_max`.
    public var messageBytesMax: UInt64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// What an allowed key stands for.
  public struct Grant: ProtobufValue {
    /// `tenant`.
    public var tenant: String = ""
    /// `key_id`.
    public var keyID: String = ""
    /// `actions`.
    public var actions: [MartletV1.Action] = []
    /// Glob patterns (`*`, `?`) over model names; at least one must match.
    public var modelPatterns: [String] = []
    /// Milliseconds since 1970; 0 means that the key does not expire.
    public var expiresAtMs: Int64 = 0
    /// `quota`.
    public var quota: MartletV1.Quota?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `CheckRequest` of the protocol.
  public struct CheckRequest: ProtobufValue {
    /// `api_key`.
    public var apiKey: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `CheckResponse` of the protocol.
  public struct CheckResponse: ProtobufValue {
    /// `verdict`.
    public var verdict: MartletV1.Verdict = MartletV1.Verdict(rawValue: 0)
    /// Present only with VERDICT_ALLOWED.
    public var grant: MartletV1.Grant?
    /// The store's revision that the verdict was read at: a later change has a higher one.
    public var revision: UInt64 = 0
    /// Known for every key whose id exists, so that a refusal can be forgotten when the key changes.
    public var keyID: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `WatchRequest` of the protocol.
  public struct WatchRequest: ProtobufValue {
    /// Changes after this revision; 0 asks for a resync followed by what comes.
    public var afterRevision: UInt64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `WatchEvent` of the protocol.
  public struct WatchEvent: ProtobufValue {
    /// `revision`.
    public var revision: UInt64 = 0
    /// One of the alternatives of `change`.
    public enum Change: Sendable, Hashable {
      /// Decisions about this key are out of date.
      case keyID(String)
      /// Decisions about all keys of this tenant are out of date.
      case tenant(String)
      /// The history is gone: forget every decision.
      case resync(Bool)
      /// Nothing changed; the stream is alive.
      case heartbeat(Bool)
    }
    /// The alternative that is set, if any.
    public var change: Change?
    /// A message whose fields have their default values.
    public init() {}
  }
}

extension MartletV1.Quota: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__Quota>? {
    martlet__v1__quota__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__Quota>) throws(ProtobufError) {
    self.init()
    requestsPerSecond = c.pointee.requests_per_second
    requestsBurst = c.pointee.requests_burst
    streamsMax = c.pointee.streams_max
    bytesInFlightMax = c.pointee.bytes_in_flight_max
    messageBytesMax = c.pointee.message_bytes_max
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__Quota> {
    let c = arena.allocate(Martlet__V1__Quota.self)
    martlet__v1__quota__init(c)
    c.pointee.requests_per_second = requestsPerSecond
    c.pointee.requests_burst = requestsBurst
    c.pointee.streams_max = streamsMax
    c.pointee.bytes_in_flight_max = bytesInFlightMax
    c.pointee.message_bytes_max = messageBytesMax
    return c
  }
}

extension MartletV1.Grant: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__Grant>? {
    martlet__v1__grant__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__Grant>) throws(ProtobufError) {
    self.init()
    tenant = try utf8Text(c.pointee.tenant!)
    keyID = try utf8Text(c.pointee.key_id!)
    actions.reserveCapacity(c.pointee.n_actions)
    for i in 0..<c.pointee.n_actions {
      actions.append(MartletV1.Action(c: c.pointee.actions[i].rawValue))
    }
    modelPatterns.reserveCapacity(c.pointee.n_model_patterns)
    for i in 0..<c.pointee.n_model_patterns {
      modelPatterns.append(try utf8Text(c.pointee.model_patterns[i]!))
    }
    expiresAtMs = c.pointee.expires_at_ms
    if let value = c.pointee.quota {
      quota = try MartletV1.Quota(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__Grant> {
    let c = arena.allocate(Martlet__V1__Grant.self)
    martlet__v1__grant__init(c)
    c.pointee.tenant = arena.text(tenant)
    c.pointee.key_id = arena.text(keyID)
    c.pointee.n_actions = actions.count
    c.pointee.actions = arena.array(actions) { Martlet__V1__Action(UInt32(bitPattern: $0.rawValue)) }
    c.pointee.n_model_patterns = modelPatterns.count
    c.pointee.model_patterns = arena.array(modelPatterns) { arena.text($0) }
    c.pointee.expires_at_ms = expiresAtMs
    c.pointee.quota = quota?.makeC(arena)
    return c
  }
}

extension MartletV1.CheckRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__CheckRequest>? {
    martlet__v1__check_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__CheckRequest>) throws(ProtobufError) {
    self.init()
    apiKey = try utf8Text(c.pointee.api_key!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__CheckRequest> {
    let c = arena.allocate(Martlet__V1__CheckRequest.self)
    martlet__v1__check_request__init(c)
    c.pointee.api_key = arena.text(apiKey)
    return c
  }
}

extension MartletV1.CheckResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__CheckResponse>? {
    martlet__v1__check_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__CheckResponse>) throws(ProtobufError) {
    self.init()
    verdict = MartletV1.Verdict(c: c.pointee.verdict.rawValue)
    if let value = c.pointee.grant {
      grant = try MartletV1.Grant(c: value)
    }
    revision = c.pointee.revision
    keyID = try utf8Text(c.pointee.key_id!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__CheckResponse> {
    let c = arena.allocate(Martlet__V1__CheckResponse.self)
    martlet__v1__check_response__init(c)
    c.pointee.verdict = Martlet__V1__Verdict(UInt32(bitPattern: verdict.rawValue))
    c.pointee.grant = grant?.makeC(arena)
    c.pointee.revision = revision
    c.pointee.key_id = arena.text(keyID)
    return c
  }
}

extension MartletV1.WatchRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__WatchRequest>? {
    martlet__v1__watch_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__WatchRequest>) throws(ProtobufError) {
    self.init()
    afterRevision = c.pointee.after_revision
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__WatchRequest> {
    let c = arena.allocate(Martlet__V1__WatchRequest.self)
    martlet__v1__watch_request__init(c)
    c.pointee.after_revision = afterRevision
    return c
  }
}

extension MartletV1.WatchEvent: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__WatchEvent>? {
    martlet__v1__watch_event__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__WatchEvent>) throws(ProtobufError) {
    self.init()
    revision = c.pointee.revision
    switch c.pointee.change_case {
    case MARTLET__V1__WATCH_EVENT__CHANGE_KEY_ID:
      change = .keyID(try utf8Text(c.pointee.key_id!))
    case MARTLET__V1__WATCH_EVENT__CHANGE_TENANT:
      change = .tenant(try utf8Text(c.pointee.tenant!))
    case MARTLET__V1__WATCH_EVENT__CHANGE_RESYNC:
      change = .resync(c.pointee.resync != 0)
    case MARTLET__V1__WATCH_EVENT__CHANGE_HEARTBEAT:
      change = .heartbeat(c.pointee.heartbeat != 0)
    default: break
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__WatchEvent> {
    let c = arena.allocate(Martlet__V1__WatchEvent.self)
    martlet__v1__watch_event__init(c)
    c.pointee.revision = revision
    switch change {
    case .keyID(let value):
      c.pointee.change_case = MARTLET__V1__WATCH_EVENT__CHANGE_KEY_ID
      c.pointee.key_id = arena.text(value)
    case .tenant(let value):
      c.pointee.change_case = MARTLET__V1__WATCH_EVENT__CHANGE_TENANT
      c.pointee.tenant = arena.text(value)
    case .resync(let value):
      c.pointee.change_case = MARTLET__V1__WATCH_EVENT__CHANGE_RESYNC
      c.pointee.resync = value ? 1 : 0
    case .heartbeat(let value):
      c.pointee.change_case = MARTLET__V1__WATCH_EVENT__CHANGE_HEARTBEAT
      c.pointee.heartbeat = value ? 1 : 0
    case nil: break
    }
    return c
  }
}
