internal import Compute
internal import ModelFormats
internal import Protocols
internal import RPC
internal import Testing

@testable import ModelService

/// The bundled models and those of the protocol's clients, through the data plane with the real
/// engine. The expected answers are ONNX Runtime's.
@Suite struct BundledModelTests {
  func deploy(_ service: Service, _ folder: String, as name: String, files: [String]) throws {
    var deployment: Deployment?
    for file in files {
      var part = MartletV1.DeployRequest()
      if deployment == nil { part.name = name }
      (part.path, part.data) = (file, try Fixtures.bytes("\(folder)/\(file)"))
      if let deployment {
        try deployment.receive(part)
      } else {
        deployment = try service.management.deploy(part, caller: .deployer)
      }
    }
    _ = try deployment?.finish()
  }

  @Test(arguments: [
    ("digits", "input", "probabilities", "probabilities"),
    ("diabetes", "X", "variable", "variable"),
    ("breast-cancer", "X", "output_probability", "output_probability"),
    ("wine", "X", "probabilities", "probabilities"),
  ])
  func answersEqualONNXRuntimes(
    _ model: String, _ input: String, _ output: String, _ file: String
  ) async throws {
    let service = try Service(engineLoader: ONNXEngineLoader())
    let labels = model == "digits" ? ["labels.txt"] : []
    try deploy(
      service, "Models/\(model)", as: model, files: labels + ["config.pbtxt", "model.onnx"])
    let rows = try NumpyArray(npy: Fixtures.bytes("Models/\(model)/samples/inputs.npy")[...])
    let expected = try NumpyArray(npy: Fixtures.bytes("Tests/Fixtures/\(model)/\(file).npy")[...])
    var request = Inference.ModelInferRequest()
    request.modelName = model
    request.inputs = [.init(name: input, datatype: "FP32", shape: rows.shape.map(Int64.init))]
    request.rawInputContents = [rows.bytes[...]]
    request.outputs = [.init(name: output)]
    let response = try await service.dataPlane.infer(request, caller: .user)
    let got = elements(response.rawOutputContents[0], Float.self)
    let want = elements(expected.bytes, Float.self)
    #expect(response.outputs[0].shape == expected.shape.map(Int64.init))
    #expect(got.count == want.count)
    for (got, want) in zip(got, want) { #expect(abs(got - want) <= 1e-4 + 1e-6 * abs(want)) }
  }

  @Test func tritonsSampleModelsAreServed() async throws {
    let service = try Service(engineLoader: ONNXEngineLoader())
    for model in ["simple", "simple_int8", "simple_string", "simple_identity", "identity_bf16"] {
      try deploy(
        service, "Tests/Fixtures/models/\(model)", as: model,
        files: ["config.pbtxt", "model.onnx"])
    }
    let response = try await service.dataPlane.infer(.simple(rows: 2), caller: .user)
    #expect(
      response.rawOutputContents.map { elements($0, Int32.self).first } == [5, 1])
    let index = try await service.dataPlane.repositoryIndex(.init(), caller: .user)
    #expect(index.models.count == 5 && index.models.allSatisfy { $0.state == "READY" })
  }
}
