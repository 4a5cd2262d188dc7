internal import EventLoop
public import RPCWire
internal import Synchronization
public import Telemetry

/// Keeps the certificates of one process as fresh as their files: looks at the files every
/// second, loads what has changed, and keeps what it has when the new files cannot be used.
/// Connections that are open are not touched.
public final class TLSReloader: Sendable {
  private struct Watched: Sendable {
    let name: String
    let source: TLSContextSource
    var detector: FileChangeDetector
    var staplingProblem: String?
    let succeeded: Counter
    let failed: Counter
  }

  private let metrics: Metrics
  private let log: LogWriter?
  private let watched = Mutex<[Watched]>([])
  private let loop = EventLoop()

  /// A second between looks: a few system calls, and a new certificate is in use within two.
  private static let interval = Duration.seconds(1)

  /// Watches nothing yet.
  public init(_ metrics: Metrics, log: LogWriter?) {
    self.metrics = metrics
    self.log = log
  }

  /// Loads a configuration's files and watches them from then on. `name` says what the
  /// certificate is for: `server`, or the service it is shown to.
  public func load(
    _ configuration: TLSConfiguration, side: TLSContext.Side, as name: String
  ) throws(TLSError) -> TLSContextSource {
    // Before the files are read: a change during the reading is then noticed.
    let stamps = configuration.files.map { FileStamp($0) }
    let source = try TLSContextSource(configuration, side: side)
    let reloads = "martlet_tls_reloads_total"
    let help = "Times that certificates were loaded again, by what they are for and result."
    let entry = Watched(
      name: name, source: source, detector: FileChangeDetector(stamps),
      succeeded: metrics.counter(
        reloads, help: help, labels: ["certificate": name, "result": "success"]),
      failed: metrics.counter(
        reloads, help: help, labels: ["certificate": name, "result": "failure"]))
    watched.withLock { $0.append(entry) }
    metrics.gauge(
      "martlet_tls_certificate_not_after_seconds",
      help: "When the certificate in use ends, in seconds since 1970.",
      labels: ["certificate": name]
    ) { Double(source.current.certificate?.notAfter ?? 0) }
    if source.configuration.ocspResponse != nil {
      metrics.gauge(
        "martlet_tls_ocsp_next_update_seconds",
        help: "When the stapled OCSP response ends, in seconds since 1970; 0 without one.",
        labels: ["certificate": name]
      ) { Double(source.current.stapledUntil ?? 0) }
    }
    check(at: .now(), calendar: Timestamp.now().seconds)
    return source
  }

  /// Begins to look at the files, on a thread of its own: a file system may be slow.
  public func start() {
    guard watched.withLock({ !$0.isEmpty }) else { return }
    loop.start(name: "tls-files")
    loop.execute { [self] in scheduleCheck() }
  }

  /// Ends the looking.
  public func stop() {
    loop.stop()
  }

  /// Loads everything now, changed or not; what SIGHUP asks for.
  public func reload() {
    let calendar = Timestamp.now().seconds
    watched.withLock { watched in
      for index in watched.indices {
        watched[index].detector.loaded(
          watched[index].source.configuration.files.map { FileStamp($0) })
        reload(&watched[index], calendar)
      }
    }
  }

  private func scheduleCheck() {
    loop.schedule(after: Self.interval) { [self] in
      check(at: loop.now, calendar: Timestamp.now().seconds)
      scheduleCheck()
    }
  }

  /// One look. `calendar` is in seconds since 1970.
  func check(at now: MonotonicTime, calendar: Int64) {
    watched.withLock { watched in
      for index in watched.indices {
        let source = watched[index].source
        source.advance(monotonic: now.nanoseconds, calendar: calendar)
        if watched[index].detector.look(source.configuration.files.map { FileStamp($0) }) {
          reload(&watched[index], calendar)
        }
        reportStapling(&watched[index], calendar)
      }
    }
  }

  private func reload(_ entry: inout Watched, _ calendar: Int64) {
    let name = entry.name
    do throws(TLSError) {
      try entry.source.reload(now: calendar)
      entry.succeeded.add()
      let certificate = entry.source.current.certificate
      log?.write(.info, "certificates were loaded again") { line in
        line.field("certificate", name)
        guard let certificate else { return }
        line.field("subject", certificate.subject)
        line.field("not_after", Timestamp(seconds: certificate.notAfter))
        line.field("fingerprint", certificate.fingerprint)
      }
    } catch {
      entry.failed.add()
      log?.write(.error, "new certificates cannot be used; the old ones stay") { line in
        line.field("certificate", name)
        line.field("reason", error.message)
      }
    }
  }

  private func reportStapling(_ entry: inout Watched, _ calendar: Int64) {
    let problem = entry.source.current.staplingProblem(now: calendar)
    defer { entry.staplingProblem = problem }
    guard let problem, problem != entry.staplingProblem else { return }
    let name = entry.name
    log?.write(.warning, "no OCSP response is sent") { line in
      line.field("certificate", name)
      line.field("reason", problem)
    }
  }
}
