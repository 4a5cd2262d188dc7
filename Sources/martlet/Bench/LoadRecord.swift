internal import RPC

/// What became of the calls of a load.
struct LoadRecord: Sendable {
  enum Outcome {
    case ok
    /// OK, with another answer than the first.
    case deviates
    case failed(RPCError)
  }

  struct Failure: Sendable, Encodable {
    /// Seconds since the load's start.
    var at: Double
    var status: String
    var message: String
  }

  /// What was due in one second.
  struct Second: Sendable, Encodable {
    var good = 0
    var bad = 0
    var slowestMilliseconds = 0.0
  }

  /// Failures that are kept with their sentence; the others are counted.
  static let failuresMax = 50

  /// Of good calls, in microseconds.
  private(set) var latencies: [UInt32] = []
  private(set) var deviating = 0
  private(set) var statuses: [String: Int] = [:]
  private(set) var failures: [Failure] = []
  private(set) var seconds: [Second] = []

  mutating func add(_ outcome: Outcome, due: Duration, took: Duration) {
    let at = due.milliseconds / 1e3
    while seconds.count <= Int(at) { seconds.append(Second()) }
    let second = Int(at)
    seconds[second].slowestMilliseconds = max(
      seconds[second].slowestMilliseconds, took.milliseconds)
    let status: String
    switch outcome {
    case .ok:
      latencies.append(UInt32(clamping: Int(took.milliseconds * 1e3)))
      seconds[second].good += 1
      statuses["OK", default: 0] += 1
      return
    case .deviates:
      deviating += 1
      status = "OK"
      keep(Failure(at: at, status: status, message: "another answer than the first"))
    case .failed(let error):
      status = error.code.name
      keep(Failure(at: at, status: status, message: error.message))
    }
    seconds[second].bad += 1
    statuses[status, default: 0] += 1
  }

  private mutating func keep(_ failure: Failure) {
    if failures.count < Self.failuresMax { failures.append(failure) }
  }

  mutating func merge(_ other: LoadRecord) {
    latencies += other.latencies
    deviating += other.deviating
    statuses.merge(other.statuses, uniquingKeysWith: +)
    for failure in other.failures { keep(failure) }
    while seconds.count < other.seconds.count { seconds.append(Second()) }
    for (index, second) in other.seconds.enumerated() {
      seconds[index].good += second.good
      seconds[index].bad += second.bad
      seconds[index].slowestMilliseconds = max(
        seconds[index].slowestMilliseconds, second.slowestMilliseconds)
    }
  }
}
