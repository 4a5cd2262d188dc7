internal import ArgumentParser
internal import Glibc
internal import JSON
internal import RPC
internal import Training
internal import TrainingCluster

/// `martlet bench train`: trains in this process, without a service, and tells how long epochs take.
struct BenchTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Measure how long training takes.",
    discussion: "What `martlet train` asks a service to do, in this process and on its threads.")
  @Argument(help: "The description of the model, a JSON file.") var specification: String
  @Option(help: "The examples to learn from: .npz, .npy or .csv.") var data: String
  @Option(help: "Examples to judge by only.") var validation: String?
  @Option(help: "How many threads may compute.") var threads = 1
  @Option(help: "Processes that compute gradients.") var workers: Int?
  @Option(help: "With workers: processes that hold the parameters.") var servers: Int?
  @Option(help: "With workers: synchronous, asynchronous or bounded.") var mode: String?
  @Option(help: "With workers: none, fp16, bf16 or top_k.") var compression: String?
  @Option(help: "Keep the trained model in this file.") var output: String?
  @Flag(help: "Print what each operator of a step takes, and train no epoch.") var profile = false
  @Flag(help: "Print one JSON document.") var json = false

  private struct Document: Encodable {
    var threads: Int
    /// Seconds of each epoch, its validation included.
    var epochs: [Double]
    /// Seconds from the start to the first epoch's beginning: files, checks, plans.
    var start: Double
    var metrics: [String: Double?]
    var notes: [String]
  }

  func validate() throws {
    guard (1...1024).contains(threads) else {
      throw ValidationError("expected --threads in 1...1024, got \(threads)")
    }
  }

  func run() throws {
    let start = MonotonicTime.now()
    let text = try FileBytes.read(specification)
    do {
      var options = SpecificationOptions()
      (options.workers, options.servers) = (workers, servers)
      (options.mode, options.compression) = (mode, compression)
      var request = TrainingRequest(
        specification: options.applied(to: try JSONValue(parsing: text[...])),
        training: try DataFile.open(data, name: data),
        validation: try validation.map { try DataFile.open($0, name: $0) }, threadCount: threads)
      if profile { return try printProfile(request) }
      let folder = try Self.temporaryFolder()
      defer { rmdir(folder) }
      let task = ProcessCluster.Task(
        specification: request.specification, training: try Self.wholePath(data),
        threadCount: threads,
        folder: folder)
      request.cluster = { plan throws(TrainingError) in try ProcessCluster(task, plan) }
      try measure(try Trainers.trainer(for: request), start)
    } catch let error as TrainingError {
      throw CommandFailure(.badData, error.message)
    } catch let error as JSONError {
      throw CommandFailure(.badData, "'\(specification)': \(error)")
    }
  }

  private static func wholePath(_ path: String) throws -> String {
    guard let found = realpath(path, nil) else {
      throw CommandFailure(.badData, "cannot find '\(path)'")
    }
    defer { free(found) }
    return String(cString: found)
  }

  /// For the certificates of a description's workers and servers.
  private static func temporaryFolder() throws -> String {
    var name = Array("/tmp/martlet-bench-train-XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else {
      throw CommandFailure(
        .software, "cannot make a folder in /tmp: \(String(cString: strerror(errno)))")
    }
    return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func printProfile(_ request: TrainingRequest) throws {
    let operators = try NetworkProfile.operators(of: request, steps: 100)
    let total = operators.reduce(0) { $0 + $1.seconds }
    Output.table(
      ["microseconds", "share", "operator"],
      operators.map {
        [Output.fixed($0.seconds * 1e6, 1), Output.fixed($0.seconds / total, 3), $0.name]
      })
  }

  private func measure(_ given: any Trainer, _ start: MonotonicTime) throws {
    var trainer = given
    var last = MonotonicTime.now()
    let prepared = last.seconds(since: start)
    var epochs: [Double] = []
    let result = try trainer.run { progress throws(TrainingError) in
      guard progress.endsEpoch else { return }
      let now = MonotonicTime.now()
      epochs.append(now.seconds(since: last))
      last = now
      if json { return }
      let metrics = progress.metrics.map { "\($0.name) \(Output.fixed($0.value, 4))" }
      print(
        "epoch \(progress.epoch)/\(progress.epochCount): \(Output.fixed(epochs.last ?? 0, 3)) s, "
          + metrics.joined(separator: ", "))
    }
    if let output { try FileBytes.write(result.onnx, to: output) }
    if json {
      try Output.json(
        Document(
          threads: threads, epochs: epochs, start: prepared,
          metrics: Dictionary(
            // JSON has no word for what is no number.
            result.metrics.map { ($0.name, $0.value.isFinite ? $0.value : nil) },
            uniquingKeysWith: { $1 }),
          notes: result.notes))
    }
    for note in result.notes where !json { print(note) }
  }
}

extension MonotonicTime {
  fileprivate func seconds(since other: MonotonicTime) -> Double {
    Double(nanoseconds - other.nanoseconds) / 1e9
  }
}
