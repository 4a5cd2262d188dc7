// Generated from Proto/grpc/health/v1/health.proto by scripts/protoc-gen-martlet. Not edited.

internal import CProtobufC
internal import CProtocols

extension GRPCHealthV1 {
  /// `HealthCheckRequest` of the protocol.
  public struct HealthCheckRequest: ProtobufValue {
    /// `service`.
    public var service: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `HealthCheckResponse` of the protocol.
  public struct HealthCheckResponse: ProtobufValue {
    /// `ServingStatus` of the protocol.
    public struct ServingStatus: ProtobufEnum {
      /// The number on the wire; unknown ones are kept.
      public var rawValue: Int32
      /// The value with that number.
      public init(rawValue: Int32) { self.rawValue = rawValue }
      /// `UNKNOWN`.
      public static let unknown = ServingStatus(rawValue: 0)
      /// `SERVING`.
      public static let serving = ServingStatus(rawValue: 1)
      /// `NOT_SERVING`.
      public static let notServing = ServingStatus(rawValue: 2)
      /// Only in answers to Watch; Check answers NOT_FOUND instead.
      public static let serviceUnknown = ServingStatus(rawValue: 3)
    }
    /// `status`.
    public var status: GRPCHealthV1.HealthCheckResponse.ServingStatus = GRPCHealthV1.HealthCheckResponse.ServingStatus(rawValue: 0)
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `HealthListRequest` of the protocol.
  public struct HealthListRequest: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `HealthListResponse` of the protocol.
  public struct HealthListResponse: ProtobufValue {
    /// `statuses`.
    public var statuses: [String: GRPCHealthV1.HealthCheckResponse] = [:]
    /// A message whose fields have their default values.
    public init() {}
  }
}

extension GRPCHealthV1.HealthCheckRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Health__V1__HealthCheckRequest>? {
    grpc__health__v1__health_check_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Health__V1__HealthCheckRequest>) throws(ProtobufError) {
    self.init()
    service = try utf8Text(c.pointee.service!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Health__V1__HealthCheckRequest> {
    let c = arena.allocate(Grpc__Health__V1__HealthCheckRequest.self)
    grpc__health__v1__health_check_request__init(c)
    c.pointee.service = arena.text(service)
    return c
  }
}

extension GRPCHealthV1.HealthCheckResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Health__V1__HealthCheckResponse>? {
    grpc__health__v1__health_check_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Health__V1__HealthCheckResponse>) throws(ProtobufError) {
    self.init()
    status = GRPCHealthV1.HealthCheckResponse.ServingStatus(c: c.pointee.status.rawValue)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Health__V1__HealthCheckResponse> {
    let c = arena.allocate(Grpc__Health__V1__HealthCheckResponse.self)
    grpc__health__v1__health_check_response__init(c)
    c.pointee.status = Grpc__Health__V1__HealthCheckResponse__ServingStatus(UInt32(bitPattern: status.rawValue))
    return c
  }
}

extension GRPCHealthV1.HealthListRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Health__V1__HealthListRequest>? {
    grpc__health__v1__health_list_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Health__V1__HealthListRequest>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Health__V1__HealthListRequest> {
    let c = arena.allocate(Grpc__Health__V1__HealthListRequest.self)
    grpc__health__v1__health_list_request__init(c)
    return c
  }
}

extension GRPCHealthV1.HealthListResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Health__V1__HealthListResponse>? {
    grpc__health__v1__health_list_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Health__V1__HealthListResponse>) throws(ProtobufError) {
    self.init()
    for i in 0..<c.pointee.n_statuses {
      let entry = c.pointee.statuses[i]!
      guard let value = entry.pointee.value else { continue }
      statuses[try utf8Text(entry.pointee.key!)] = try GRPCHealthV1.HealthCheckResponse(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Health__V1__HealthListResponse> {
    let c = arena.allocate(Grpc__Health__V1__HealthListResponse.self)
    grpc__health__v1__health_list_response__init(c)
    c.pointee.n_statuses = statuses.count
    c.pointee.statuses = arena.array(statuses.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Grpc__Health__V1__HealthListResponse__StatusesEntry.self)
      grpc__health__v1__health_list_response__statuses_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = pair.value.makeC(arena)
      return entry
    }
    return c
  }
}
