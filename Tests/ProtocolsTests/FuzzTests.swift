import Protocols
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
  @Test(arguments: 0..<8) func mutatedMessagesNeverTrap(seed: UInt64) {
    var random = SplitMix64(state: seed)
    var statistics = Inference.ModelStatisticsResponse()
    statistics.modelStats = [.init(), .init()]
    let seeds = [InferenceTests.request().serialized(), statistics.serialized()]
    for _ in 0..<400 {
      var bytes = seeds.randomElement(using: &random)!
      for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(index...)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
        default: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
      }
      fuzzProtocols(bytes)
    }
  }

  @Test func deepGroupsEndAtTheLimit() throws {
    let bytes = [UInt8](repeating: 0x0B, count: 100_000)
    let error = #expect(throws: ProtobufError.self) {
      try Inference.ModelInferRequest(protobuf: bytes)
    }
    #expect(error?.code == .tooDeep)
  }
}

/// A small repeatable generator (Steele, Lea and Flood, 2014).
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
