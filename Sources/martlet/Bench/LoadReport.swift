/// What `martlet bench load` tells.
struct LoadReport: Encodable {
  struct Latency: Encodable {
    var mean, p50, p90, p99, p999, max: Double
  }

  var calls: Int
  var callsPerSecond: Double
  var statuses: [String: Int]
  /// Calls that ended with OK and another answer than the first one's.
  var deviating: Int
  var milliseconds: Latency?
  var failures: [LoadRecord.Failure]
  var seconds: [LoadRecord.Second]

  var isGood: Bool { calls > 0 && statuses["OK"] == calls && deviating == 0 }

  init(_ record: LoadRecord, elapsed: Duration) {
    calls = record.statuses.values.reduce(0, +)
    callsPerSecond = Double(record.latencies.count) * 1e3 / elapsed.milliseconds
    statuses = record.statuses
    deviating = record.deviating
    failures = record.failures.sorted { $0.at < $1.at }
    seconds = record.seconds
    let sorted = record.latencies.sorted()
    guard let last = sorted.last else { return }
    let at = { (share: Double) in
      Double(sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)]) / 1e3
    }
    milliseconds = Latency(
      mean: sorted.reduce(0.0) { $0 + Double($1) } / Double(sorted.count) / 1e3, p50: at(0.5),
      p90: at(0.9), p99: at(0.99), p999: at(0.999), max: Double(last) / 1e3)
  }

  func print() {
    Swift.print("\(calls) calls, \(Output.fixed(callsPerSecond, 0)) good ones a second")
    for (status, count) in statuses.sorted(by: { $0.key < $1.key }) {
      Swift.print("  \(status): \(count)")
    }
    if deviating > 0 { Swift.print("  another answer than the first: \(deviating)") }
    if let times = milliseconds {
      let shown = [
        ("mean", times.mean), ("p50", times.p50), ("p90", times.p90), ("p99", times.p99),
        ("p99.9", times.p999), ("max", times.max),
      ].map { "\($0.0) \(Output.fixed($0.1, 3))" }
      Swift.print("  ms: \(shown.joined(separator: ", "))")
    }
    for failure in failures.prefix(5) {
      Swift.print("  at \(Output.fixed(failure.at, 1)) s: \(failure.status): \(failure.message)")
    }
  }
}
