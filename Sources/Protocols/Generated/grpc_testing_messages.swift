// Generated from Proto/grpc/testing/messages.proto by scripts/protoc-gen-martlet. Not edited.

internal import CProtobufC
internal import CProtocols

extension GRPCTesting {
  /// What a payload consists of.
  public struct PayloadType: ProtobufEnum {
    /// The number on the wire; unknown ones are kept.
    public var rawValue: Int32
    /// The value with that number.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// Bytes that compress well.
    public static let compressable = PayloadType(rawValue: 0)
  }
  /// A boolean that may be absent.
  public struct BoolValue: ProtobufValue {
    /// `value`.
    public var value: Bool = false
    /// A message whose fields have their default values.
    public init() {}
  }
  /// Ballast.
  public struct Payload: ProtobufValue {
    /// `type`.
    public var type: GRPCTesting.PayloadType = GRPCTesting.PayloadType(rawValue: 0)
    /// `body`.
    public var body: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// The status that the server shall end the call with.
  public struct EchoStatus: ProtobufValue {
    /// `code`.
    public var code: Int32 = 0
    /// `message`.
    public var message: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// A unary request.
  public struct SimpleRequest: ProtobufValue {
    /// `response_type`.
    public var responseType: GRPCTesting.PayloadType = GRPCTesting.PayloadType(rawValue: 0)
    /// Bytes of payload that are wanted back.
    public var responseSize: Int32 = 0
    /// `payload`.
    public var payload: GRPCTesting.Payload?
    /// `fill_username`.
    public var fillUsername: Bool = false
    /// `fill_oauth_scope`.
    public var fillOauthScope: Bool = false
    /// Whether the response shall be compressed; absent: as the server likes.
    public var responseCompressed: GRPCTesting.BoolValue?
    /// `response_status`.
    public var responseStatus: GRPCTesting.EchoStatus?
    /// Whether this request should have arrived compressed; absent: not checked.
    public var expectCompressed: GRPCTesting.BoolValue?
    /// `fill_server_id`.
    public var fillServerID: Bool = false
    /// A message whose fields have their default values.
    public init() {}
  }
  /// A unary response.
  public struct SimpleResponse: ProtobufValue {
    /// `payload`.
    public var payload: GRPCTesting.Payload?
    /// `username`.
    public var username: String = ""
    /// `oauth_scope`.
    public var oauthScope: String = ""
    /// The same for all calls to one server, and unlike any other server's.
    public var serverID: String = ""
    /// `hostname`.
    public var hostname: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// One message of a client's stream.
  public struct StreamingInputCallRequest: ProtobufValue {
    /// `payload`.
    public var payload: GRPCTesting.Payload?
    /// Whether this message should have arrived compressed; absent: not checked.
    public var expectCompressed: GRPCTesting.BoolValue?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// The answer to a client's stream.
  public struct StreamingInputCallResponse: ProtobufValue {
    /// Bytes of all payloads together.
    public var aggregatedPayloadSize: Int32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// What one message of a server's stream shall be like.
  public struct ResponseParameters: ProtobufValue {
    /// Bytes of payload.
    public var size: Int32 = 0
    /// Microseconds to wait before it is sent.
    public var intervalUs: Int32 = 0
    /// Whether it shall be compressed; absent: as the server likes.
    public var compressed: GRPCTesting.BoolValue?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// Asks for a stream of responses, or for some more of it.
  public struct StreamingOutputCallRequest: ProtobufValue {
    /// `response_type`.
    public var responseType: GRPCTesting.PayloadType = GRPCTesting.PayloadType(rawValue: 0)
    /// `response_parameters`.
    public var responseParameters: [GRPCTesting.ResponseParameters] = []
    /// `payload`.
    public var payload: GRPCTesting.Payload?
    /// `response_status`.
    public var responseStatus: GRPCTesting.EchoStatus?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// One message of a server's stream.
  public struct StreamingOutputCallResponse: ProtobufValue {
    /// `payload`.
    public var payload: GRPCTesting.Payload?
    /// A message whose fields have their default values.
    public init() {}
  }
}

extension GRPCTesting.BoolValue: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Testing__BoolValue>? {
    grpc__testing__bool_value__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Testing__BoolValue>) throws(ProtobufError) {
    self.init()
    value = c.pointee.value != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Testing__BoolValue> {
    let c = arena.allocate(Grpc__Testing__BoolValue.self)
    grpc__testing__bool_value__init(c)
    c.pointee.value = value ? 1 : 0
    return c
  }
}

extension GRPCTesting.Payload: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Testing__Payload>? {
    grpc__testing__payload__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Testing__Payload>) throws(ProtobufError) {
    self.init()
    type = GRPCTesting.PayloadType(c: c.pointee.type.rawValue)
    body = bytes(c.pointee.body)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Testing__Payload> {
    let c = arena.allocate(Grpc__Testing__Payload.self)
    grpc__testing__payload__init(c)
    c.pointee.type = Grpc__Testing__PayloadType(UInt32(bitPattern: type.rawValue))
    c.pointee.body = arena.bytes(body)
    return c
  }
}

extension GRPCTesting.EchoStatus: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Testing__EchoStatus>? {
    grpc__testing__echo_status__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Testing__EchoStatus>) throws(ProtobufError) {
    self.init()
    code = c.pointee.code
    message = try utf8Text(c.pointee.message!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Testing__EchoStatus> {
    let c = arena.allocate(Grpc__Testing__EchoStatus.self)
    grpc__testing__echo_status__init(c)
    c.pointee.code = code
    c.pointee.message = arena.text(message)
    return c
  }
}

extension GRPCTesting.SimpleRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Testing__SimpleRequest>? {
    grpc__testing__simple_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Testing__SimpleRequest>) throws(ProtobufError) {
    self.init()
    responseType = GRPCTesting.PayloadType(c: c.pointee.response_type.rawValue)
    responseSize = c.pointee.response_size
    if let value = c.pointee.payload {
      payload = try GRPCTesting.Payload(c: value)
    }
    fillUsername = c.pointee.fill_username != 0
    fillOauthScope = c.pointee.fill_oauth_scope != 0
    if let value = c.pointee.response_compressed {
      responseCompressed = try GRPCTesting.BoolValue(c: value)
    }
    if let value = c.pointee.response_status {
      responseStatus = try GRPCTesting.EchoStatus(c: value)
    }
    if let value = c.pointee.expect_compressed {
      expectCompressed = try GRPCTesting.BoolValue(c: value)
    }
    fillServerID = c.pointee.fill_server_id != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Testing__SimpleRequest> {
    let c = arena.allocate(Grpc__Testing__SimpleRequest.self)
    grpc__testing__simple_request__init(c)
    c.pointee.response_type = Grpc__Testing__PayloadType(UInt32(bitPattern: responseType.rawValue))
    c.pointee.response_size = responseSize
    c.pointee.payload = payload?.makeC(arena)
    c.pointee.fill_username = fillUsername ? 1 : 0
    c.pointee.fill_oauth_scope = fillOauthScope ? 1 : 0
    c.pointee.response_compressed = responseCompressed?.makeC(arena)
    c.pointee.response_status = responseStatus?.makeC(arena)
    c.pointee.expect_compressed = expectCompressed?.makeC(arena)
    c.pointee.fill_server_id = fillServerID ? 1 : 0
    return c
  }
}

extension GRPCTesting.SimpleResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Testing__SimpleResponse>? {
    grpc__testing__simple_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Testing__SimpleResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.payload {
      payload = try GRPCTesting.Payload(c: value)
    }
    username = try utf8Text(c.pointee.username!)
    oauthScope = try utf8Text(c.pointee.oauth_scope!)
    serverID = try utf8Text(c.pointee.server_id!)
    hostname = try utf8Text(c.pointee.hostname!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Testing__SimpleResponse> {
    let c = arena.allocate(Grpc__Testing__SimpleResponse.self)
    grpc__testing__simple_response__init(c)
    c.pointee.payload = payload?.makeC(arena)
    c.pointee.username = arena.text(username)
    c.pointee.oauth_scope = arena.text(oauthScope)
    c.pointee.server_id = arena.text(serverID)
    c.pointee.hostname = arena.text(hostname)
    return c
  }
}

extension GRPCTesting.StreamingInputCallRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Testing__StreamingInputCallRequest>? {
    grpc__testing__streaming_input_call_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Testing__StreamingInputCallRequest>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.payload {
      payload = try GRPCTesting.Payload(c: value)
    }
    if let value = c.pointee.expect_compressed {
      expectCompressed = try GRPCTesting.BoolValue(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Testing__StreamingInputCallRequest> {
    let c = arena.allocate(Grpc__Testing__StreamingInputCallRequest.self)
    grpc__testing__streaming_input_call_request__init(c)
    c.pointee.payload = payload?.makeC(arena)
    c.pointee.expect_compressed = expectCompressed?.makeC(arena)
    return c
  }
}

extension GRPCTesting.StreamingInputCallResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Testing__StreamingInputCallResponse>? {
    grpc__testing__streaming_input_call_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Testing__StreamingInputCallResponse>) throws(ProtobufError) {
    self.init()
    aggregatedPayloadSize = c.pointee.aggregated_payload_size
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Testing__StreamingInputCallResponse> {
    let c = arena.allocate(Grpc__Testing__StreamingInputCallResponse.self)
    grpc__testing__streaming_input_call_response__init(c)
    c.pointee.aggregated_payload_size = aggregatedPayloadSize
    return c
  }
}

extension GRPCTesting.ResponseParameters: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Testing__ResponseParameters>? {
    grpc__testing__response_parameters__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Testing__ResponseParameters>) throws(ProtobufError) {
    self.init()
    size = c.pointee.size
    intervalUs = c.pointee.interval_us
    if let value = c.pointee.compressed {
      compressed = try GRPCTesting.BoolValue(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Testing__ResponseParameters> {
    let c = arena.allocate(Grpc__Testing__ResponseParameters.self)
    grpc__testing__response_parameters__init(c)
    c.pointee.size = size
    c.pointee.interval_us = intervalUs
    c.pointee.compressed = compressed?.makeC(arena)
    return c
  }
}

extension GRPCTesting.StreamingOutputCallRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Testing__StreamingOutputCallRequest>? {
    grpc__testing__streaming_output_call_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Testing__StreamingOutputCallRequest>) throws(ProtobufError) {
    self.init()
    responseType = GRPCTesting.PayloadType(c: c.pointee.response_type.rawValue)
    responseParameters.reserveCapacity(c.pointee.n_response_parameters)
    for i in 0..<c.pointee.n_response_parameters {
      responseParameters.append(try GRPCTesting.ResponseParameters(c: c.pointee.response_parameters[i]!))
    }
    if let value = c.pointee.payload {
      payload = try GRPCTesting.Payload(c: value)
    }
    if let value = c.pointee.response_status {
      responseStatus = try GRPCTesting.EchoStatus(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Testing__StreamingOutputCallRequest> {
    let c = arena.allocate(Grpc__Testing__StreamingOutputCallRequest.self)
    grpc__testing__streaming_output_call_request__init(c)
    c.pointee.response_type = Grpc__Testing__PayloadType(UInt32(bitPattern: responseType.rawValue))
    c.pointee.n_response_parameters = responseParameters.count
    c.pointee.response_parameters = arena.array(responseParameters) { $0.makeC(arena) }
    c.pointee.payload = payload?.makeC(arena)
    c.pointee.response_status = responseStatus?.makeC(arena)
    return c
  }
}

extension GRPCTesting.StreamingOutputCallResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Testing__StreamingOutputCallResponse>? {
    grpc__testing__streaming_output_call_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Testing__StreamingOutputCallResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.payload {
      payload = try GRPCTesting.Payload(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Testing__StreamingOutputCallResponse> {
    let c = arena.allocate(Grpc__Testing__StreamingOutputCallResponse.self)
    grpc__testing__streaming_output_call_response__init(c)
    c.pointee.payload = payload?.makeC(arena)
    return c
  }
}
