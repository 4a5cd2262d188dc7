import Compute
import Glibc
import ModelFormats
import Testing

/// Whole models, exported by the tools people use, against ONNX Runtime's answers.
@Suite struct RealModelTests {
  /// Where a model lies, where its inputs are, and where the expected outputs.
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var model: String
    var inputs: String
    var expected: String
    var testDescription: String { name }
  }

  static let cases: [Case] =
    ["digits", "diabetes", "breast-cancer", "wine"].map {
      Case(
        name: $0, model: "Models/\($0)/model.onnx", inputs: "Models/\($0)/samples/inputs.npy",
        expected: "Tests/Fixtures/\($0)")
    }
    + [
      "boosting-classifier", "boosting-regressor", "boosting-two-classes",
      "forest-classifier", "forest-regressor", "keras-digits", "linear-svc",
      "logistic-normalized", "logistic-string-labels", "logistic-three-classes",
      "logistic-two-classes", "mlp-classifier", "mlp-regressor", "ridge-minmax",
      "sgd-hinge", "tree-regressor", "tree-two-classes",
    ].map {
      let folder = "Tests/Fixtures/exports/\($0)"
      return Case(
        name: $0, model: "\(folder)/model.onnx", inputs: "\(folder)/inputs.npy",
        expected: folder)
    }

  @Test(arguments: cases)
  func answersEqualONNXRuntimes(_ test: Case) throws {
    let model = try Model(ONNX.load(contentsOf: Repository.path(test.model)))
    let inputs = try Repository.array(test.inputs)
    try check(model, inputs, test, rows: inputs.shape[0])
    // The same through a plan for one row at a time.
    try check(model, inputs, test, rows: 1)
  }

  @Test(arguments: cases)
  func answersDoNotDependOnThePasses(_ test: Case) throws {
    let model = try Model(
      ONNX.load(contentsOf: Repository.path(test.model)), options: ModelOptions(passes: []))
    let inputs = try Repository.array(test.inputs)
    try check(model, inputs, test, rows: inputs.shape[0])
  }

  private func check(
    _ model: Model, _ inputs: NumpyArray, _ test: Case, rows: Int
  ) throws {
    let rowBytes = inputs.bytes.count / inputs.shape[0]
    var compared = 0
    for first in stride(from: 0, to: inputs.shape[0], by: rows) {
      try model.withContext { context in
        try inputs.bytes[(first * rowBytes)..<((first + rows) * rowBytes)].withUnsafeBytes {
          try context.run([
            TensorView(
              dataType: model.inputs[0].dataType, shape: [rows] + inputs.shape.dropFirst(),
              bytes: $0)
          ])
        }
        for (index, spec) in model.outputs.enumerated() {
          let path = "\(test.expected)/\(spec.name).npy"
          guard let expected = try? Repository.array(path) else { continue }
          let output = context.output(index)
          try #require(output.shape == [rows] + expected.shape.dropFirst())
          let width = output.elementCount
          let difference = try #require(
            Numbers.firstDifference(
              Numbers.values(output), Numbers.values(expected, from: first * width / rows)))
          #expect(difference == .none, "\(spec.name) of \(test.name), row \(first)")
          compared += 1
        }
      }
    }
    #expect(compared > 0, "no expected output was found for \(test.name)")
  }

  @Test func symbolicDimensionsAndMetadataAreKept() throws {
    let digits = try Model(ONNX.load(contentsOf: Repository.path("Models/digits/model.onnx")))
    #expect(digits.inputs[0].shape == [-1, 1, 28, 28])
    #expect(digits.inputs[0].dimensionNames[0] == "batch")
    #expect(digits.outputs[0].shape == [-1, 10])
    let wine = try Model(ONNX.load(contentsOf: Repository.path("Models/wine/model.onnx")))
    #expect(wine.metadata.producerName == "skl2onnx")
    #expect(wine.metadata.classLabels == ["0", "1", "2"])
    #expect(wine.outputs.map(\.dataType) == [.int64, .fp32])
  }

  @Test func zipMapBecomesAPlainTensorOfProbabilities() throws {
    let model = try Model(
      ONNX.load(contentsOf: Repository.path("Models/breast-cancer/model.onnx")))
    #expect(model.outputs[1].name == "output_probability")
    #expect(model.outputs[1].dataType == .fp32)
    #expect(model.outputs[1].shape == [-1, 2])
  }
}
