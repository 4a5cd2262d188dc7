// Generated from Proto/grpc/reflection/v1alpha/reflection.proto by scripts/protoc-gen-martlet. Not edited.

internal import CProtobufC
internal import CProtocols

extension GRPCReflectionV1Alpha {
  /// `ServerReflectionRequest` of the protocol.
  public struct ServerReflectionRequest: ProtobufValue {
    /// `host`.
    public var host: String = ""
    /// One of the alternatives of `message_request`.
    public enum MessageRequest: Sendable, Hashable {
      /// `file_by_filename`.
      case fileByFilename(String)
      /// A service, method, message or enum, by its full name.
      case fileContainingSymbol(String)
      /// `file_containing_extension`.
      case fileContainingExtension(GRPCReflectionV1Alpha.ExtensionRequest)
      /// `all_extension_numbers_of_type`.
      case allExtensionNumbersOfType(String)
      /// The value is ignored; the protocol defines this question as a string.
      case listServices(String)
    }
    /// The alternative that is set, if any.
    public var messageRequest: MessageRequest?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ExtensionRequest` of the protocol.
  public struct ExtensionRequest: ProtobufValue {
    /// `containing_type`.
    public var containingType: String = ""
    /// `extension_number`.
    public var extensionNumber: Int32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ServerReflectionResponse` of the protocol.
  public struct ServerReflectionResponse: ProtobufValue {
    /// `valid_host`.
    public var validHost: String = ""
    /// `original_request`.
    public var originalRequest: GRPCReflectionV1Alpha.ServerReflectionRequest?
    /// One of the alternatives of `message_response`.
    public enum MessageResponse: Sendable, Hashable {
      /// `file_descriptor_response`.
      case fileDescriptorResponse(GRPCReflectionV1Alpha.FileDescriptorResponse)
      /// `all_extension_numbers_response`.
      case allExtensionNumbersResponse(GRPCReflectionV1Alpha.ExtensionNumberResponse)
      /// `list_services_response`.
      case listServicesResponse(GRPCReflectionV1Alpha.ListServiceResponse)
      /// `error_response`.
      case errorResponse(GRPCReflectionV1Alpha.ErrorResponse)
    }
    /// The alternative that is set, if any.
    public var messageResponse: MessageResponse?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// Serialised google.protobuf.FileDescriptorProto: the file asked for and what it imports.
  public struct FileDescriptorResponse: ProtobufValue {
    /// `file_descriptor_proto`.
    public var fileDescriptorProto: [[UInt8]] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ExtensionNumberResponse` of the protocol.
  public struct ExtensionNumberResponse: ProtobufValue {
    /// `base_type_name`.
    public var baseTypeName: String = ""
    /// `extension_number`.
    public var extensionNumber: [Int32] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ListServiceResponse` of the protocol.
  public struct ListServiceResponse: ProtobufValue {
    /// `service`.
    public var service: [GRPCReflectionV1Alpha.ServiceResponse] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ServiceResponse` of the protocol.
  public struct ServiceResponse: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ErrorResponse` of the protocol.
  public struct ErrorResponse: ProtobufValue {
    /// A google.rpc.Code, e.g. 5 for NOT_FOUND.
    public var errorCode: Int32 = 0
    /// `error_message`.
    public var errorMessage: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
}

extension GRPCReflectionV1Alpha.ServerReflectionRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__ServerReflectionRequest>? {
    grpc__reflection__v1alpha__server_reflection_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ServerReflectionRequest>) throws(ProtobufError) {
    self.init()
    host = try utf8Text(c.pointee.host!)
    switch c.pointee.message_request_case {
    case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
      messageRequest = .fileByFilename(try utf8Text(c.pointee.file_by_filename!))
    case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
      messageRequest = .fileContainingSymbol(try utf8Text(c.pointee.file_containing_symbol!))
    case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION:
      messageRequest = .fileContainingExtension(try GRPCReflectionV1Alpha.ExtensionRequest(c: c.pointee.file_containing_extension!))
    case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
      messageRequest = .allExtensionNumbersOfType(try utf8Text(c.pointee.all_extension_numbers_of_type!))
    case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
      messageRequest = .listServices(try utf8Text(c.pointee.list_services!))
    default: break
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__ServerReflectionRequest> {
    let c = arena.allocate(Grpc__Reflection__V1alpha__ServerReflectionRequest.self)
    grpc__reflection__v1alpha__server_reflection_request__init(c)
    c.pointee.host = arena.text(host)
    switch messageRequest {
    case .fileByFilename(let value):
      c.pointee.message_request_case = GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME
      c.pointee.file_by_filename = arena.text(value)
    case .fileContainingSymbol(let value):
      c.pointee.message_request_case = GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL
      c.pointee.file_containing_symbol = arena.text(value)
    case .fileContainingExtension(let value):
      c.pointee.message_request_case = GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION
      c.pointee.file_containing_extension = value.makeC(arena)
    case .allExtensionNumbersOfType(let value):
      c.pointee.message_request_case = GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE
      c.pointee.all_extension_numbers_of_type = arena.text(value)
    case .listServices(let value):
      c.pointee.message_request_case = GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES
      c.pointee.list_services = arena.text(value)
    case nil: break
    }
    return c
  }
}

extension GRPCReflectionV1Alpha.ExtensionRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__ExtensionRequest>? {
    grpc__reflection__v1alpha__extension_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ExtensionRequest>) throws(ProtobufError) {
    self.init()
    containingType = try utf8Text(c.pointee.containing_type!)
    extensionNumber = c.pointee.extension_number
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__ExtensionRequest> {
    let c = arena.allocate(Grpc__Reflection__V1alpha__ExtensionRequest.self)
    grpc__reflection__v1alpha__extension_request__init(c)
    c.pointee.containing_type = arena.text(containingType)
    c.pointee.extension_number = extensionNumber
    return c
  }
}

extension GRPCReflectionV1Alpha.ServerReflectionResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__ServerReflectionResponse>? {
    grpc__reflection__v1alpha__server_reflection_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ServerReflectionResponse>) throws(ProtobufError) {
    self.init()
    validHost = try utf8Text(c.pointee.valid_host!)
    if let value = c.pointee.original_request {
      originalRequest = try GRPCReflectionV1Alpha.ServerReflectionRequest(c: value)
    }
    switch c.pointee.message_response_case {
    case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE:
      messageResponse = .fileDescriptorResponse(try GRPCReflectionV1Alpha.FileDescriptorResponse(c: c.pointee.file_descriptor_response!))
    case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE:
      messageResponse = .allExtensionNumbersResponse(try GRPCReflectionV1Alpha.ExtensionNumberResponse(c: c.pointee.all_extension_numbers_response!))
    case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE:
      messageResponse = .listServicesResponse(try GRPCReflectionV1Alpha.ListServiceResponse(c: c.pointee.list_services_response!))
    case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE:
      messageResponse = .errorResponse(try GRPCReflectionV1Alpha.ErrorResponse(c: c.pointee.error_response!))
    default: break
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__ServerReflectionResponse> {
    let c = arena.allocate(Grpc__Reflection__V1alpha__ServerReflectionResponse.self)
    grpc__reflection__v1alpha__server_reflection_response__init(c)
    c.pointee.valid_host = arena.text(validHost)
    c.pointee.original_request = originalRequest?.makeC(arena)
    switch messageResponse {
    case .fileDescriptorResponse(let value):
      c.pointee.message_response_case = GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE
      c.pointee.file_descriptor_response = value.makeC(arena)
    case .allExtensionNumbersResponse(let value):
      c.pointee.message_response_case = GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE
      c.pointee.all_extension_numbers_response = value.makeC(arena)
    case .listServicesResponse(let value):
      c.pointee.message_response_case = GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE
      c.pointee.list_services_response = value.makeC(arena)
    case .errorResponse(let value):
      c.pointee.message_response_case = GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE
      c.pointee.error_response = value.makeC(arena)
    case nil: break
    }
    return c
  }
}

extension GRPCReflectionV1Alpha.FileDescriptorResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__FileDescriptorResponse>? {
    grpc__reflection__v1alpha__file_descriptor_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__FileDescriptorResponse>) throws(ProtobufError) {
    self.init()
    fileDescriptorProto.reserveCapacity(c.pointee.n_file_descriptor_proto)
    for i in 0..<c.pointee.n_file_descriptor_proto {
      fileDescriptorProto.append(bytes(c.pointee.file_descriptor_proto[i]))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__FileDescriptorResponse> {
    let c = arena.allocate(Grpc__Reflection__V1alpha__FileDescriptorResponse.self)
    grpc__reflection__v1alpha__file_descriptor_response__init(c)
    c.pointee.n_file_descriptor_proto = fileDescriptorProto.count
    c.pointee.file_descriptor_proto = arena.array(fileDescriptorProto) { arena.bytes($0) }
    return c
  }
}

extension GRPCReflectionV1Alpha.ExtensionNumberResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__ExtensionNumberResponse>? {
    grpc__reflection__v1alpha__extension_number_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ExtensionNumberResponse>) throws(ProtobufError) {
    self.init()
    baseTypeName = try utf8Text(c.pointee.base_type_name!)
    extensionNumber.reserveCapacity(c.pointee.n_extension_number)
    for i in 0..<c.pointee.n_extension_number {
      extensionNumber.append(c.pointee.extension_number[i])
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__ExtensionNumberResponse> {
    let c = arena.allocate(Grpc__Reflection__V1alpha__ExtensionNumberResponse.self)
    grpc__reflection__v1alpha__extension_number_response__init(c)
    c.pointee.base_type_name = arena.text(baseTypeName)
    c.pointee.n_extension_number = extensionNumber.count
    c.pointee.extension_number = arena.array(extensionNumber) { $0 }
    return c
  }
}

extension GRPCReflectionV1Alpha.ListServiceResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__ListServiceResponse>? {
    grpc__reflection__v1alpha__list_service_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ListServiceResponse>) throws(ProtobufError) {
    self.init()
    service.reserveCapacity(c.pointee.n_service)
    for i in 0..<c.pointee.n_service {
      service.append(try GRPCReflectionV1Alpha.ServiceResponse(c: c.pointee.service[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__ListServiceResponse> {
    let c = arena.allocate(Grpc__Reflection__V1alpha__ListServiceResponse.self)
    grpc__reflection__v1alpha__list_service_response__init(c)
    c.pointee.n_service = service.count
    c.pointee.service = arena.array(service) { $0.makeC(arena) }
    return c
  }
}

extension GRPCReflectionV1Alpha.ServiceResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__ServiceResponse>? {
    grpc__reflection__v1alpha__service_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ServiceResponse>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__ServiceResponse> {
    let c = arena.allocate(Grpc__Reflection__V1alpha__ServiceResponse.self)
    grpc__reflection__v1alpha__service_response__init(c)
    c.pointee.name = arena.text(name)
    return c
  }
}

extension GRPCReflectionV1Alpha.ErrorResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__ErrorResponse>? {
    grpc__reflection__v1alpha__error_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ErrorResponse>) throws(ProtobufError) {
    self.init()
    errorCode = c.pointee.error_code
    errorMessage = try utf8Text(c.pointee.error_message!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Reflection__V1alpha__ErrorResponse> {
    let c = arena.allocate(Grpc__Reflection__V1alpha__ErrorResponse.self)
    grpc__reflection__v1alpha__error_response__init(c)
    c.pointee.error_code = errorCode
    c.pointee.error_message = arena.text(errorMessage)
    return c
  }
}
