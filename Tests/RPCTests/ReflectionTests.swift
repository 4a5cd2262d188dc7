import Protocols
import RPC
import RPCWire
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ReflectionTests {
  @Test(arguments: ["v1", "v1alpha"])
  func servicesAndTheirFilesCanBeAskedFor(_ version: String) async throws {
    let server = Server(configuration: .init())
    ReflectionService(services: ["grpc.health.v1.Health", "inference.GRPCInferenceService"])
      .register(on: server)
    try server.start()
    let client = try server.makeInProcessClient()
    let (requests, responses):
      (
        RequestWriter<GRPCReflectionV1.ServerReflectionRequest>,
        ResponseStream<GRPCReflectionV1.ServerReflectionResponse>
      ) = try await client.bidirectional(
        "/grpc.reflection.\(version).ServerReflection/ServerReflectionInfo")

    var request = GRPCReflectionV1.ServerReflectionRequest()
    request.messageRequest = .listServices("")
    try await requests.send(request)
    guard case .listServicesResponse(let list) = try await responses.next()?.messageResponse else {
      Issue.record("expected a list of services")
      return
    }
    #expect(
      list.service.map(\.name) == ["grpc.health.v1.Health", "inference.GRPCInferenceService"])

    request.messageRequest = .fileContainingSymbol("inference.GRPCInferenceService.ModelInfer")
    try await requests.send(request)
    guard case .fileDescriptorResponse(let files) = try await responses.next()?.messageResponse
    else {
      Issue.record("expected descriptors")
      return
    }
    #expect(!files.fileDescriptorProto.isEmpty)

    request.messageRequest = .fileContainingSymbol("no.such.Thing")
    try await requests.send(request)
    guard case .errorResponse(let error) = try await responses.next()?.messageResponse else {
      Issue.record("expected an error")
      return
    }
    #expect(error.errorCode == 5)
    try await requests.finish()
    #expect(try await responses.next() == nil)
    await server.shutdown(gracePeriod: .milliseconds(200))
  }
}
