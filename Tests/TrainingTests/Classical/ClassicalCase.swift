import ClassicalTraining
import Compute
import JSON
import ModelFormats
import TestSupport
import Testing

@testable import Training

/// What scikit-learn learned from small data (Tests/Fixtures/generate/classical_training.py).
struct ClassicalCase: CustomTestStringConvertible, Sendable {
  let name: String
  let specification: JSONValue
  private let archive: NumpyArchive

  var testDescription: String { name }
  var className: String {
    guard case .string(let name)? = specification["class_name"] else { return "" }
    return name
  }

  static let all: [ClassicalCase] = {
    do {
      let bytes = try Files.read("\(folder)/cases.json")
      guard case .array(let cases) = try JSONValue(parsing: bytes[...]) else { return [] }
      return try cases.map { entry in
        guard case .string(let name)? = entry["name"], let specification = entry["specification"]
        else { throw TrainingError(.data, "a case without a name") }
        return ClassicalCase(
          name: name, specification: specification,
          archive: try NumpyArchive(npz: Files.read("\(folder)/\(name).npz")[...]))
      }
    } catch {
      preconditionFailure("the fixtures of classical training cannot be read: \(error)")
    }
  }()

  static func named(_ prefix: String) -> [ClassicalCase] {
    all.filter { $0.name.hasPrefix(prefix) }
  }

  private static let folder: String = {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
    return "\(root.joined(separator: "/"))/Tests/Fixtures/classical"
  }()

  /// The examples to learn from.
  var examples: ExampleArrays {
    ExampleArrays(NumpyArchive(archive.entries.filter { ["x", "y"].contains($0.name) }))
  }

  func request(
    threadCount: Int = 1, checkpoints: (any CheckpointStore)? = nil
  ) -> TrainingRequest {
    TrainingRequest(
      specification: specification, training: examples, checkpoints: checkpoints,
      threadCount: threadCount)
  }

  func trainer(_ request: TrainingRequest? = nil) throws -> any Trainer {
    try #require(try ClassicalTrainers.trainer(for: request ?? self.request()))
  }

  func parsed() throws -> ClassicalSpecification {
    try #require(try ClassicalSpecification(specification))
  }

  /// An array as doubles, and its shape.
  func numbers(_ name: String) throws -> (values: [Double], shape: [Int]) {
    let array = try #require(archive[name], "\(self.name) has no \(name)")
    let type = try #require(DataType(oipName: array.datatype))
    let count = array.shape.reduce(1, *)
    var values = [Double](repeating: 0, count: count)
    let isNumber = array.bytes.withUnsafeBytes { bytes in
      values.withUnsafeMutableBufferPointer { target in
        NumberReading.convert(
          type, bytes.baseAddress!, count: count, into: target.baseAddress!)
      }
    }
    try #require(isNumber)
    return (values, array.shape)
  }
}

/// A model's answers for rows of numbers.
struct ClassicalAnswers {
  /// Labels, as texts.
  var labels: [String] = []
  /// Probabilities or predictions, row by row.
  var numbers: [Float] = []

  init(_ onnx: [UInt8], _ rows: [Double], rowCount: Int) throws {
    let model = try Model(ONNX.load(bytes: onnx))
    let input = Tensor(
      fp32: rows.map { Float($0) }, shape: [rowCount, rows.count / max(1, rowCount)])
    for output in try model.evaluate([.tensor(input)]).compactMap(\.tensor) {
      switch output.dataType {
      case .fp32: numbers = output.elements(as: Float.self)
      case .int64: labels = output.elements(as: Int64.self).map(String.init)
      default:
        labels = output.storage.withBytes { StringFraming.elements($0) ?? [] }
          .map { String(decoding: $0, as: UTF8.self) }
      }
    }
  }
}

/// Nobody is told anything.
func silent(_ progress: TrainingProgress) throws(TrainingError) {}
