internal import Compute
internal import Protocols
internal import RPC
internal import Testing

@testable import ModelService

@Suite struct ClassificationTests {
  let service: Service

  init() throws {
    service = try Service()
    service.loader.register("fp32") { .identity(.fp32) }
    service.loader.register("bool") { .identity(.bool) }
    service.loader.register("flat") { .identity(.int32, shape: [-1]) }
    service.folder.write("acme/scores/1/labels.txt", Array("cat\ndog\r\nbird\n".utf8))
    service.store(
      "scores", content: "fp32",
      config: "max_batch_size: 4 output { name: 'OUTPUT0' dims: -1 label_filename: 'labels.txt' }")
  }

  func classify(
    _ model: String, _ count: Inference.InferParameter, _ type: String, _ shape: [Int64],
    _ raw: [UInt8]
  ) async throws -> (shape: [Int64], text: [String]) {
    var request = Inference.ModelInferRequest()
    request.modelName = model
    request.inputs = [.init(name: "INPUT0", datatype: type, shape: shape)]
    request.rawInputContents = [raw[...]]
    var output = Inference.ModelInferRequest.RequestedOutput(name: "OUTPUT0")
    output.parameters["classification"] = count
    request.outputs = [output]
    let response = try await service.dataPlane.infer(request, caller: .user)
    #expect(response.outputs[0].datatype == "BYTES")
    let text = Array(response.rawOutputContents[0]).withUnsafeBytes {
      (StringFraming.elements($0) ?? []).map { String(decoding: $0, as: UTF8.self) }
    }
    return (response.outputs[0].shape, text)
  }

  @Test func theBestComeFirstWithTheirLabelsPerRow() async throws {
    let (shape, text) = try await classify(
      "scores", .int64(2), "FP32", [2, 3], bytes([0.1, 0.7, 0.2, 0.5, 0.25, 0.5] as [Float]))
    #expect(shape == [2, 2])
    #expect(text == ["0.700000:1:dog", "0.200000:2:bird", "0.500000:0:cat", "0.500000:2:bird"])
  }

  @Test func moreClassesThanThereAreMeansAll() async throws {
    let (shape, text) = try await classify(
      "scores", .uint64(99), "FP32", [1, 4], bytes([.nan, -1, 2, 0] as [Float]))
    #expect(shape == [1, 4])
    #expect(text == ["2.000000:2:bird", "0.000000:3", "-1.000000:1:dog", "nan:0:cat"])
  }

  @Test func withoutABatchAllElementsCompete() async throws {
    service.store("flat", content: "flat")
    let (shape, text) = try await classify(
      "flat", .int64(1), "INT32", [3], bytes([4, 9, -2] as [Int32]))
    #expect(shape == [1] && text == ["9:1"])
  }

  @Test func whatCannotBeRankedIsRefused() async {
    service.store("bool", content: "bool")
    var error = await status {
      _ = try await classify("bool", .int64(1), "BOOL", [1, 2], [1, 0])
    }
    #expect(error?.code == .invalidArgument && error?.message.contains("'BOOL'") == true)
    for count in [.int64(0), .int64(-1), .string("3")] as [Inference.InferParameter] {
      error = await status {
        _ = try await classify("scores", count, "FP32", [1, 1], [0, 0, 0, 0])
      }
      #expect(error?.code == .invalidArgument)
    }
  }

  @Test func aConfigurationWhoseLabelsAreMissingDoesNotLoad() async {
    service.store(
      "unlabelled", content: "fp32",
      config: "max_batch_size: 4 output { name: 'OUTPUT0' dims: -1 label_filename: 'no.txt' }")
    let error = await status {
      _ = try await classify("unlabelled", .int64(1), "FP32", [1, 1], [0, 0, 0, 0])
    }
    #expect(error?.code == .unavailable && error?.message.contains("'no.txt'") == true)
  }
}
