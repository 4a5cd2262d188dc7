internal import FoundationEssentials
internal import ModelFormats
internal import Protocols

/// A model of Models/: what it says about itself, and its held-back samples.
struct BundledModel {
  struct Description: Decodable {
    struct Input: Decodable {
      var name: String
      var features: [String]?
    }
    var name: String
    var task: String
    var description: String
    var input: Input
    var labels: [String]?
  }

  var description: Description
  var inputs: NumpyArray
  var labels: [Double]

  var rowCount: Int { inputs.shape[0] }

  init(_ name: String, in directory: String) throws {
    let folder = "\(directory)/\(name)"
    let text = try FileBytes.read("\(folder)/model.json")
    do {
      description = try text.withUnsafeBytes {
        try JSONDecoder().decode(Description.self, from: Data($0))
      }
    } catch {
      throw CommandFailure(
        .badData, "'\(folder)/model.json' is not a model's description: \(error)")
    }
    inputs = try InferCommand.read("\(folder)/samples/inputs.npy")
    labels = TensorData(try InferCommand.read("\(folder)/samples/labels.npy")).numbers
    guard let rows = inputs.shape.first, rows > 0, rows == labels.count else {
      throw CommandFailure(
        .badData, "'\(folder)/samples': expected as many labels as inputs, got \(labels.count)")
    }
  }

  /// A request about some of the samples.
  func request(rows: Range<Int>) -> Inference.ModelInferRequest {
    var request = Inference.ModelInferRequest()
    request.modelName = description.name
    let shape = [rows.count] + inputs.shape.dropFirst()
    request.inputs = [
      .init(
        name: description.input.name, datatype: inputs.datatype, shape: shape.map(Int64.init))
    ]
    let rowByteCount = inputs.bytes.count / rowCount
    request.rawInputContents = [
      inputs.bytes[rows.lowerBound * rowByteCount..<rows.upperBound * rowByteCount]
    ]
    return request
  }

  /// The outputs by name.
  func ask(
    _ connection: Connection, _ request: Inference.ModelInferRequest
  ) async throws -> [NumpyArchive.Entry] {
    let response: Inference.ModelInferResponse = try await connection.call(
      "/inference.GRPCInferenceService/ModelInfer", request)
    return try InferCommand.arrays(response)
  }

  /// A sample's elements.
  func sample(_ row: Int) -> [Double] {
    let all = TensorData(inputs).numbers
    let count = all.count / rowCount
    return Array(all[row * count..<(row + 1) * count])
  }
}

extension TensorData {
  /// The elements as numbers; none for text.
  var numbers: [Double] {
    switch self {
    case .integers(let values): values.map(Double.init)
    case .unsigned(let values): values.map(Double.init)
    case .numbers(let values): values
    case .booleans(let values): values.map { $0 ? 1 : 0 }
    case .texts: []
    }
  }
}
