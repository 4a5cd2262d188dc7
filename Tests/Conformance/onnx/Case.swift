internal import Compute
internal import Glibc
internal import ModelFormats
internal import TestSupport

/// One case: a folder with a model, and sets of inputs and expected outputs.
struct Case {
  let name: String
  let path: String

  /// The folders of cases that come with their models: the standard's, and those that
  /// `Tests/Conformance/onnx_oracle` writes.
  private static let suites = [
    "node", "simple", "pytorch-operator", "pytorch-converted", "contributed", "classical",
    "optimized",
  ]

  static func all(in data: String) -> [Case] {
    suites.flatMap { suite in
      Files.list("\(data)/\(suite)").filter { $0.hasPrefix("test_") }
        .map { Case(name: $0, path: "\(data)/\(suite)/\($0)") }
    }
  }

  /// Loads and runs the case; whatever happens is a result.
  func run() -> Result {
    var operators = "?"
    do {
      let graph = try ONNX.load(contentsOf: "\(path)/model.onnx")
      operators = Self.operators(graph)
      var options = ModelOptions()
      options.allowsContainers = true
      let model = try Model(graph, options: options)
      for set in Files.list(path) where set.hasPrefix("test_data_set_") {
        if let difference = try compare(model, "\(path)/\(set)") {
          return Result(name: name, outcome: .failed, operators: operators, message: difference)
        }
      }
      return Result(name: name, outcome: .passed, operators: operators, message: "")
    } catch let error as ONNXError {
      return Result(name: name, outcome: .refused, operators: operators, message: "\(error)")
    } catch let error as GraphError {
      return Result(name: name, outcome: .refused, operators: operators, message: "\(error)")
    } catch {
      return Result(name: name, outcome: .failed, operators: operators, message: "\(error)")
    }
  }

  /// The operator that the case is about: the name of the rarest one is a good guess.
  private static func operators(_ graph: Graph) -> String {
    let helpers: Set<String> = ["Constant", "Identity", "Shape", "Cast", "CastLike", "Reshape"]
    let names = graph.nodes.map(\.opType)
    return names.first { !helpers.contains($0) } ?? names.first ?? "none"
  }

  /// nil if every output is right.
  private func compare(_ model: Model, _ folder: String) throws -> String? {
    var inputs: [ModelValue] = []
    for (index, spec) in model.inputs.enumerated() {
      let bytes = try Files.read("\(folder)/input_\(index).pb")
      let value = try ONNX.value(bytes: bytes, form: model.inputForms[index])
      inputs.append(Self.reinterpreted(value, as: spec.dataType))
    }
    let outputs = try model.evaluate(inputs)
    let comparison = Comparison(tolerance: Tolerance(path: "\(path)/tolerance"))
    for (index, output) in outputs.enumerated() {
      guard let bytes = try? Files.read("\(folder)/output_\(index).pb") else { continue }
      let value = try ONNX.value(bytes: bytes, form: model.outputForms[index])
      let expected = Self.reinterpreted(value, as: model.outputs[index].dataType)
      if let difference = comparison.difference(output, expected) {
        return "output \(index): \(difference)"
      }
    }
    return nil
  }

  // NumPy has no BF16, so the release stores such tensors as UINT16.
  private static func reinterpreted(_ value: ModelValue, as type: DataType) -> ModelValue {
    guard case .tensor(let tensor) = value, tensor.dataType == .uint16, type == .bf16 else {
      return value
    }
    return .tensor(
      Tensor(tensor.elements(as: UInt16.self), shape: tensor.shape, dataType: .bf16))
  }
}

/// What became of a case.
struct Result {
  enum Outcome: String, CaseIterable {
    case passed
    /// Loaded, and then answered something else.
    case failed
    /// Not loaded, with an error that says why.
    case refused
    /// Ended the process that ran it, or took longer than `Worker.secondsMax`.
    case crashed
  }

  let name: String
  let outcome: Outcome
  let operators: String
  let message: String

  /// One line, fields between tabs.
  var line: String {
    let plain = message.map { $0 == "\t" || $0.isNewline ? " " : $0 }
    return [name, outcome.rawValue, operators, String(plain)].joined(separator: "\t")
  }

  init(name: String, outcome: Outcome, operators: String, message: String) {
    self.name = name
    self.outcome = outcome
    self.operators = operators
    self.message = message
  }

  init?(line: Substring) {
    let fields = line.split(separator: "\t", maxSplits: 3, omittingEmptySubsequences: false)
    guard fields.count == 4, let outcome = Outcome(rawValue: String(fields[1])) else { return nil }
    self.init(
      name: String(fields[0]), outcome: outcome, operators: String(fields[2]),
      message: String(fields[3]))
  }
}
