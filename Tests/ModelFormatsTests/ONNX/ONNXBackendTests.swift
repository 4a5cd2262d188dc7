import Compute
import ModelFormats
import Testing

/// ONNX's own backend tests: a folder per case with a model, inputs and expected outputs.
/// They come with PyPI onnx==1.16.2; MARTLET_ONNX_TESTS names their `data` folder.
@Suite(.enabled(if: Repository.backendTests != nil)) struct ONNXBackendTests {
  /// Cases that load and then differ, with the reason. An unexpected pass fails, so that the
  /// list only shrinks.
  static let knownFailures: [String: String] = [
    "test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True":
      "the reference counts padding behind the padded end; ONNX Runtime does not",
    "test_cast_FLOAT_to_BFLOAT16": "the expected output is stored as UINT16",
  ]

  /// Cases that must pass, by folder: as many as passed when the number was written.
  @Test(arguments: [
    ("node", 697), ("pytorch-converted", 72), ("pytorch-operator", 25), ("simple", 6),
  ])
  func casesThatLoadGiveTheExpectedOutputs(_ folder: String, _ passedMin: Int) throws {
    let path = try #require(Repository.backendTests) + "/" + folder
    var (passed, refused) = (0, 0)
    for name in Self.list(path) {
      let graph: Graph
      let model: Model
      do {
        graph = try ONNX.load(contentsOf: "\(path)/\(name)/model.onnx")
        model = try Model(graph)
      } catch {
        refused += 1
        continue
      }
      switch Result(catching: { try check(model, "\(path)/\(name)/test_data_set_0") }) {
      case .success(nil):
        passed += 1
        #expect(Self.knownFailures[name] == nil, "\(name) passes now: take it off the list")
      case .success(let difference?):
        #expect(Self.knownFailures[name] != nil, "\(name): \(difference)")
      case .failure(let error as ONNXError) where error.code == .unsupported: refused += 1
      case .failure(let error as ExecutionError) where error.code == .invalidInput:
        // BF16 inputs are stored as UINT16 in this release.
        refused += 1
      case .failure(let error): Issue.record("\(name): \(error)")
      }
    }
    print("onnx backend \(folder): \(passed) passed, \(refused) refused")
    #expect(passed >= passedMin)
  }

  /// nil if every output is right.
  private func check(_ model: Model, _ folder: String) throws -> String? {
    let inputs = try tensors("\(folder)/input_").prefix(model.inputs.count)
    let expected = try tensors("\(folder)/output_")
    return try Self.withViews(inputs, []) { views in
      try model.withContext { context in
        try context.run(views)
        for (index, tensor) in expected.enumerated() {
          let output = context.output(index)
          if output.dataType != tensor.dataType || output.shape != tensor.shape {
            return "output \(index) is \(output.dataType) \(output.shape), expected "
              + "\(tensor.dataType) \(tensor.shape)"
          }
          if let difference = tensor.withView({ BackendComparison.difference(output, $0) }) {
            return "output \(index): \(difference)"
          }
        }
        return nil
      }
    }
  }

  private func tensors(_ prefix: String) throws -> [Tensor] {
    var result: [Tensor] = []
    while let bytes = try? Repository.bytes(absolute: "\(prefix)\(result.count).pb") {
      result.append(try ONNX.tensor(bytes: bytes))
    }
    return result
  }

  private static func withViews<R>(
    _ rest: ArraySlice<Tensor>, _ views: [TensorView], _ body: ([TensorView]) throws -> R
  ) rethrows -> R {
    guard let first = rest.first else { return try body(views) }
    return try first.withView { try withViews(rest.dropFirst(), views + [$0], body) }
  }

  private static func list(_ path: String) -> [String] {
    Repository.list(absolute: path, prefix: "test_")
  }
}

/// The backend suite's own tolerance: 1e-3 relative, wider for 16-bit floats.
enum BackendComparison {
  static func difference(_ got: TensorView, _ expected: TensorView) -> String? {
    let (a, b) = (Numbers.values(got), Numbers.values(expected))
    let isNarrow = got.dataType == .fp16 || got.dataType == .bf16
    let (relative, absolute) = isNarrow ? (1e-2, 1e-3) : (1e-3, 1e-5)
    for index in b.indices where a[index] != b[index] {
      if case .number(let x) = a[index], case .number(let y) = b[index],
        (x.isNaN && y.isNaN) || abs(x - y) <= absolute + relative * abs(y)
      {
        continue
      }
      return "element \(index) is \(a[index]), expected \(b[index])"
    }
    return nil
  }
}
