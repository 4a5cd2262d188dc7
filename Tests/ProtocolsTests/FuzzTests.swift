import Protocols
import TestSupport
import Testing

/// Every reader of a peer's bytes, fed with mutations of real messages: it may throw, never trap.
func fuzzProtocols(_ bytes: [UInt8]) {
  _ = try? Inference.ModelInferRequest(protobuf: bytes)
  _ = try? Inference.ModelInferResponse(protobuf: bytes)
  _ = try? Inference.ModelStreamInferResponse(protobuf: bytes)
  _ = try? Inference.ModelConfigResponse(protobuf: bytes)
  _ = try? Inference.ModelStatisticsResponse(protobuf: bytes)
  _ = try? MartletV1.CheckResponse(protobuf: bytes)
  _ = try? MartletV1.DeployRequest(protobuf: bytes)
  _ = try? GRPCReflectionV1.ServerReflectionRequest(protobuf: bytes)
  for count in [bytes.count, bytes.count + 1] {
    _ = ModelNamePeek(field: 1, prefix: bytes[...], messageByteCount: count)
  }
}

@Suite struct ProtocolsFuzzTests {
  @Test func mutatedMessagesNeverTrap() {
    var statistics = Inference.ModelStatisticsResponse()
    statistics.modelStats = [.init(), .init()]
    var fuzz = Fuzz(
      "protocols", corpus: [InferenceTests.request().serialized(), statistics.serialized()])
    fuzz.run(rounds: 4000, fuzzProtocols)
  }

  @Test func deepGroupsEndAtTheLimit() throws {
    let bytes = [UInt8](repeating: 0x0B, count: 100_000)
    let error = #expect(throws: ProtobufError.self) {
      try Inference.ModelInferRequest(protobuf: bytes)
    }
    #expect(error?.code == .tooDeep)
  }
}
