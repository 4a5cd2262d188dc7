internal import Protocols
internal import RPC
internal import Training

/// A parameter server's calls.
struct ParameterServerHandlers {
  let host: ShardHost
  static let service = "/martlet.v1.ParameterServer/"
  /// Parameters and slots of one server.
  private static let contentByteCountMax = 1 << 38

  func register(on server: Server) {
    server.clientStreaming(Self.service + "Load") {
      [host] (requests: RequestStream<NumberPart<MartletV1.LoadParametersRequest>>, _) in
      let (first, numbers) = try await NumberParts.receive(
        requests, byteCountMax: Self.contentByteCountMax)
      guard let first else {
        throw RPCError(code: .invalidArgument, message: "expected parameters, got no message")
      }
      try await host.use { try await $0.load(first, numbers) }
      return MartletV1.LoadParametersResponse()
    }
    server.unary(Self.service + "Proceed") { [host] (request: MartletV1.ProceedRequest, _) in
      try await host.use { try await $0.proceed(request) }
      return MartletV1.ProceedResponse()
    }
    server.unary(Self.service + "Status") { [host] (_: MartletV1.ShardStatusRequest, _) in
      try await host.use { try await $0.status() }
    }
    server.serverStreaming(Self.service + "Contents") {
      [host]
      (
        _: MartletV1.ParametersRequest,
        writer: ResponseWriter<NumberPart<MartletV1.ParametersResponse>>, _
      ) in
      try await NumberParts.send(
        MartletV1.ParametersResponse(), try await host.use { try await $0.contents() }, to: writer)
    }
    server.bidirectional(Self.service + "Exchange") {
      [host]
      (
        requests: RequestStream<NumberPart<MartletV1.ExchangeRequest>>,
        writer: ResponseWriter<NumberPart<MartletV1.ExchangeResponse>>, _
      ) in
      let (first, numbers) = try await NumberParts.receive(
        requests, byteCountMax: try await host.gradientByteCountMax())
      guard let first else {
        throw RPCError(code: .invalidArgument, message: "expected a request, got no message")
      }
      let request = ExchangeRequest(first, numbers)
      let reply = try await host.use { try await $0.exchange(request) }
      try await NumberParts.send(reply.message, reply.encoded, to: writer)
    }
  }
}
