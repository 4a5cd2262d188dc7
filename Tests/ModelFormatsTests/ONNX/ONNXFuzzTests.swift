import Compute
import ModelFormats
import TestSupport
import Testing

/// Reads, compiles and runs whatever the bytes turn out to be. Must return or throw, never trap.
func fuzzONNX(_ bytes: [UInt8]) {
  guard let graph = try? ONNX.load(bytes: bytes),
    let model = try? Model(graph, options: ModelOptions(arenaByteCountMax: 16 << 20))
  else { return }
  // Small inputs of the declared shapes; a mutated file may ask for anything.
  let inputs = model.inputs.map { spec -> Tensor? in
    let shape = spec.shape.map { $0 < 0 ? 1 : $0 }
    guard let count = Shape.elementCount(shape), count <= 1 << 16 else { return nil }
    if spec.dataType == .string {
      return Tensor(strings: [[UInt8]](repeating: [0x31], count: count), shape: shape)
    }
    let byteCount = Shape.byteCount(shape, spec.dataType)!
    return Tensor(
      dataType: spec.dataType, shape: shape, storage: TensorStorage(byteCount: byteCount))
  }
  let known = inputs.compactMap { $0 }
  guard known.count == inputs.count else { return }
  model.withContext { context in
    withViews(known[...], []) { views in
      try? context.run(views)
    }
  }
}

private func withViews(
  _ rest: ArraySlice<Tensor>, _ views: [TensorView], _ body: ([TensorView]) -> Void
) {
  guard let first = rest.first else { return body(views) }
  first.withView { withViews(rest.dropFirst(), views + [$0], body) }
}

@Suite struct ONNXFuzzTests {
  static let seeds = [
    "Models/digits/model.onnx", "Models/wine/model.onnx", "Models/breast-cancer/model.onnx",
    "Models/diabetes/model.onnx", "Tests/Fixtures/models/simple/model.onnx",
    "Tests/Fixtures/models/simple_string/model.onnx",
    "Tests/Fixtures/exports/logistic-string-labels/model.onnx",
    "Tests/Fixtures/exports/keras-digits/model.onnx",
  ]

  @Test func mutatedModelsAreRefusedOrRunButNeverTrap() throws {
    let corpus = try Self.seeds.map { try Repository.bytes($0) }
    var fuzz = Fuzz("onnx", corpus: corpus)
    fuzz.run(rounds: 1_500, fuzzONNX)
  }

  @Test func everyTruncationIsRefusedOrRuns() throws {
    let original = try Repository.bytes("Models/diabetes/model.onnx")
    for length in 0..<original.count { fuzzONNX(Array(original[..<length])) }
  }
}
