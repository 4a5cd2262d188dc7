internal import FoundationEssentials
internal import Glibc
internal import Protocols

/// The events of a training as lines of JSON.
struct TrainingLogFile {
  private struct Line: Encodable {
    var timeMs: Int64
    var started: String?
    var epoch, epochs: UInt32?
    var step, steps: UInt64?
    var metrics: [String: Double]?
    var examplesPerSecond, secondsLeft: Double?
    var endsEpoch: Bool?

    enum CodingKeys: String, CodingKey {
      case timeMs = "time_ms"
      case started, epoch, epochs, step, steps, metrics
      case examplesPerSecond = "examples_per_second"
      case secondsLeft = "seconds_left"
      case endsEpoch = "ends_epoch"
    }
  }

  /// Closes the file with the last copy.
  private final class Handle {
    let descriptor: Int32
    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }
  }

  private let path: String
  private let file: Handle

  /// A new file; one that is there is replaced.
  init(_ path: String) throws(CommandFailure) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw CommandFailure(
        .cannotCreate, "cannot write '\(path)': \(String(cString: strerror(errno)))")
    }
    (self.path, file) = (path, Handle(descriptor))
  }

  func append(_ event: MartletV1.TrainingEvent) throws {
    var line = Line(timeMs: event.timeMs)
    switch event.event {
    case .started(let text)?: line.started = text
    case .progress(let progress)?:
      (line.epoch, line.epochs) = (progress.epoch, progress.epochCount)
      (line.step, line.steps) = (progress.step, progress.stepCount)
      line.metrics = Dictionary(
        progress.metrics.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
      (line.examplesPerSecond, line.secondsLeft) = (
        progress.examplesPerSecond, progress.secondsLeft
      )
      line.endsEpoch = progress.endsEpoch
    default: return
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // JSON has no word for what is no number; Python reads these.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    let bytes = Array(try encoder.encode(line)) + [UInt8(ascii: "\n")]
    guard write(file.descriptor, bytes, bytes.count) == bytes.count else {
      throw CommandFailure(.cannotCreate, "cannot write '\(path)': is the disk full?")
    }
  }
}
