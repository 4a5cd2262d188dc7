internal import EventLoop
internal import RPCWire
internal import Synchronization
public import Telemetry

/// What operators see of TLS handshakes: counts, and a log line for each kind of failure, a few
/// a minute. One for each process.
public final class TLSMonitor: Sendable {
  private let log: LogWriter?
  private let full: Counter
  private let resumed: Counter
  private let failures: [TLSFailure: Counter]
  private let limiters = Mutex<[TLSFailure: LogLimiter]>([:])
  /// Handshakes under way.
  let inProgress: Gauge
  /// Connections whose handshake has not begun, because too many are under way.
  let waiting: Gauge

  /// Registers the metrics.
  public init(_ metrics: Metrics, log: LogWriter?) {
    self.log = log
    let handshakes = "martlet_tls_handshakes_total"
    let help = "TLS handshakes of clients that were completed, by kind."
    full = metrics.counter(handshakes, help: help, labels: ["kind": "full"])
    resumed = metrics.counter(handshakes, help: help, labels: ["kind": "resumed"])
    var failures: [TLSFailure: Counter] = [:]
    for failure in TLSFailure.allCases where failure != .files {
      failures[failure] = metrics.counter(
        "martlet_tls_handshake_failures_total",
        help: "TLS handshakes of clients that failed, by reason.",
        labels: ["reason": failure.rawValue])
    }
    self.failures = failures
    inProgress = metrics.gauge(
      "martlet_tls_handshakes_in_progress", help: "TLS handshakes of clients under way now.")
    waiting = metrics.gauge(
      "martlet_tls_handshakes_waiting",
      help: "Connections waiting because handshakes_per_loop_max handshakes are under way.")
  }

  func completed(isResumed: Bool, shard: Int) {
    (isResumed ? resumed : full).add(shard: shard)
  }

  /// `peer` is asked for only when the line is written.
  func failed(_ error: TLSError, now: MonotonicTime, shard: Int, peer: () -> String) {
    failures[error.code]?.add(shard: shard)
    // Who only looks whether the port is open (load balancers do) is no event.
    guard let log, error.code != .closedByPeer else { return }
    let suppressed = limiters.withLock { limiters in
      limiters[error.code, default: LogLimiter()].admit(now: now.nanoseconds)
    }
    guard let suppressed else { return }
    log.write(.warning, "a TLS handshake failed") { line in
      line.field("reason", error.code.rawValue)
      line.field("detail", error.message)
      line.field("peer", peer())
      if suppressed > 0 { line.field("suppressed", suppressed) }
    }
  }
}
