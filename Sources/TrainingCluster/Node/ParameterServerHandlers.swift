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
      [host] (requests: RequestStream<MartletV1.LoadParametersRequest>, _) in
      guard let first = try await requests.next() else {
        throw RPCError(code: .invalidArgument, message: "expected parameters, got no message")
      }
      let bytes = try await NumberParts.receive(
        first.data, requests, byteCountMax: Self.contentByteCountMax
      ) { $0.data }
      try await host.use { try await $0.load(first, bytes) }
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
      (_: MartletV1.ParametersRequest, writer: ResponseWriter<MartletV1.ParametersResponse>, _) in
      let none = MartletV1.ParametersResponse()
      try await NumberParts.send(
        none, try await host.use { try await $0.contents() }, empty: none, to: writer
      ) { $0.data = $1 }
    }
    server.bidirectional(Self.service + "Exchange") {
      [host]
      (
        requests: RequestStream<MartletV1.ExchangeRequest>,
        writer: ResponseWriter<MartletV1.ExchangeResponse>, _
      ) in
      guard let first = try await requests.next() else {
        throw RPCError(code: .invalidArgument, message: "expected a request, got no message")
      }
      let encoded = try await NumberParts.receive(
        first.data, requests, byteCountMax: try await host.gradientByteCountMax()
      ) { $0.data }
      let request = ExchangeRequest(first, encoded)
      let reply = try await host.use { try await $0.exchange(request) }
      try await NumberParts.send(
        reply.message, reply.encoded, empty: MartletV1.ExchangeResponse(), to: writer
      ) { $0.data = $1 }
    }
  }
}
