internal import ArgumentParser
internal import Compute
internal import EventLoop
internal import Glibc
internal import ModelFormats
internal import RPC

/// `martlet bench startup`: how long a model takes to load, and what is left when it is gone.
struct BenchStartup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "startup", abstract: "Time the loading of a model, and look for what it leaves.",
    discussion: """
      Cold: the model's own file is first dropped from the page cache, as far as this user may. \
      Warm: the median of the loads after it. The resident size, loaded, is what the process has \
      grown by. Each cycle loads the model, runs it once on \
      made-up numbers and lets go of it; then the whole process's resident size counts.

      Exit code 1 when the cycles after the first ten leave more than 2 % (and 1 MiB) behind.
      """)
  @Option(help: "An .onnx file.") var model: String
  @Option(help: "How many times to load and unload; the first ten settle.") var cycles = 20
  @Option(help: "How many threads may compute.") var threads = 1
  @Flag(help: "Print one JSON document.") var json = false

  private struct Row: Encodable {
    var fileBytes: Int
    var coldMilliseconds, warmMilliseconds: Double
    /// The parts of a warm load: the file's content as a graph, and the graph compiled.
    var readMilliseconds, compileMilliseconds: Double
    /// What the process has grown by when the model was loaded first, and at most.
    var residentBytes, peakResidentBytes: Int
    var cycles: Int
    /// The whole process with no model, after ten cycles and after all.
    var emptyBytesAfterTen, emptyBytes: Int

    var isGood: Bool { emptyBytes <= emptyBytesAfterTen + max(emptyBytesAfterTen / 50, 1 << 20) }
  }

  private struct LoadTime {
    var read, compile: Duration
    var whole: Duration { read + compile }
  }

  private static let settlingCycleCount = 10

  func validate() throws {
    guard (Self.settlingCycleCount...1_000_000).contains(cycles), threads > 0 else {
      throw ValidationError(
        "expected --cycles from \(Self.settlingCycleCount) to 1000000, and --threads above 0")
    }
  }

  func run() throws {
    // Memory is kept and given back as in a service.
    var (heap, looked) = (HeapTrimmer(), MonotonicTime.now())
    let fileBytes = try dropFromPageCache()
    let before = ResidentMemory.byteCount()
    let (cold, resident) = try cycle(since: before)
    var (times, settled) = ([LoadTime](), 0)
    for count in 1..<cycles {
      if count == Self.settlingCycleCount { settled = ResidentMemory.byteCount() }
      times.append(try cycle(since: before).time)
      if MonotonicTime.now() - looked >= .seconds(5) {
        heap.look()
        looked = MonotonicTime.now()
      }
    }
    let empty = ResidentMemory.byteCount()
    let median = { (part: KeyPath<LoadTime, Duration>) in
      times.map { $0[keyPath: part] }.sorted()[times.count / 2].milliseconds
    }
    let row = Row(
      fileBytes: fileBytes, coldMilliseconds: cold.whole.milliseconds,
      warmMilliseconds: median(\.whole), readMilliseconds: median(\.read),
      compileMilliseconds: median(\.compile), residentBytes: resident,
      peakResidentBytes: ResidentMemory.byteCountMax() - before, cycles: cycles,
      emptyBytesAfterTen: cycles > Self.settlingCycleCount ? settled : empty, emptyBytes: empty)
    try report(row)
    if !row.isGood { throw ExitCode(1) }
  }

  /// Loads, runs once and lets go.
  private func cycle(since before: Int) throws -> (time: LoadTime, residentBytes: Int) {
    let start = MonotonicTime.now()
    let graph = try BenchServe.read(self.model)
    let read = MonotonicTime.now()
    let model = try BenchServe.compile(
      consume graph, ModelOptions(threadCount: threads), path: self.model)
    let time = LoadTime(read: read - start, compile: MonotonicTime.now() - read)
    let resident = ResidentMemory.byteCount() - before
    let tensors = try BenchTensors.madeUp(model, batch: 1)
    let views = tensors.map { tensor in tensor.withView { $0 } }
    // The views point into the tensors.
    try withExtendedLifetime(tensors) { try model.withContext { try $0.run(views) } }
    return (time, resident)
  }

  /// Gives the file's size.
  private func dropFromPageCache() throws -> Int {
    let file = open(model, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw CommandFailure(.noInput, "cannot read '\(model)'") }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else {
      throw CommandFailure(.noInput, "cannot read '\(model)'")
    }
    _ = posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
    return Int(status.st_size)
  }

  private func report(_ row: Row) throws {
    if json { return try Output.json(row) }
    let megabytes = { (count: Int) in Output.fixed(Double(count) / 1e6, 1) + " MB" }
    let milliseconds = { (value: Double) in Output.fixed(value, 1) + " ms" }
    Output.table(
      ["STARTUP", ""],
      [
        ["file", megabytes(row.fileBytes)], ["load, cold", milliseconds(row.coldMilliseconds)],
        ["load, warm", milliseconds(row.warmMilliseconds)],
        ["  read", milliseconds(row.readMilliseconds)],
        ["  compile", milliseconds(row.compileMilliseconds)],
        ["resident, loaded", megabytes(row.residentBytes)],
        ["resident, at most", megabytes(row.peakResidentBytes)],
        ["process without, after 10 cycles", megabytes(row.emptyBytesAfterTen)],
        ["process without, after \(row.cycles)", megabytes(row.emptyBytes)],
      ])
  }
}
