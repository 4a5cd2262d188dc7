internal import Compute
internal import Protocols
internal import RPC
internal import TestSupport
internal import Testing

@testable import ModelService

@Suite struct RequestFuzzTests {
  static let signatures: [ModelSignature] = [.int32, .string, .fp64].flatMap { type in
    [(0, ["INPUT0", "INPUT1"]), (4, ["INPUT0", "INPUT1"]), (0, ["INPUT0"]), (4, ["INPUT0"])].map {
      batchSizeMax, names in
      ModelSignature(
        inputs: names.enumerated().map {
          .init(name: $1, dataType: type, shape: [-1, $0 == 0 ? 4 : -1], engineIndex: $0)
        },
        outputs: [.init(name: "OUTPUT0", dataType: type, shape: [-1], engineIndex: 0)],
        batchSizeMax: batchSizeMax)
    }
  }

  @Test func mutatedRequestsNeverTrap() {
    var raw = Inference.ModelInferRequest()
    raw.modelName = "m"
    raw.parameters = ["timeout": .int64(5), "priority": .uint64(1)]
    raw.outputs = [.init(name: "OUTPUT0")]
    raw.inputs = ["INPUT0", "INPUT1"].map { .init(name: $0, datatype: "INT32", shape: [1, 4]) }
    raw.rawInputContents = [[UInt8](repeating: 1, count: 16)[...], [UInt8](16..<32)[...]]
    var text = raw
    text.inputs = ["INPUT0", "INPUT1"].map { .init(name: $0, datatype: "BYTES", shape: [1, 4]) }
    text.rawInputContents = [0, 1].map { _ in
      StringFraming.frame([[1], [], [2, 3], [4]])[...]
    }
    var typed = raw
    typed.rawInputContents = []
    for index in 0..<2 {
      typed.inputs[index].contents = Inference.InferTensorContents()
      typed.inputs[index].contents?.intContents = [1, 2, 3, 4]
    }
    var bare = raw
    bare.inputs = [.init()]
    bare.rawInputContents = [[UInt8](repeating: 1, count: 32)[...]]
    let corpus = [raw, text, typed, bare].map { $0.serialized() }
    #expect(corpus.allSatisfy { fuzzInferRequest($0) > 0 }, "unchanged requests are taken")
    var fuzz = Fuzz("infer-request", corpus: corpus)
    fuzz.run(rounds: 30_000) { fuzzInferRequest($0) }
  }
}

/// Any bytes are refused, or become tensors whose sizes are right; says how many models took them.
@discardableResult
func fuzzInferRequest(_ bytes: [UInt8]) -> Int {
  guard let request = try? Inference.ModelInferRequest(protobuf: bytes) else { return 0 }
  _ = try? RequestParameters(request.parameters)
  var acceptedCount = 0
  for signature in RequestFuzzTests.signatures {
    do {
      let prepared = try InferenceCheck(model: "m", signature: signature).prepare(request)
      acceptedCount += 1
      for (input, tensor) in zip(prepared.inputs, signature.inputs) {
        let count = Shape.elementCount(input.shape)
        if tensor.dataType == .string {
          #expect(input.bytes.withUnsafeBytes { StringFraming.elementCount($0) } == count)
        } else {
          #expect(Shape.byteCount(input.shape, tensor.dataType) == input.bytes.count)
        }
        #expect(signature.batchSizeMax == 0 || input.shape[0] == prepared.rowCount)
      }
    } catch {
      #expect(error.code == .invalidArgument && error.message.utf8.count < 2000)
    }
  }
  return acceptedCount
}
