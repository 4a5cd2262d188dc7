public import Protocols
internal import RPCWire

/// `grpc.reflection.v1.ServerReflection` and its v1alpha: which services there are and what
/// their messages look like, for tools such as grpcurl.
public final class ReflectionService: Sendable {
  private typealias Request = GRPCReflectionV1.ServerReflectionRequest
  private typealias Response = GRPCReflectionV1.ServerReflectionResponse

  private let services: [String]
  private let index = DescriptorIndex(FileDescriptors.all)

  /// Lists these services, by full name; what their files describe can be asked for.
  public init(services: [String]) {
    self.services = services.sorted()
  }

  /// Adds both versions to a server: the same messages under two names.
  public func register(on server: Server) {
    for version in ["v1", "v1alpha"] {
      server.bidirectional(
        "/grpc.reflection.\(version).ServerReflection/ServerReflectionInfo"
      ) { [self] (requests: RequestStream<Request>, responses: ResponseWriter<Response>, _) in
        for try await request in requests { try await responses.send(answer(request)) }
      }
    }
  }

  /// Answers one serialised request of either version, for whoever serves the method below the
  /// async layer.
  public func answer(_ request: [UInt8]) throws(ProtobufError) -> [UInt8] {
    answer(try Request(protobuf: request)).serialized()
  }

  private func answer(_ request: Request) -> Response {
    var response = Response()
    response.validHost = request.host
    response.originalRequest = request
    switch request.messageRequest {
    case .listServices:
      var list = GRPCReflectionV1.ListServiceResponse()
      list.service = services.map { name in
        var service = GRPCReflectionV1.ServiceResponse()
        service.name = name
        return service
      }
      response.messageResponse = .listServicesResponse(list)
    case .fileByFilename(let name):
      response.messageResponse = files(index.file(named: name), "file", name)
    case .fileContainingSymbol(let symbol):
      response.messageResponse = files(index.file(containing: symbol), "symbol", symbol)
    case .fileContainingExtension(let request):
      response.messageResponse = files(nil, "extension of", request.containingType)
    case .allExtensionNumbersOfType(let type):
      response.messageResponse = files(nil, "extensions of", type)
    case nil:
      response.messageResponse = error(.invalidArgument, "the request asks for nothing")
    }
    return response
  }

  private func files(_ file: Int?, _ kind: String, _ name: String) -> Response.MessageResponse {
    guard let file else { return error(.notFound, "no such \(kind): \(name)") }
    var response = GRPCReflectionV1.FileDescriptorResponse()
    response.fileDescriptorProto = index.closure(of: file)
    return .fileDescriptorResponse(response)
  }

  private func error(_ code: StatusCode, _ message: String) -> Response.MessageResponse {
    var response = GRPCReflectionV1.ErrorResponse()
    response.errorCode = Int32(code.rawValue)
    response.errorMessage = message
    return .errorResponse(response)
  }
}
