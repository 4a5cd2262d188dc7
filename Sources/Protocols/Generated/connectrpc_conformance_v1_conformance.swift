// Generated from Proto/connectrpc/conformance/v1/conformance.proto by scripts/protoc-gen-martlet. Not edited.

internal import CProtobufC
internal import CProtocols

extension ConnectConformanceV1 {
  /// `Compression` of the protocol.
  public struct Compression: ProtobufEnum {
    /// The number on the wire; unknown ones are kept.
    public var rawValue: Int32
    /// The value with that number.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// `COMPRESSION_UNSPECIFIED`.
    public static let unspecified = Compression(rawValue: 0)
    /// `COMPRESSION_IDENTITY`.
    public static let identity = Compression(rawValue: 1)
    /// `COMPRESSION_GZIP`.
    public static let gzip = Compression(rawValue: 2)
    /// `COMPRESSION_BR`.
    public static let br = Compression(rawValue: 3)
    /// `COMPRESSION_ZSTD`.
    public static let zstd = Compression(rawValue: 4)
    /// `COMPRESSION_DEFLATE`.
    public static let deflate = Compression(rawValue: 5)
    /// `COMPRESSION_SNAPPY`.
    public static let snappy = Compression(rawValue: 6)
  }
  /// `StreamType` of the protocol.
  public struct StreamType: ProtobufEnum {
    /// The number on the wire; unknown ones are kept.
    public var rawValue: Int32
    /// The value with that number.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// `STREAM_TYPE_UNSPECIFIED`.
    public static let unspecified = StreamType(rawValue: 0)
    /// `STREAM_TYPE_UNARY`.
    public static let unary = StreamType(rawValue: 1)
    /// `STREAM_TYPE_CLIENT_STREAM`.
    public static let clientStream = StreamType(rawValue: 2)
    /// `STREAM_TYPE_SERVER_STREAM`.
    public static let serverStream = StreamType(rawValue: 3)
    /// `STREAM_TYPE_HALF_DUPLEX_BIDI_STREAM`.
    public static let halfDuplexBidiStream = StreamType(rawValue: 4)
    /// `STREAM_TYPE_FULL_DUPLEX_BIDI_STREAM`.
    public static let fullDuplexBidiStream = StreamType(rawValue: 5)
  }
  /// `WireProtocol` of the protocol.
  public struct WireProtocol: ProtobufEnum {
    /// The number on the wire; unknown ones are kept.
    public var rawValue: Int32
    /// The value with that number.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// `PROTOCOL_UNSPECIFIED`.
    public static let unspecified = WireProtocol(rawValue: 0)
    /// `PROTOCOL_CONNECT`.
    public static let connect = WireProtocol(rawValue: 1)
    /// `PROTOCOL_GRPC`.
    public static let grpc = WireProtocol(rawValue: 2)
    /// `PROTOCOL_GRPC_WEB`.
    public static let grpcWeb = WireProtocol(rawValue: 3)
  }
  /// A message of a named type: google.protobuf.Any on the wire.
  public struct TypedMessage: ProtobufValue {
    /// `type_url`.
    public var typeUrl: String = ""
    /// `value`.
    public var value: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// google.protobuf.Empty on the wire.
  public struct Nothing: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// google.rpc.Status on the wire: the value of grpc-status-details-bin.
  public struct RichStatus: ProtobufValue {
    /// `code`.
    public var code: Int32 = 0
    /// `message`.
    public var message: String = ""
    /// `details`.
    public var details: [ConnectConformanceV1.TypedMessage] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// A field of a header or trailer block, with all its values.
  public struct Header: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// `value`.
    public var value: [String] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// A status to answer with, or the one received.
  public struct CallError: ProtobufValue {
    /// `code`.
    public var code: Int32 = 0
    /// One of the alternatives of `wording`.
    public enum Wording: Sendable, Hashable {
      /// `message`.
      case message(String)
    }
    /// The alternative that is set, if any.
    public var wording: Wording?
    /// `details`.
    public var details: [ConnectConformanceV1.TypedMessage] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// How a call with one response shall be answered.
  public struct UnaryResponseDefinition: ProtobufValue {
    /// `response_headers`.
    public var responseHeaders: [ConnectConformanceV1.Header] = []
    /// One of the alternatives of `response`.
    public enum Response: Sendable, Hashable {
      /// `response_data`.
      case responseData([UInt8])
      /// `error`.
      case error(ConnectConformanceV1.CallError)
    }
    /// The alternative that is set, if any.
    public var response: Response?
    /// `response_trailers`.
    public var responseTrailers: [ConnectConformanceV1.Header] = []
    /// Milliseconds to wait before the answer.
    public var responseDelayMs: UInt32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// How a call with a stream of responses shall be answered.
  public struct StreamResponseDefinition: ProtobufValue {
    /// `response_headers`.
    public var responseHeaders: [ConnectConformanceV1.Header] = []
    /// `response_data`.
    public var responseData: [[UInt8]] = []
    /// Milliseconds to wait before each response.
    public var responseDelayMs: UInt32 = 0
    /// After the responses.
    public var error: ConnectConformanceV1.CallError?
    /// `response_trailers`.
    public var responseTrailers: [ConnectConformanceV1.Header] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `UnaryRequest` of the protocol.
  public struct UnaryRequest: ProtobufValue {
    /// `response_definition`.
    public var responseDefinition: ConnectConformanceV1.UnaryResponseDefinition?
    /// `request_data`.
    public var requestData: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `UnaryResponse` of the protocol.
  public struct UnaryResponse: ProtobufValue {
    /// `payload`.
    public var payload: ConnectConformanceV1.ConformancePayload?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `IdempotentUnaryRequest` of the protocol.
  public struct IdempotentUnaryRequest: ProtobufValue {
    /// `response_definition`.
    public var responseDefinition: ConnectConformanceV1.UnaryResponseDefinition?
    /// `request_data`.
    public var requestData: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `IdempotentUnaryResponse` of the protocol.
  public struct IdempotentUnaryResponse: ProtobufValue {
    /// `payload`.
    public var payload: ConnectConformanceV1.ConformancePayload?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ServerStreamRequest` of the protocol.
  public struct ServerStreamRequest: ProtobufValue {
    /// `response_definition`.
    public var responseDefinition: ConnectConformanceV1.StreamResponseDefinition?
    /// `request_data`.
    public var requestData: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ServerStreamResponse` of the protocol.
  public struct ServerStreamResponse: ProtobufValue {
    /// `payload`.
    public var payload: ConnectConformanceV1.ConformancePayload?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ClientStreamRequest` of the protocol.
  public struct ClientStreamRequest: ProtobufValue {
    /// Counts in the first message of a stream.
    public var responseDefinition: ConnectConformanceV1.UnaryResponseDefinition?
    /// `request_data`.
    public var requestData: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ClientStreamResponse` of the protocol.
  public struct ClientStreamResponse: ProtobufValue {
    /// `payload`.
    public var payload: ConnectConformanceV1.ConformancePayload?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `BidiStreamRequest` of the protocol.
  public struct BidiStreamRequest: ProtobufValue {
    /// Counts in the first message of a stream, like `full_duplex`.
    public var responseDefinition: ConnectConformanceV1.StreamResponseDefinition?
    /// A response for each request, instead of all of them after the last.
    public var fullDuplex: Bool = false
    /// `request_data`.
    public var requestData: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `BidiStreamResponse` of the protocol.
  public struct BidiStreamResponse: ProtobufValue {
    /// `payload`.
    public var payload: ConnectConformanceV1.ConformancePayload?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `UnimplementedRequest` of the protocol.
  public struct UnimplementedRequest: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `UnimplementedResponse` of the protocol.
  public struct UnimplementedResponse: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// What the service has seen of a call.
  public struct RequestInfo: ProtobufValue {
    /// `request_headers`.
    public var requestHeaders: [ConnectConformanceV1.Header] = []
    /// One of the alternatives of `timeout`.
    public enum Timeout: Sendable, Hashable {
      /// `timeout_ms`.
      case timeoutMs(Int64)
    }
    /// The alternative that is set, if any.
    public var timeout: Timeout?
    /// The messages received since the last response.
    public var requests: [ConnectConformanceV1.TypedMessage] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// What the service has seen, and the data it was asked to send.
  public struct ConformancePayload: ProtobufValue {
    /// `data`.
    public var data: [UInt8] = []
    /// `request_info`.
    public var requestInfo: ConnectConformanceV1.RequestInfo?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// To a server under test, on standard input: which server it shall be.
  public struct ServerCompatRequest: ProtobufValue {
    /// `wire_protocol`.
    public var wireProtocol: ConnectConformanceV1.WireProtocol = ConnectConformanceV1.WireProtocol(rawValue: 0)
    /// `use_tls`.
    public var useTls: Bool = false
    /// PEM: clients must show a certificate that this one vouches for.
    public var clientTlsCert: [UInt8] = []
    /// Bytes of a message; 0: no limit.
    public var messageReceiveLimit: UInt32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// From a server under test, on standard output: where it is.
  public struct ServerCompatResponse: ProtobufValue {
    /// `host`.
    public var host: String = ""
    /// `port`.
    public var port: UInt32 = 0
    /// What clients shall trust.
    public var pemCert: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// To a client under test: one call to make.
  public struct ClientCompatRequest: ProtobufValue {
    /// `ClientCredentials` of the protocol.
    public struct ClientCredentials: ProtobufValue {
      /// `cert`.
      public var cert: [UInt8] = []
      /// `key`.
      public var key: [UInt8] = []
      /// A message whose fields have their default values.
      public init() {}
    }
    /// When to give the call up.
    public struct Cancel: ProtobufValue {
      /// One of the alternatives of `cancel_timing`.
      public enum CancelTiming: Sendable, Hashable {
        /// Instead of closing the stream of requests.
        case beforeCloseSend(ConnectConformanceV1.Nothing)
        /// `after_close_send_ms`.
        case afterCloseSendMs(UInt32)
        /// `after_num_responses`.
        case afterNumResponses(UInt32)
      }
      /// The alternative that is set, if any.
      public var cancelTiming: CancelTiming?
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `test_name`.
    public var testName: String = ""
    /// `wire_protocol`.
    public var wireProtocol: ConnectConformanceV1.WireProtocol = ConnectConformanceV1.WireProtocol(rawValue: 0)
    /// `compression`.
    public var compression: ConnectConformanceV1.Compression = ConnectConformanceV1.Compression(rawValue: 0)
    /// `host`.
    public var host: String = ""
    /// `port`.
    public var port: UInt32 = 0
    /// `server_tls_cert`.
    public var serverTlsCert: [UInt8] = []
    /// `client_tls_creds`.
    public var clientTlsCreds: ConnectConformanceV1.ClientCompatRequest.ClientCredentials?
    /// `message_receive_limit`.
    public var messageReceiveLimit: UInt32 = 0
    /// `service`.
    public var service: String = ""
    /// `method`.
    public var method: String = ""
    /// `stream_type`.
    public var streamType: ConnectConformanceV1.StreamType = ConnectConformanceV1.StreamType(rawValue: 0)
    /// `request_headers`.
    public var requestHeaders: [ConnectConformanceV1.Header] = []
    /// `request_messages`.
    public var requestMessages: [ConnectConformanceV1.TypedMessage] = []
    /// One of the alternatives of `timeout`.
    public enum Timeout: Sendable, Hashable {
      /// `timeout_ms`.
      case timeoutMs(UInt32)
    }
    /// The alternative that is set, if any.
    public var timeout: Timeout?
    /// Milliseconds to wait before each request.
    public var requestDelayMs: UInt32 = 0
    /// `cancel`.
    public var cancel: ConnectConformanceV1.ClientCompatRequest.Cancel?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// From a client under test: what became of the call.
  public struct ClientCompatResponse: ProtobufValue {
    /// `test_name`.
    public var testName: String = ""
    /// One of the alternatives of `result`.
    public enum Result: Sendable, Hashable {
      /// `response`.
      case response(ConnectConformanceV1.ClientResponseResult)
      /// `error`.
      case error(ConnectConformanceV1.ClientErrorResult)
    }
    /// The alternative that is set, if any.
    public var result: Result?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// What a call brought back.
  public struct ClientResponseResult: ProtobufValue {
    /// `response_headers`.
    public var responseHeaders: [ConnectConformanceV1.Header] = []
    /// `payloads`.
    public var payloads: [ConnectConformanceV1.ConformancePayload] = []
    /// `error`.
    public var error: ConnectConformanceV1.CallError?
    /// `response_trailers`.
    public var responseTrailers: [ConnectConformanceV1.Header] = []
    /// `num_unsent_requests`.
    public var numUnsentRequests: Int32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// Why a call could not be made.
  public struct ClientErrorResult: ProtobufValue {
    /// `message`.
    public var message: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
}

extension ConnectConformanceV1.TypedMessage: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__TypedMessage>? {
    connectrpc__conformance__v1__typed_message__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__TypedMessage>) throws(ProtobufError) {
    self.init()
    typeUrl = try utf8Text(c.pointee.type_url!)
    value = bytes(c.pointee.value)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__TypedMessage> {
    let c = arena.allocate(Connectrpc__Conformance__V1__TypedMessage.self)
    connectrpc__conformance__v1__typed_message__init(c)
    c.pointee.type_url = arena.text(typeUrl)
    c.pointee.value = arena.bytes(value)
    return c
  }
}

extension ConnectConformanceV1.Nothing: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__Nothing>? {
    connectrpc__conformance__v1__nothing__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__Nothing>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__Nothing> {
    let c = arena.allocate(Connectrpc__Conformance__V1__Nothing.self)
    connectrpc__conformance__v1__nothing__init(c)
    return c
  }
}

extension ConnectConformanceV1.RichStatus: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__RichStatus>? {
    connectrpc__conformance__v1__rich_status__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__RichStatus>) throws(ProtobufError) {
    self.init()
    code = c.pointee.code
    message = try utf8Text(c.pointee.message!)
    details.reserveCapacity(c.pointee.n_details)
    for i in 0..<c.pointee.n_details {
      details.append(try ConnectConformanceV1.TypedMessage(c: c.pointee.details[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__RichStatus> {
    let c = arena.allocate(Connectrpc__Conformance__V1__RichStatus.self)
    connectrpc__conformance__v1__rich_status__init(c)
    c.pointee.code = code
    c.pointee.message = arena.text(message)
    c.pointee.n_details = details.count
    c.pointee.details = arena.array(details) { $0.makeC(arena) }
    return c
  }
}

extension ConnectConformanceV1.Header: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__Header>? {
    connectrpc__conformance__v1__header__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__Header>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    value.reserveCapacity(c.pointee.n_value)
    for i in 0..<c.pointee.n_value {
      value.append(try utf8Text(c.pointee.value[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__Header> {
    let c = arena.allocate(Connectrpc__Conformance__V1__Header.self)
    connectrpc__conformance__v1__header__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.n_value = value.count
    c.pointee.value = arena.array(value) { arena.text($0) }
    return c
  }
}

extension ConnectConformanceV1.CallError: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__CallError>? {
    connectrpc__conformance__v1__call_error__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__CallError>) throws(ProtobufError) {
    self.init()
    code = c.pointee.code
    switch c.pointee.wording_case {
    case CONNECTRPC__CONFORMANCE__V1__CALL_ERROR__WORDING_MESSAGE:
      wording = .message(try utf8Text(c.pointee.message!))
    default: break
    }
    details.reserveCapacity(c.pointee.n_details)
    for i in 0..<c.pointee.n_details {
      details.append(try ConnectConformanceV1.TypedMessage(c: c.pointee.details[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__CallError> {
    let c = arena.allocate(Connectrpc__Conformance__V1__CallError.self)
    connectrpc__conformance__v1__call_error__init(c)
    c.pointee.code = code
    switch wording {
    case .message(let value):
      c.pointee.wording_case = CONNECTRPC__CONFORMANCE__V1__CALL_ERROR__WORDING_MESSAGE
      c.pointee.message = arena.text(value)
    case nil: break
    }
    c.pointee.n_details = details.count
    c.pointee.details = arena.array(details) { $0.makeC(arena) }
    return c
  }
}

extension ConnectConformanceV1.UnaryResponseDefinition: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__UnaryResponseDefinition>? {
    connectrpc__conformance__v1__unary_response_definition__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__UnaryResponseDefinition>) throws(ProtobufError) {
    self.init()
    responseHeaders.reserveCapacity(c.pointee.n_response_headers)
    for i in 0..<c.pointee.n_response_headers {
      responseHeaders.append(try ConnectConformanceV1.Header(c: c.pointee.response_headers[i]!))
    }
    switch c.pointee.response_case {
    case CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_RESPONSE_DATA:
      response = .responseData(bytes(c.pointee.response_data))
    case CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_ERROR:
      response = .error(try ConnectConformanceV1.CallError(c: c.pointee.error!))
    default: break
    }
    responseTrailers.reserveCapacity(c.pointee.n_response_trailers)
    for i in 0..<c.pointee.n_response_trailers {
      responseTrailers.append(try ConnectConformanceV1.Header(c: c.pointee.response_trailers[i]!))
    }
    responseDelayMs = c.pointee.response_delay_ms
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__UnaryResponseDefinition> {
    let c = arena.allocate(Connectrpc__Conformance__V1__UnaryResponseDefinition.self)
    connectrpc__conformance__v1__unary_response_definition__init(c)
    c.pointee.n_response_headers = responseHeaders.count
    c.pointee.response_headers = arena.array(responseHeaders) { $0.makeC(arena) }
    switch response {
    case .responseData(let value):
      c.pointee.response_case = CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_RESPONSE_DATA
      c.pointee.response_data = arena.bytes(value)
    case .error(let value):
      c.pointee.response_case = CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_ERROR
      c.pointee.error = value.makeC(arena)
    case nil: break
    }
    c.pointee.n_response_trailers = responseTrailers.count
    c.pointee.response_trailers = arena.array(responseTrailers) { $0.makeC(arena) }
    c.pointee.response_delay_ms = responseDelayMs
    return c
  }
}

extension ConnectConformanceV1.StreamResponseDefinition: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__StreamResponseDefinition>? {
    connectrpc__conformance__v1__stream_response_definition__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__StreamResponseDefinition>) throws(ProtobufError) {
    self.init()
    responseHeaders.reserveCapacity(c.pointee.n_response_headers)
    for i in 0..<c.pointee.n_response_headers {
      responseHeaders.append(try ConnectConformanceV1.Header(c: c.pointee.response_headers[i]!))
    }
    responseData.reserveCapacity(c.pointee.n_response_data)
    for i in 0..<c.pointee.n_response_data {
      responseData.append(bytes(c.pointee.response_data[i]))
    }
    responseDelayMs = c.pointee.response_delay_ms
    if let value = c.pointee.error {
      error = try ConnectConformanceV1.CallError(c: value)
    }
    responseTrailers.reserveCapacity(c.pointee.n_response_trailers)
    for i in 0..<c.pointee.n_response_trailers {
      responseTrailers.append(try ConnectConformanceV1.Header(c: c.pointee.response_trailers[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__StreamResponseDefinition> {
    let c = arena.allocate(Connectrpc__Conformance__V1__StreamResponseDefinition.self)
    connectrpc__conformance__v1__stream_response_definition__init(c)
    c.pointee.n_response_headers = responseHeaders.count
    c.pointee.response_headers = arena.array(responseHeaders) { $0.makeC(arena) }
    c.pointee.n_response_data = responseData.count
    c.pointee.response_data = arena.array(responseData) { arena.bytes($0) }
    c.pointee.response_delay_ms = responseDelayMs
    c.pointee.error = error?.makeC(arena)
    c.pointee.n_response_trailers = responseTrailers.count
    c.pointee.response_trailers = arena.array(responseTrailers) { $0.makeC(arena) }
    return c
  }
}

extension ConnectConformanceV1.UnaryRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__UnaryRequest>? {
    connectrpc__conformance__v1__unary_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__UnaryRequest>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.response_definition {
      responseDefinition = try ConnectConformanceV1.UnaryResponseDefinition(c: value)
    }
    requestData = bytes(c.pointee.request_data)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__UnaryRequest> {
    let c = arena.allocate(Connectrpc__Conformance__V1__UnaryRequest.self)
    connectrpc__conformance__v1__unary_request__init(c)
    c.pointee.response_definition = responseDefinition?.makeC(arena)
    c.pointee.request_data = arena.bytes(requestData)
    return c
  }
}

extension ConnectConformanceV1.UnaryResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__UnaryResponse>? {
    connectrpc__conformance__v1__unary_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__UnaryResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.payload {
      payload = try ConnectConformanceV1.ConformancePayload(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__UnaryResponse> {
    let c = arena.allocate(Connectrpc__Conformance__V1__UnaryResponse.self)
    connectrpc__conformance__v1__unary_response__init(c)
    c.pointee.payload = payload?.makeC(arena)
    return c
  }
}

extension ConnectConformanceV1.IdempotentUnaryRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__IdempotentUnaryRequest>? {
    connectrpc__conformance__v1__idempotent_unary_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__IdempotentUnaryRequest>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.response_definition {
      responseDefinition = try ConnectConformanceV1.UnaryResponseDefinition(c: value)
    }
    requestData = bytes(c.pointee.request_data)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__IdempotentUnaryRequest> {
    let c = arena.allocate(Connectrpc__Conformance__V1__IdempotentUnaryRequest.self)
    connectrpc__conformance__v1__idempotent_unary_request__init(c)
    c.pointee.response_definition = responseDefinition?.makeC(arena)
    c.pointee.request_data = arena.bytes(requestData)
    return c
  }
}

extension ConnectConformanceV1.IdempotentUnaryResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__IdempotentUnaryResponse>? {
    connectrpc__conformance__v1__idempotent_unary_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__IdempotentUnaryResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.payload {
      payload = try ConnectConformanceV1.ConformancePayload(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__IdempotentUnaryResponse> {
    let c = arena.allocate(Connectrpc__Conformance__V1__IdempotentUnaryResponse.self)
    connectrpc__conformance__v1__idempotent_unary_response__init(c)
    c.pointee.payload = payload?.makeC(arena)
    return c
  }
}

extension ConnectConformanceV1.ServerStreamRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ServerStreamRequest>? {
    connectrpc__conformance__v1__server_stream_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__ServerStreamRequest>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.response_definition {
      responseDefinition = try ConnectConformanceV1.StreamResponseDefinition(c: value)
    }
    requestData = bytes(c.pointee.request_data)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ServerStreamRequest> {
    let c = arena.allocate(Connectrpc__Conformance__V1__ServerStreamRequest.self)
    connectrpc__conformance__v1__server_stream_request__init(c)
    c.pointee.response_definition = responseDefinition?.makeC(arena)
    c.pointee.request_data = arena.bytes(requestData)
    return c
  }
}

extension ConnectConformanceV1.ServerStreamResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ServerStreamResponse>? {
    connectrpc__conformance__v1__server_stream_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__ServerStreamResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.payload {
      payload = try ConnectConformanceV1.ConformancePayload(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ServerStreamResponse> {
    let c = arena.allocate(Connectrpc__Conformance__V1__ServerStreamResponse.self)
    connectrpc__conformance__v1__server_stream_response__init(c)
    c.pointee.payload = payload?.makeC(arena)
    return c
  }
}

extension ConnectConformanceV1.ClientStreamRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientStreamRequest>? {
    connectrpc__conformance__v1__client_stream_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientStreamRequest>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.response_definition {
      responseDefinition = try ConnectConformanceV1.UnaryResponseDefinition(c: value)
    }
    requestData = bytes(c.pointee.request_data)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientStreamRequest> {
    let c = arena.allocate(Connectrpc__Conformance__V1__ClientStreamRequest.self)
    connectrpc__conformance__v1__client_stream_request__init(c)
    c.pointee.response_definition = responseDefinition?.makeC(arena)
    c.pointee.request_data = arena.bytes(requestData)
    return c
  }
}

extension ConnectConformanceV1.ClientStreamResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientStreamResponse>? {
    connectrpc__conformance__v1__client_stream_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientStreamResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.payload {
      payload = try ConnectConformanceV1.ConformancePayload(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientStreamResponse> {
    let c = arena.allocate(Connectrpc__Conformance__V1__ClientStreamResponse.self)
    connectrpc__conformance__v1__client_stream_response__init(c)
    c.pointee.payload = payload?.makeC(arena)
    return c
  }
}

extension ConnectConformanceV1.BidiStreamRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__BidiStreamRequest>? {
    connectrpc__conformance__v1__bidi_stream_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__BidiStreamRequest>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.response_definition {
      responseDefinition = try ConnectConformanceV1.StreamResponseDefinition(c: value)
    }
    fullDuplex = c.pointee.full_duplex != 0
    requestData = bytes(c.pointee.request_data)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__BidiStreamRequest> {
    let c = arena.allocate(Connectrpc__Conformance__V1__BidiStreamRequest.self)
    connectrpc__conformance__v1__bidi_stream_request__init(c)
    c.pointee.response_definition = responseDefinition?.makeC(arena)
    c.pointee.full_duplex = fullDuplex ? 1 : 0
    c.pointee.request_data = arena.bytes(requestData)
    return c
  }
}

extension ConnectConformanceV1.BidiStreamResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__BidiStreamResponse>? {
    connectrpc__conformance__v1__bidi_stream_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__BidiStreamResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.payload {
      payload = try ConnectConformanceV1.ConformancePayload(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__BidiStreamResponse> {
    let c = arena.allocate(Connectrpc__Conformance__V1__BidiStreamResponse.self)
    connectrpc__conformance__v1__bidi_stream_response__init(c)
    c.pointee.payload = payload?.makeC(arena)
    return c
  }
}

extension ConnectConformanceV1.UnimplementedRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__UnimplementedRequest>? {
    connectrpc__conformance__v1__unimplemented_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__UnimplementedRequest>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__UnimplementedRequest> {
    let c = arena.allocate(Connectrpc__Conformance__V1__UnimplementedRequest.self)
    connectrpc__conformance__v1__unimplemented_request__init(c)
    return c
  }
}

extension ConnectConformanceV1.UnimplementedResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__UnimplementedResponse>? {
    connectrpc__conformance__v1__unimplemented_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__UnimplementedResponse>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__UnimplementedResponse> {
    let c = arena.allocate(Connectrpc__Conformance__V1__UnimplementedResponse.self)
    connectrpc__conformance__v1__unimplemented_response__init(c)
    return c
  }
}

extension ConnectConformanceV1.RequestInfo: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__RequestInfo>? {
    connectrpc__conformance__v1__request_info__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__RequestInfo>) throws(ProtobufError) {
    self.init()
    requestHeaders.reserveCapacity(c.pointee.n_request_headers)
    for i in 0..<c.pointee.n_request_headers {
      requestHeaders.append(try ConnectConformanceV1.Header(c: c.pointee.request_headers[i]!))
    }
    switch c.pointee.timeout_case {
    case CONNECTRPC__CONFORMANCE__V1__REQUEST_INFO__TIMEOUT_TIMEOUT_MS:
      timeout = .timeoutMs(c.pointee.timeout_ms)
    default: break
    }
    requests.reserveCapacity(c.pointee.n_requests)
    for i in 0..<c.pointee.n_requests {
      requests.append(try ConnectConformanceV1.TypedMessage(c: c.pointee.requests[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__RequestInfo> {
    let c = arena.allocate(Connectrpc__Conformance__V1__RequestInfo.self)
    connectrpc__conformance__v1__request_info__init(c)
    c.pointee.n_request_headers = requestHeaders.count
    c.pointee.request_headers = arena.array(requestHeaders) { $0.makeC(arena) }
    switch timeout {
    case .timeoutMs(let value):
      c.pointee.timeout_case = CONNECTRPC__CONFORMANCE__V1__REQUEST_INFO__TIMEOUT_TIMEOUT_MS
      c.pointee.timeout_ms = value
    case nil: break
    }
    c.pointee.n_requests = requests.count
    c.pointee.requests = arena.array(requests) { $0.makeC(arena) }
    return c
  }
}

extension ConnectConformanceV1.ConformancePayload: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ConformancePayload>? {
    connectrpc__conformance__v1__conformance_payload__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__ConformancePayload>) throws(ProtobufError) {
    self.init()
    data = bytes(c.pointee.data)
    if let value = c.pointee.request_info {
      requestInfo = try ConnectConformanceV1.RequestInfo(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ConformancePayload> {
    let c = arena.allocate(Connectrpc__Conformance__V1__ConformancePayload.self)
    connectrpc__conformance__v1__conformance_payload__init(c)
    c.pointee.data = arena.bytes(data)
    c.pointee.request_info = requestInfo?.makeC(arena)
    return c
  }
}

extension ConnectConformanceV1.ServerCompatRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ServerCompatRequest>? {
    connectrpc__conformance__v1__server_compat_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__ServerCompatRequest>) throws(ProtobufError) {
    self.init()
    wireProtocol = ConnectConformanceV1.WireProtocol(c: c.pointee.wire_protocol.rawValue)
    useTls = c.pointee.use_tls != 0
    clientTlsCert = bytes(c.pointee.client_tls_cert)
    messageReceiveLimit = c.pointee.message_receive_limit
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ServerCompatRequest> {
    let c = arena.allocate(Connectrpc__Conformance__V1__ServerCompatRequest.self)
    connectrpc__conformance__v1__server_compat_request__init(c)
    c.pointee.wire_protocol = Connectrpc__Conformance__V1__WireProtocol(UInt32(bitPattern: wireProtocol.rawValue))
    c.pointee.use_tls = useTls ? 1 : 0
    c.pointee.client_tls_cert = arena.bytes(clientTlsCert)
    c.pointee.message_receive_limit = messageReceiveLimit
    return c
  }
}

extension ConnectConformanceV1.ServerCompatResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ServerCompatResponse>? {
    connectrpc__conformance__v1__server_compat_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__ServerCompatResponse>) throws(ProtobufError) {
    self.init()
    host = try utf8Text(c.pointee.host!)
    port = c.pointee.port
    pemCert = bytes(c.pointee.pem_cert)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ServerCompatResponse> {
    let c = arena.allocate(Connectrpc__Conformance__V1__ServerCompatResponse.self)
    connectrpc__conformance__v1__server_compat_response__init(c)
    c.pointee.host = arena.text(host)
    c.pointee.port = port
    c.pointee.pem_cert = arena.bytes(pemCert)
    return c
  }
}

extension ConnectConformanceV1.ClientCompatRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientCompatRequest>? {
    connectrpc__conformance__v1__client_compat_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientCompatRequest>) throws(ProtobufError) {
    self.init()
    testName = try utf8Text(c.pointee.test_name!)
    wireProtocol = ConnectConformanceV1.WireProtocol(c: c.pointee.wire_protocol.rawValue)
    compression = ConnectConformanceV1.Compression(c: c.pointee.compression.rawValue)
    host = try utf8Text(c.pointee.host!)
    port = c.pointee.port
    serverTlsCert = bytes(c.pointee.server_tls_cert)
    if let value = c.pointee.client_tls_creds {
      clientTlsCreds = try ConnectConformanceV1.ClientCompatRequest.ClientCredentials(c: value)
    }
    messageReceiveLimit = c.pointee.message_receive_limit
    service = try utf8Text(c.pointee.service!)
    method = try utf8Text(c.pointee.method!)
    streamType = ConnectConformanceV1.StreamType(c: c.pointee.stream_type.rawValue)
    requestHeaders.reserveCapacity(c.pointee.n_request_headers)
    for i in 0..<c.pointee.n_request_headers {
      requestHeaders.append(try ConnectConformanceV1.Header(c: c.pointee.request_headers[i]!))
    }
    requestMessages.reserveCapacity(c.pointee.n_request_messages)
    for i in 0..<c.pointee.n_request_messages {
      requestMessages.append(try ConnectConformanceV1.TypedMessage(c: c.pointee.request_messages[i]!))
    }
    switch c.pointee.timeout_case {
    case CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_REQUEST__TIMEOUT_TIMEOUT_MS:
      timeout = .timeoutMs(c.pointee.timeout_ms)
    default: break
    }
    requestDelayMs = c.pointee.request_delay_ms
    if let value = c.pointee.cancel {
      cancel = try ConnectConformanceV1.ClientCompatRequest.Cancel(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientCompatRequest> {
    let c = arena.allocate(Connectrpc__Conformance__V1__ClientCompatRequest.self)
    connectrpc__conformance__v1__client_compat_request__init(c)
    c.pointee.test_name = arena.text(testName)
    c.pointee.wire_protocol = Connectrpc__Conformance__V1__WireProtocol(UInt32(bitPattern: wireProtocol.rawValue))
    c.pointee.compression = Connectrpc__Conformance__V1__Compression(UInt32(bitPattern: compression.rawValue))
    c.pointee.host = arena.text(host)
    c.pointee.port = port
    c.pointee.server_tls_cert = arena.bytes(serverTlsCert)
    c.pointee.client_tls_creds = clientTlsCreds?.makeC(arena)
    c.pointee.message_receive_limit = messageReceiveLimit
    c.pointee.service = arena.text(service)
    c.pointee.method = arena.text(method)
    c.pointee.stream_type = Connectrpc__Conformance__V1__StreamType(UInt32(bitPattern: streamType.rawValue))
    c.pointee.n_request_headers = requestHeaders.count
    c.pointee.request_headers = arena.array(requestHeaders) { $0.makeC(arena) }
    c.pointee.n_request_messages = requestMessages.count
    c.pointee.request_messages = arena.array(requestMessages) { $0.makeC(arena) }
    switch timeout {
    case .timeoutMs(let value):
      c.pointee.timeout_case = CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_REQUEST__TIMEOUT_TIMEOUT_MS
      c.pointee.timeout_ms = value
    case nil: break
    }
    c.pointee.request_delay_ms = requestDelayMs
    c.pointee.cancel = cancel?.makeC(arena)
    return c
  }
}

extension ConnectConformanceV1.ClientCompatRequest.ClientCredentials: CValue {
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientCompatRequest__ClientCredentials>) throws(ProtobufError) {
    self.init()
    cert = bytes(c.pointee.cert)
    key = bytes(c.pointee.key)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientCompatRequest__ClientCredentials> {
    let c = arena.allocate(Connectrpc__Conformance__V1__ClientCompatRequest__ClientCredentials.self)
    connectrpc__conformance__v1__client_compat_request__client_credentials__init(c)
    c.pointee.cert = arena.bytes(cert)
    c.pointee.key = arena.bytes(key)
    return c
  }
}

extension ConnectConformanceV1.ClientCompatRequest.Cancel: CValue {
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientCompatRequest__Cancel>) throws(ProtobufError) {
    self.init()
    switch c.pointee.cancel_timing_case {
    case CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_REQUEST__CANCEL__CANCEL_TIMING_BEFORE_CLOSE_SEND:
      cancelTiming = .beforeCloseSend(try ConnectConformanceV1.Nothing(c: c.pointee.before_close_send!))
    case CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_REQUEST__CANCEL__CANCEL_TIMING_AFTER_CLOSE_SEND_MS:
      cancelTiming = .afterCloseSendMs(c.pointee.after_close_send_ms)
    case CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_REQUEST__CANCEL__CANCEL_TIMING_AFTER_NUM_RESPONSES:
      cancelTiming = .afterNumResponses(c.pointee.after_num_responses)
    default: break
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientCompatRequest__Cancel> {
    let c = arena.allocate(Connectrpc__Conformance__V1__ClientCompatRequest__Cancel.self)
    connectrpc__conformance__v1__client_compat_request__cancel__init(c)
    switch cancelTiming {
    case .beforeCloseSend(let value):
      c.pointee.cancel_timing_case = CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_REQUEST__CANCEL__CANCEL_TIMING_BEFORE_CLOSE_SEND
      c.pointee.before_close_send = value.makeC(arena)
    case .afterCloseSendMs(let value):
      c.pointee.cancel_timing_case = CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_REQUEST__CANCEL__CANCEL_TIMING_AFTER_CLOSE_SEND_MS
      c.pointee.after_close_send_ms = value
    case .afterNumResponses(let value):
      c.pointee.cancel_timing_case = CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_REQUEST__CANCEL__CANCEL_TIMING_AFTER_NUM_RESPONSES
      c.pointee.after_num_responses = value
    case nil: break
    }
    return c
  }
}

extension ConnectConformanceV1.ClientCompatResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientCompatResponse>? {
    connectrpc__conformance__v1__client_compat_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientCompatResponse>) throws(ProtobufError) {
    self.init()
    testName = try utf8Text(c.pointee.test_name!)
    switch c.pointee.result_case {
    case CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_RESPONSE__RESULT_RESPONSE:
      result = .response(try ConnectConformanceV1.ClientResponseResult(c: c.pointee.response!))
    case CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_RESPONSE__RESULT_ERROR:
      result = .error(try ConnectConformanceV1.ClientErrorResult(c: c.pointee.error!))
    default: break
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientCompatResponse> {
    let c = arena.allocate(Connectrpc__Conformance__V1__ClientCompatResponse.self)
    connectrpc__conformance__v1__client_compat_response__init(c)
    c.pointee.test_name = arena.text(testName)
    switch result {
    case .response(let value):
      c.pointee.result_case = CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_RESPONSE__RESULT_RESPONSE
      c.pointee.response = value.makeC(arena)
    case .error(let value):
      c.pointee.result_case = CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_RESPONSE__RESULT_ERROR
      c.pointee.error = value.makeC(arena)
    case nil: break
    }
    return c
  }
}

extension ConnectConformanceV1.ClientResponseResult: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientResponseResult>? {
    connectrpc__conformance__v1__client_response_result__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientResponseResult>) throws(ProtobufError) {
    self.init()
    responseHeaders.reserveCapacity(c.pointee.n_response_headers)
    for i in 0..<c.pointee.n_response_headers {
      responseHeaders.append(try ConnectConformanceV1.Header(c: c.pointee.response_headers[i]!))
    }
    payloads.reserveCapacity(c.pointee.n_payloads)
    for i in 0..<c.pointee.n_payloads {
      payloads.append(try ConnectConformanceV1.ConformancePayload(c: c.pointee.payloads[i]!))
    }
    if let value = c.pointee.error {
      error = try ConnectConformanceV1.CallError(c: value)
    }
    responseTrailers.reserveCapacity(c.pointee.n_response_trailers)
    for i in 0..<c.pointee.n_response_trailers {
      responseTrailers.append(try ConnectConformanceV1.Header(c: c.pointee.response_trailers[i]!))
    }
    numUnsentRequests = c.pointee.num_unsent_requests
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientResponseResult> {
    let c = arena.allocate(Connectrpc__Conformance__V1__ClientResponseResult.self)
    connectrpc__conformance__v1__client_response_result__init(c)
    c.pointee.n_response_headers = responseHeaders.count
    c.pointee.response_headers = arena.array(responseHeaders) { $0.makeC(arena) }
    c.pointee.n_payloads = payloads.count
    c.pointee.payloads = arena.array(payloads) { $0.makeC(arena) }
    c.pointee.error = error?.makeC(arena)
    c.pointee.n_response_trailers = responseTrailers.count
    c.pointee.response_trailers = arena.array(responseTrailers) { $0.makeC(arena) }
    c.pointee.num_unsent_requests = numUnsentRequests
    return c
  }
}

extension ConnectConformanceV1.ClientErrorResult: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientErrorResult>? {
    connectrpc__conformance__v1__client_error_result__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientErrorResult>) throws(ProtobufError) {
    self.init()
    message = try utf8Text(c.pointee.message!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Connectrpc__Conformance__V1__ClientErrorResult> {
    let c = arena.allocate(Connectrpc__Conformance__V1__ClientErrorResult.self)
    connectrpc__conformance__v1__client_error_result__init(c)
    c.pointee.message = arena.text(message)
    return c
  }
}
