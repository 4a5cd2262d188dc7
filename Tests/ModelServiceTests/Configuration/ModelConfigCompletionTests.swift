internal import Compute
internal import Protocols
internal import Testing

@testable import ModelService

@Suite struct ModelConfigCompletionTests {
  let inputs = [
    TensorSpec(name: "x", dataType: .fp32, shape: [-1, 4]),
    TensorSpec(name: "n", dataType: .int64, shape: [-1, -1]),
  ]
  let outputs = [
    TensorSpec(name: "label", dataType: .int64, shape: [-1]),
    TensorSpec(name: "scores", dataType: .fp32, shape: [-1, 3]),
  ]

  func complete(_ text: String) throws -> (config: Inference.ModelConfig, ModelSignature) {
    let written = try ModelConfigText.parse(Array(text.utf8))
    let (config, signature) = try written.completed(
      name: "m", platform: "onnx", inputs: inputs, outputs: outputs)
    return (config, signature)
  }

  @Test func nothingWrittenMeansTheModelsOwnShapes() throws {
    let (config, signature) = try complete("")
    #expect(config.name == "m" && config.platform == "onnx" && config.maxBatchSize == 0)
    #expect(config.input.map(\.dims) == [[-1, 4], [-1, -1]])
    #expect(config.input.map(\.dataType) == [.fp32, .int64])
    #expect(config.output.map(\.dims) == [[-1], [-1, 3]])
    #expect(signature.inputs.map(\.shape) == [[-1, 4], [-1, -1]])
    #expect(config.versionPolicy?.policyChoice != nil)
  }

  @Test func aBatchDimensionIsLeftOutOfDims() throws {
    let (config, signature) = try complete("max_batch_size: 8")
    #expect(config.input.map(\.dims) == [[4], [-1]])
    #expect(config.output.map(\.dims) == [[], [3]])
    #expect(signature.inputs.map(\.shape) == [[-1, 4], [-1, -1]])
    #expect(signature.batchSizeMax == 8)
  }

  @Test func theConfigurationMayBeStricterReorderAndHideOutputs() throws {
    let (config, signature) = try complete(
      """
      max_batch_size: 8
      input [{ name: "n" data_type: TYPE_INT64 dims: [7] }, { name: "x" dims: [-1] }]
      output [{ name: "scores" dims: [3] }]
      """)
    #expect(signature.inputs.map(\.name) == ["n", "x"])
    #expect(signature.inputs.map(\.engineIndex) == [1, 0])
    #expect(signature.inputs.map(\.shape) == [[-1, 7], [-1, 4]])
    #expect(signature.outputs.map(\.engineIndex) == [1])
    #expect(config.input.map(\.dataType) == [.int64, .fp32])
  }

  @Test(arguments: [
    ("input [{ name: \"x\" dims: [4] }]", "expected the model's 2 inputs, got 1"),
    ("input [{ name: \"x\" }, { name: \"y\" }]", "the model has shape"),
    (
      "max_batch_size: 2 input [{ name: \"x\" dims: [4] }, { name: \"y\" dims: [1] }]",
      "expected one of the inputs 'x', 'n', got 'y'"
    ),
    (
      "max_batch_size: 2 input [{ name: \"x\" dims: [4] }, { name: \"x\" dims: [4] }]",
      "expected input 'x' once"
    ),
    (
      "max_batch_size: 2 input [{ name: \"x\" dims: [5] }, { name: \"n\" dims: [1] }]",
      "the model has shape [-1,4], the configuration says [-1,5]"
    ),
    (
      "input [{ name: \"x\" data_type: TYPE_INT8 dims: [-1, 4] }, { name: \"n\" }]",
      "the model has FP32, the configuration says INT8"
    ),
    ("max_batch_size: -1", "max_batch_size of 0 or more, got -1"),
    ("output [{ name: \"scores\" dims: [-1, 4] }]", "the model has shape [-1,3]"),
    ("output [{ name: \"other\" }]", "expected one of the outputs 'label', 'scores'"),
    ("platform: \"tensorflow_savedmodel\"", "expected platform 'onnx'"),
    ("backend: \"python\"", "expected backend"),
    ("ensemble_scheduling { }", "ensemble_scheduling is not supported"),
    ("model_transaction_policy { decoupled: true }", "decoupled: true is not supported"),
    ("dynamic_batching { }", "dynamic_batching needs max_batch_size"),
    (
      "max_batch_size: 4 dynamic_batching { preferred_batch_size: [8] }",
      "expected preferred_batch_size of 1…4"
    ),
    ("instance_group [{ kind: KIND_GPU }]", "KIND_GPU is not supported"),
    (
      "input [{ name: \"x\" dims: [-1,4] reshape { shape: [4] } }, { name: \"n\" }]",
      "reshape (input 'x') is not supported"
    ),
  ])
  func whatDoesNotFitIsRefusedWithBothSides(_ text: String, _ part: String) {
    let error = #expect(throws: ConfigurationError.self) { try complete(text) }
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
  }

  @Test func aFixedFirstDimensionIsNoBatch() throws {
    let written = try ModelConfigText.parse(Array("max_batch_size: 2".utf8))
    let error = #expect(throws: ConfigurationError.self) {
      try written.completed(
        name: "m", platform: "onnx",
        inputs: [TensorSpec(name: "x", dataType: .fp32, shape: [1, 4])], outputs: outputs)
    }
    #expect(error?.message.contains("[1,4]") == true)
  }

  @Test func policiesChooseVersions() throws {
    for (text, served, substitutes) in [
      ("", [7], [1, 4]), ("version_policy { latest { num_versions: 2 } }", [4, 7], [1]),
      ("version_policy { all { } }", [1, 4, 7], []),
      ("version_policy { specific { versions: [1, 2] } }", [1], []),
    ] as [(String, [Int64], [Int64])] {
      let config = try ModelConfigText.parse(Array(text.utf8))
      let choice = config.servedVersions([1, 4, 7])
      #expect(choice.served == served && choice.substitutes == substitutes, "\(text)")
    }
  }
}
