internal import Compute
internal import ModelFormats

/// Makes engines of ONNX files.
struct ONNXEngineLoader: EngineLoader {
  var options = ModelOptions()
  var limits = ONNXLimits()

  var platform: String { "onnx" }

  func load(_ files: VersionFiles) throws -> any Engine {
    // Nobody keeps the graph, so that the model's weights are not held twice.
    ONNXEngine(
      model: try Model(
        ONNX.load(contentsOf: files.modelPath, limits: limits), options: options))
  }
}

/// A compiled ONNX graph.
private struct ONNXEngine: Engine {
  let model: Model

  var inputs: [TensorSpec] { model.inputs }
  var outputs: [TensorSpec] { model.outputs }
  var classLabels: [String] { model.metadata.classLabels }
  var memoryByteCount: Int { model.memoryByteCount }

  func run(_ inputs: [TensorView], _ receive: (Int, TensorView) -> Void) throws {
    try model.withContext { context in
      try context.run(inputs)
      for index in 0..<model.outputs.count { receive(index, context.output(index)) }
    }
  }
}
