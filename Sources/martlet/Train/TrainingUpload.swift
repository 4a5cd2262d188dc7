internal import Protocols
internal import RPC

/// What is sent to make a training: a description, options and files.
struct TrainingUpload {
  var model: String
  var specification: String
  var options = MartletV1.TrainingOptions()
  private var files: [(name: String, path: String)] = []

  private static let partByteCount = 1 << 20
  private static let endings = [".npz", ".npy", ".csv", ".parquet"]
  /// The slowest network that a large file is meant to come through.
  private static let bytesPerSecond = 1 << 20

  init(model: String, specification: String) {
    (self.model, self.specification) = (model, specification)
  }

  /// Adds a file as `training` or `validation`.
  mutating func add(_ role: String, _ path: String) throws(CommandFailure) {
    guard let ending = Self.endings.first(where: path.hasSuffix) else {
      throw CommandFailure(.badData, "expected a .npz, .npy or .csv file, got '\(path)'")
    }
    // Found out now, and not after the first file was sent.
    _ = try FileParts(path: path, byteCount: 1)
    files.append((role + ending, path))
  }

  /// Adds the model to begin with.
  mutating func addInitial(_ path: String) throws(CommandFailure) {
    _ = try FileParts(path: path, byteCount: 1)
    files.append(("initial.onnx", path))
  }

  /// Sends it all, and gives the job that it became.
  func send(_ connection: Connection) async throws -> MartletV1.TrainingJob {
    let byteCount = try files.reduce(0) { $0 + (try FileBytes.byteCount($1.path)) }
    let deadline = connection.deadline + .seconds(byteCount / Self.bytesPerSecond)
    let (model, specification, options, files) = (model, specification, options, files)
    let bar = ProgressBar()
    let bytes = try await connection.client.clientStreaming(
      "/martlet.v1.Training/Create", metadata: connection.metadata, deadline: deadline
    ) { requests in
      var first = MartletV1.CreateTrainingRequest()
      (first.model, first.specification, first.options) = (model, specification, options)
      try await requests.send(first.serialized())
      var sent = 0
      for file in files {
        let parts = try FileParts(path: file.path, byteCount: Self.partByteCount)
        repeat {
          var part = MartletV1.CreateTrainingRequest()
          part.file = file.name
          part.data = try parts.next()
          sent += part.data.count
          try await requests.send(part.serialized())
          bar.show("sends", sent, byteCount, "\(sent >> 20)/\(byteCount >> 20) MiB")
        } while !parts.isAtEnd
      }
    }
    bar.clear()
    let response: MartletV1.CreateTrainingResponse = try Connection.decode(bytes)
    return response.job ?? MartletV1.TrainingJob()
  }
}
