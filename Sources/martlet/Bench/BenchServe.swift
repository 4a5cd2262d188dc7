internal import ArgumentParser
internal import Compute
internal import Glibc
internal import ModelFormats
internal import RPC

/// `martlet bench serve`: a model run in this process, as a library would run it.
struct BenchServe: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Time a model's inference in this process.")
  @Option(help: "An .onnx file.") var model: String
  @Option(help: "A .npz file with an array for each input; default: made-up small numbers.")
  var inputs: String?
  @Option(help: "Write the outputs to this .npz file.") var output: String?
  @Option(help: "The size put for a free first dimension of made-up inputs.") var batch = 1
  @Option(help: "How many threads may compute.") var threads = 1
  @Option(help: "For how long to measure, in seconds.") var seconds = 2.0
  @Option(help: "A pass of the graph compiler to leave out; may be given again. 'all': every one.")
  var without: [String] = []
  @Flag(help: "Print what every step takes instead of the whole.") var profile = false
  @Flag(help: "Print one JSON document.") var json = false

  private struct Row: Encodable {
    var batch, threads, runs: Int
    var medianMicroseconds, p99Microseconds: Double
    /// What the process has grown by when the model was loaded, before its first inference.
    var residentBytes: Int
    var loadMilliseconds: Double
  }

  func validate() throws {
    guard batch > 0, threads > 0, seconds > 0, seconds <= 86_400 else {
      throw ValidationError(
        "expected --batch and --threads above 0, and --seconds above 0 and at most 86400")
    }
    _ = try passes()
  }

  func run() throws {
    let before = (ResidentMemory.byteCount(), MonotonicTime.now())
    let model = try Self.load(
      self.model, ModelOptions(threadCount: threads, passes: try passes()))
    let (resident, loaded) = (ResidentMemory.byteCount() - before.0, MonotonicTime.now() - before.1)
    let tensors =
      try inputs.map { try BenchTensors.read($0, model) }
      ?? BenchTensors.madeUp(model, batch: batch)
    let views = tensors.map { tensor in tensor.withView { $0 } }
    // The views point into the tensors.
    try withExtendedLifetime(tensors) {
      try model.withContext { context in
        try context.run(views)
        if let output { try BenchTensors.write(model, context, to: output) }
        if profile { return try Self.printProfile(context, views, seconds) }
        let times = try measure(context, views)
        try report(times, resident, loaded)
      }
    }
  }

  private func measure(_ context: ExecutionContext, _ views: [TensorView]) throws -> [Duration] {
    let end = MonotonicTime.now() + .seconds(seconds)
    var last = MonotonicTime.now()
    // The first fifth, or twenty runs, warm up.
    let warm = last + .seconds(seconds / 5)
    var runs = 0
    while last < warm && runs < 20 {
      try context.run(views)
      last = MonotonicTime.now()
      runs += 1
    }
    var times: [Duration] = []
    repeat {
      try context.run(views)
      let now = MonotonicTime.now()
      times.append(now - last)
      last = now
    } while last < end
    return times.sorted()
  }

  private func report(_ times: [Duration], _ resident: Int, _ loaded: Duration) throws {
    let at = { (share: Double) in
      times[min(Int(Double(times.count) * share), times.count - 1)].milliseconds * 1e3
    }
    let row = Row(
      batch: batch, threads: threads, runs: times.count, medianMicroseconds: at(0.5),
      p99Microseconds: at(0.99), residentBytes: resident, loadMilliseconds: loaded.milliseconds)
    if json { return try Output.json(row) }
    print(
      "batch \(batch), \(threads) thread(s): median \(Output.fixed(row.medianMicroseconds, 1)) µs,"
        + " p99 \(Output.fixed(row.p99Microseconds, 1)) µs over \(row.runs) runs")
  }

  /// Steps by what they take, and their sum for each operator.
  private static func printProfile(
    _ context: ExecutionContext, _ views: [TensorView], _ seconds: Double
  ) throws {
    let start = MonotonicTime.now()
    try context.run(views)
    let one = max(MonotonicTime.now() - start, .microseconds(1))
    let count = max(1, Int(seconds * 1e3 / one.milliseconds))
    let steps = try context.profile(views, count: count) {
      let time = MonotonicTime.now() - start
      return Int(time.milliseconds * 1e6)
    }
    let microseconds = { (nanoseconds: Int) in
      Output.fixed(Double(nanoseconds) / Double(count) / 1e3, 1)
    }
    let kinds = Dictionary(grouping: steps, by: \.operatorName).map {
      (name: $0.key, count: $0.value.count, time: $0.value.reduce(0) { $0 + $1.nanoseconds })
    }
    Output.table(
      ["OPERATOR", "STEPS", "µs"],
      kinds.sorted { $0.time > $1.time }.map { [$0.name, "\($0.count)", microseconds($0.time)] })
    print("")
    Output.table(
      ["STEP", "OPERATOR", "µs"],
      steps.sorted { $0.nanoseconds > $1.nanoseconds }.prefix(20).map {
        [$0.nodeName, $0.operatorName, microseconds($0.nanoseconds)]
      })
  }

  private func passes() throws -> ModelOptions.Passes {
    var passes = ModelOptions.Passes.all
    for name in without {
      guard let pass = name == "all" ? .all : ModelOptions.Passes.named[name] else {
        throw ValidationError(
          "expected --without one of all, "
            + ModelOptions.Passes.named.keys.sorted().joined(separator: ", ") + ", got '\(name)'")
      }
      passes.subtract(pass)
    }
    return passes
  }

  static func load(_ path: String, _ options: ModelOptions) throws -> Model {
    try compile(try read(path), options, path: path)
  }

  static func read(_ path: String) throws -> Graph {
    guard access(path, R_OK) == 0 else {
      throw CommandFailure(.noInput, "cannot read '\(path)'")
    }
    do { return try ONNX.load(contentsOf: path) } catch { throw Self.failure(path, error) }
  }

  static func compile(
    _ graph: consuming Graph, _ options: ModelOptions, path: String
  ) throws -> Model {
    do { return try Model(graph, options: options) } catch { throw Self.failure(path, error) }
  }

  private static func failure(_ path: String, _ error: any Error) -> CommandFailure {
    CommandFailure(.badData, "'\(path)': \(error)")
  }
}
