internal import Compute
internal import Protocols
internal import RPC
internal import Testing

@testable import ModelService

/// What a request of nothing but bytes is taken for.
@Suite struct RawInputTests {
  private func prepare(
    _ byteCount: Int, _ type: DataType = .fp32, shape: [Int], batchSizeMax: Int = 0,
    inputCount: Int = 1
  ) throws -> [Int] {
    let signature = ModelSignature(
      inputs: (0..<inputCount).map {
        .init(name: "x\($0)", dataType: type, shape: shape, engineIndex: $0)
      },
      outputs: [.init(name: "y", dataType: type, shape: [-1], engineIndex: 0)],
      batchSizeMax: batchSizeMax)
    var request = Inference.ModelInferRequest()
    request.inputs = [.init()]
    request.rawInputContents = [[UInt8](repeating: 7, count: byteCount)[...]]
    return try InferenceCheck(model: "m", signature: signature).prepare(request).inputs[0].shape
  }

  private func refusal(_ body: () throws -> [Int]) -> String? {
    do {
      return "taken as \(try body())"
    } catch { return (error as? RPCError)?.message }
  }

  @Test func theUnknownSizeFollowsFromTheBytes() throws {
    #expect(try prepare(48, shape: [3, 4]) == [3, 4])
    #expect(try prepare(48, shape: [-1, 4]) == [3, 4])
    #expect(try prepare(48, shape: [-1, 4], batchSizeMax: 8) == [3, 4])
    #expect(try prepare(48, shape: [-1, -1], batchSizeMax: 8) == [1, 12])
    #expect(try prepare(4, shape: []) == [])
  }

  @Test func aTextIsTheWholeBody() throws {
    #expect(try prepare(5, .string, shape: [1]) == [1])
    #expect(try prepare(5, .string, shape: [-1, 1], batchSizeMax: 8) == [1, 1])
    #expect(try prepare(0, .string, shape: [-1]) == [1])
  }

  @Test func whatDoesNotFollowIsRefused() {
    #expect(refusal { try prepare(4, shape: [1], inputCount: 2) }?.contains("one input") == true)
    #expect(refusal { try prepare(6, shape: [-1]) }?.contains("multiple of 4") == true)
    #expect(refusal { try prepare(40, shape: [-1, 4]) }?.contains("[-1,4], got 10") == true)
    #expect(refusal { try prepare(40, shape: [-1, -1]) }?.contains("one unknown size") == true)
    #expect(
      refusal { try prepare(400, shape: [-1, 4], batchSizeMax: 8) }?.contains("<= 8") == true)
    #expect(refusal { try prepare(5, .string, shape: [2]) }?.contains("got 1") == true)
    #expect(refusal { try prepare(4, shape: [-1, 0]) }?.contains("got 1") == true)
  }
}
