internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import Protocols
internal import RPC

/// How a training is shown and what is written about it.
struct ReportOptions: ParsableArguments {
  @Flag(help: "Print one JSON document at the end.") var json = false
  @Option(help: "Where to write every event as a line of JSON; default: NAME.training.jsonl.")
  var log: String?
  @Option(help: "Where to draw the learning curves, .svg; default: beside the log.")
  var curves: String?
  @Flag(help: "Write neither.") var noLog = false

  func validate() throws {
    if let curves, !curves.hasSuffix(".svg") {
      throw ValidationError("expected --curves FILE.svg, got '\(curves)'")
    }
  }

  /// Follows a training to its end, and ends as it did.
  func follow(
    _ job: MartletV1.TrainingJob, _ connection: Connection, defaultLog: String?
  ) async throws {
    let (logPath, curvesPath) = paths(defaultLog: defaultLog)
    var report = TrainingReport(id: job.id, printsTable: !json)
    report.log = try logPath.map { try TrainingLogFile($0) }
    Detachment.arm(id: job.id)
    report.began()
    var follower = TrainingFollower(connection, id: job.id)
    let end = try await follower.follow(
      { try report.take($0) }, interrupted: { report.interrupted($0) })
    report.ended()
    try finish(end, report, logPath, curvesPath)
  }

  /// Where the log and the curves go, if anywhere.
  func paths(defaultLog: String?) -> (log: String?, curves: String?) {
    guard !noLog else { return (nil, nil) }
    let log = log ?? defaultLog
    let beside = log.map { path in
      (path.hasSuffix(".jsonl") ? String(path.dropLast(6)) : path) + ".svg"
    }
    return (log, curves ?? beside)
  }

  /// Draws the curves and says how a training ended; throws if it did not end well.
  func finish(
    _ end: MartletV1.TrainingJob, _ report: TrainingReport, _ logPath: String?, _ curves: String?
  ) throws {
    let curvesPath = report.curves.isEmpty ? nil : curves
    if let curvesPath {
      let title = end.id.isEmpty ? end.model : "\(end.model) \(end.id)"
      try FileBytes.write(Array(report.curves.svg(title: title).utf8), to: curvesPath)
    }
    let row = TrainingRow(end)
    if json {
      try Output.json(TrainingDocument(row, logPath, curvesPath))
    } else if end.state == .finished {
      for note in row.notes { print(note) }
      let metrics = row.metrics.sorted { $0.key < $1.key }
        .map { "\($0.key) \(Output.fixed($0.value, 4))" }.joined(separator: ", ")
      print(
        (row.version == 0 ? "trained \(row.model)" : "\(row.model) version \(row.version)")
          + (metrics.isEmpty ? "" : ": \(metrics)"))
      if let curvesPath { print("learning curves: \(curvesPath)") }
    }
    switch end.state {
    case .finished: return
    case .cancelled:
      throw CommandFailure(.temporary, "training \(end.id) \(end.message)")
    default:
      let code: CommandFailure.Code = end.code == "resources" ? .temporary : .badData
      throw CommandFailure(code, "training \(end.id) failed: \(end.message)")
    }
  }
}

/// What `--json` prints at the end.
private struct TrainingDocument: Encodable {
  var training: TrainingRow
  var log, curves: String?

  init(_ training: TrainingRow, _ log: String?, _ curves: String?) {
    (self.training, self.log, self.curves) = (training, log, curves)
  }
}

/// A training while it is followed: a bar, a table of epochs, the log and what the curves need.
struct TrainingReport {
  let id: String
  let printsTable: Bool
  var log: TrainingLogFile?
  private(set) var curves = LearningCurves()
  private let bar = ProgressBar()
  private var columns: [String] = []
  private var epochStart: Int64 = 0

  private static let columnWidth = 12
  /// What every training says.
  private static let commonplaces: Set = ["begins", "goes on from its last checkpoint"]

  init(id: String, printsTable: Bool) {
    (self.id, self.printsTable) = (id, printsTable)
  }

  func began() { bar.show("training \(id) waits for its turn") }

  func interrupted(_ reason: String) { bar.show("connects again: \(reason)") }

  func ended() { bar.clear() }

  /// Shows an event and writes it down.
  mutating func take(_ event: MartletV1.TrainingEvent) throws {
    try log?.append(event)
    switch event.event {
    case .started(let text)?:
      epochStart = event.timeMs
      if printsTable, !Self.commonplaces.contains(text) {
        bar.clear()
        print(text)
      }
      bar.show("training \(id) \(text)")
    case .progress(let progress)?:
      curves.add(progress)
      if progress.endsEpoch {
        bar.clear()
        row(progress, event.timeMs)
        epochStart = event.timeMs
      }
      bar.show(
        "epoch \(progress.epoch)/\(progress.epochCount)", Int(clamping: progress.step),
        Int(clamping: progress.stepCount), Self.text(progress))
    default: break
    }
  }

  private static func text(_ progress: MartletV1.TrainingProgress) -> String {
    var words = ["\(progress.step)/\(progress.stepCount)"]
    words += progress.metrics.prefix(4).map { "\($0.name) \(Output.fixed($0.value, 4))" }
    words.append("\(Output.fixed(progress.examplesPerSecond, 0))/s")
    if progress.secondsLeft.isFinite, progress.secondsLeft >= 0 {
      let seconds = Int(clamping: Int64(min(progress.secondsLeft, 1e9)))
      let rest = seconds % 60
      words.append("ETA \(seconds / 60):\(rest < 10 ? "0" : "")\(rest)")
    }
    return words.joined(separator: " ")
  }

  private mutating func row(_ progress: MartletV1.TrainingProgress, _ milliseconds: Int64) {
    guard printsTable else { return }
    if columns.isEmpty {
      columns = progress.metrics.map(\.name)
      printCells(["epoch"] + columns + ["examples/s", "seconds"])
    }
    let values = columns.map { name in
      progress.metrics.first { $0.name == name }.map { Output.fixed($0.value, 5) } ?? "-"
    }
    printCells(
      ["\(progress.epoch)/\(progress.epochCount)"] + values + [
        Output.fixed(progress.examplesPerSecond, 0),
        Output.fixed(Double(milliseconds - epochStart) / 1000, 2),
      ])
  }

  private func printCells(_ cells: [String]) {
    let line = cells.map { cell in
      String(repeating: " ", count: max(1, Self.columnWidth - cell.count)) + cell
    }
    print(line.joined())
    fflush(nil)
  }
}
