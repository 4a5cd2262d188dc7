internal import JSON
internal import Synchronization
internal import Training

/// What happened to a job, a line of JSON each, in a file that only grows.
enum JobEvent: Sendable, Equatable {
  /// It has begun, or goes on: a sentence.
  case started(String)
  /// How far it is.
  case progress(TrainingProgress)

  /// The event with its time as a line, without the end of the line.
  func line(milliseconds: Int64) -> [UInt8] {
    var members: [JSONValue.Member] = [.init("time_ms", .integer(milliseconds))]
    switch self {
    case .started(let text): members.append(.init("started", .string(text)))
    case .progress(let progress):
      members += [
        .init("epoch", .integer(Int64(progress.epoch))),
        .init("epochs", .integer(Int64(progress.epochCount))),
        .init("step", .integer(Int64(progress.step))),
        .init("steps", .integer(Int64(progress.stepCount))),
        .init("metrics", progress.metrics.json),
        .init("examples_per_second", .real(progress.examplesPerSecond)),
        .init("seconds_left", .real(progress.secondsLeft)),
        .init("ends_epoch", .bool(progress.endsEpoch)),
      ]
    }
    return JSONValue.object(members).serialized()
  }

  /// Reads a line and its time; nil for one that is damaged.
  static func parsed(_ line: ArraySlice<UInt8>) -> (event: JobEvent, milliseconds: Int64)? {
    guard let value = (try? JSONValue(parsing: line)) as JSONValue? else { return nil }
    let milliseconds = value["time_ms"]?.whole ?? 0
    if let text = value["started"]?.text { return (.started(text), milliseconds) }
    guard let epoch = value["epoch"]?.whole else { return nil }
    let progress = TrainingProgress(
      epoch: Int(epoch), epochCount: Int(value["epochs"]?.whole ?? 0),
      step: Int(value["step"]?.whole ?? 0), stepCount: Int(value["steps"]?.whole ?? 0),
      metrics: [Metric](json: value["metrics"]),
      examplesPerSecond: value["examples_per_second"]?.number ?? 0,
      secondsLeft: value["seconds_left"]?.number ?? 0,
      endsEpoch: value["ends_epoch"] == .bool(true))
    return (.progress(progress), milliseconds)
  }
}

/// Appends events to a job's log. For one thread.
final class JobLog {
  private let file: Int32
  private var byteCount: UInt64
  /// Beyond this only ends of epochs are written: 100,000 reports.
  private static let byteCountMax: UInt64 = 32 << 20

  /// Opens the log. Half a line, which a process left that died, goes.
  init(_ job: JobFolder) throws(RepositoryError) {
    let known = job.folder.status(JobFolder.logFile)?.byteCount ?? 0
    file = try job.folder.openToAppend(JobFolder.logFile)
    byteCount = known
    guard known > 0 else { return }
    let window: UInt64 = min(known, 1 << 16)
    let tail =
      try job.folder.read(
        JobFolder.logFile, from: known - window, byteCountMax: Int(window)) ?? []
    let whole = tail.lastIndex(of: UInt8(ascii: "\n")).map { UInt64($0) + 1 } ?? 0
    byteCount = known - window + whole
    if byteCount != known { try Folder.truncate(file: file, to: byteCount) }
  }

  deinit { Folder.close(file: file) }

  /// Writes an event.
  func append(_ event: JobEvent) throws(RepositoryError) {
    if byteCount > Self.byteCountMax, case .progress(let progress) = event, !progress.endsEpoch {
      return
    }
    let line = event.line(milliseconds: WallClock.milliseconds) + [UInt8(ascii: "\n")]
    do {
      try Folder.write(line[...], to: file)
    } catch {
      // Not half of it, which the next one would be glued to.
      _ = try? Folder.truncate(file: file, to: byteCount)
      throw error
    }
    byteCount += UInt64(line.count)
  }

  /// Makes what was written durable.
  func sync() throws(RepositoryError) { try Folder.sync(file: file) }
}

/// Reads a job's log from an offset on, as far as it has come.
struct JobLogReader {
  private let job: JobFolder
  /// Where the next event begins.
  private(set) var offset: UInt64
  private static let byteCountMax = 64 << 10

  init(_ job: JobFolder, offset: UInt64) {
    self.job = job
    self.offset = offset
  }

  /// The next events, each with the offset after it; none when there are no more yet.
  mutating func next() throws(RepositoryError) -> [(
    event: JobEvent, milliseconds: Int64, offset: UInt64
  )] {
    guard
      let bytes = try job.folder.read(
        JobFolder.logFile, from: offset, byteCountMax: Self.byteCountMax)
    else { return [] }
    var events: [(JobEvent, Int64, UInt64)] = []
    var start = 0
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let after = offset + UInt64(end + 1 - start)
      if let (event, milliseconds) = JobEvent.parsed(bytes[start..<end]) {
        events.append((event, milliseconds, after))
      }
      offset = after
      start = end + 1
    }
    // A line as long as all that is read at once is none of ours.
    if start == 0, bytes.count == Self.byteCountMax { offset += UInt64(bytes.count) }
    return events
  }

  /// Whether an event begins at the offset, or the log ends there.
  func isAtEvent() throws(RepositoryError) -> Bool {
    if offset == 0 { return true }
    let before = try job.folder.read(JobFolder.logFile, from: offset - 1, byteCountMax: 1)
    return before == [UInt8(ascii: "\n")]
  }
}
