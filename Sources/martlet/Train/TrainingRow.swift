internal import Protocols

/// A training as commands print it.
struct TrainingRow: Encodable {
  var id, model, state, created, ended, message, code: String
  var version: Int64
  var metrics: [String: Double]
  var notes: [String]
  var bytes: UInt64

  init(_ job: MartletV1.TrainingJob) {
    (id, model, message, code) = (job.id, job.model, job.message, job.code)
    (version, notes, bytes) = (job.version, job.notes, job.byteSize)
    (created, ended) = (Output.date(job.createdMs), Output.date(job.endedMs))
    // JSON has no word for what is no number.
    metrics = Dictionary(
      job.metrics.filter { $0.value.isFinite }.map { ($0.name, $0.value) },
      uniquingKeysWith: { $1 })
    state =
      switch job.state {
      case .waiting: "WAITING"
      case .running: "RUNNING"
      case .cancelling: "CANCELLING"
      case .cancelled: "CANCELLED"
      case .failed: "FAILED"
      case .finished: "FINISHED"
      default: "UNKNOWN"
      }
  }

  func show(asJSON: Bool) throws {
    if asJSON { return try Output.json(self) }
    print("\(id)  \(model)  \(state)" + (version == 0 ? "" : "  version \(version)"))
    print("  created \(created)  ended \(ended)  \(bytes) bytes")
    for metric in metrics.sorted(by: { $0.key < $1.key }) {
      print("  \(metric.key)  \(Output.fixed(metric.value, 6))")
    }
    for line in notes + (message.isEmpty ? [] : [message]) { print("  \(line)") }
  }
}
