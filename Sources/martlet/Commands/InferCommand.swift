internal import ArgumentParser
internal import ModelFormats
internal import Protocols

/// `martlet infer`: NumPy files in, NumPy files, JSON or text out.
struct InferCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "infer", abstract: "Ask a model.",
    discussion: "Without --output and --json the first elements of every output are printed.")
  @OptionGroup var options: ClientOptions
  @Argument(help: "The model.") var model: String
  @Option(help: "An input and the .npy file that holds it, NAME=FILE; may be given again.")
  var input: [String] = []
  @Option(help: "The model's version; default: the newest.") var version = ""
  @Option(help: "Write the outputs to this .npz file (one output may also go to a .npy file).")
  var output: String?
  @Flag(help: "Print one JSON document.") var json = false

  func run() async throws {
    let request = try Self.request(model, version, inputs: input)
    let response: Inference.ModelInferResponse = try await options.connect().call(
      "/inference.GRPCInferenceService/ModelInfer", request)
    let outputs = try Self.arrays(response)
    if let output { try Self.write(outputs, to: output) }
    if json { return try Output.json(InferDocument(response, outputs)) }
    if output == nil {
      for entry in outputs { print(TensorText.summary(entry.name, entry.array)) }
    }
  }

  /// `inputs`: NAME=FILE.npy each.
  static func request(
    _ model: String, _ version: String, inputs: [String]
  ) throws -> Inference.ModelInferRequest {
    var request = Inference.ModelInferRequest()
    (request.modelName, request.modelVersion) = (model, version)
    for argument in inputs {
      guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
        throw CommandFailure(.usage, "expected --input NAME=FILE.npy, got '\(argument)'")
      }
      let name = String(argument[..<equals])
      let array = try read(String(argument[argument.index(after: equals)...]))
      request.inputs.append(
        .init(name: name, datatype: array.datatype, shape: array.shape.map(Int64.init)))
      request.rawInputContents.append(array.bytes[...])
    }
    return request
  }

  static func read(_ path: String) throws -> NumpyArray {
    do {
      return try NumpyArray(npy: try FileBytes.read(path)[...])
    } catch let error as NumpyError {
      throw CommandFailure(.badData, "'\(path)': \(error)")
    }
  }

  static func arrays(
    _ response: Inference.ModelInferResponse
  ) throws -> [NumpyArchive.Entry] {
    guard response.outputs.count == response.rawOutputContents.count else {
      throw CommandFailure(
        .software,
        "expected \(response.outputs.count) raw outputs, got \(response.rawOutputContents.count)")
    }
    return zip(response.outputs, response.rawOutputContents).map { output, raw in
      .init(
        name: output.name,
        array: NumpyArray(
          datatype: output.datatype, shape: output.shape.map { Int($0) }, bytes: Array(raw)))
    }
  }

  private static func write(_ outputs: [NumpyArchive.Entry], to path: String) throws {
    do {
      if path.hasSuffix(".npy") {
        guard outputs.count == 1 else {
          throw CommandFailure(
            .usage, "a .npy file holds one output, the model has \(outputs.count): use .npz")
        }
        return try FileBytes.write(try outputs[0].array.npy(), to: path)
      }
      try FileBytes.write(try NumpyArchive(outputs).npz(), to: path)
    } catch let error as NumpyError {
      throw CommandFailure(.badData, "'\(path)': \(error)")
    }
  }
}

/// The answer as `--json` prints it.
private struct InferDocument: Encodable {
  struct Output: Encodable {
    var name, datatype: String
    var shape: [Int]
    var data: TensorData
  }
  var modelName, modelVersion, id: String
  var outputs: [Output]

  init(_ response: Inference.ModelInferResponse, _ arrays: [NumpyArchive.Entry]) {
    (modelName, modelVersion, id) = (response.modelName, response.modelVersion, response.id)
    outputs = arrays.map {
      Output(
        name: $0.name, datatype: $0.array.datatype, shape: $0.array.shape,
        data: TensorData($0.array))
    }
  }

  enum CodingKeys: String, CodingKey {
    case modelName = "model_name"
    case modelVersion = "model_version"
    case id, outputs
  }
}
