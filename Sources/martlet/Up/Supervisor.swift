internal import Glibc

/// Keeps the roles of one machine alive: starts them, starts again what dies, ends them in order.
struct Supervisor {
  /// A process that lived this long is not in a loop of dying.
  static let healthySeconds = 10
  /// The longest pause before a process that keeps dying is started again.
  static let pauseSecondsMax = 8
  /// How long a role may take to finish the calls it has before it is ended hard.
  static let drainSeconds = 15
  /// How often certificates are looked at: they are renewed when less than 30 days are left.
  static let renewalSeconds = 12 * 3_600

  private let directory: DataDirectory
  private var children: [Child]
  private let lifeline: [Int32]
  private let renewCertificates: () throws -> Void
  private var renewedAt = Supervisor.now()
  private var isStopping = false

  init(
    directory: DataDirectory, children: [Child], renewCertificates: @escaping () throws -> Void
  ) throws(CommandFailure) {
    self.directory = directory
    self.children = children
    self.renewCertificates = renewCertificates
    lifeline = try closingPipe()
  }

  private static func signals() -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGCHLD] { sigaddset(&set, signal) }
    return set
  }

  private static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec
  }

  /// Starts every role and returns when all of them answer.
  mutating func start(readyMilliseconds: Int32) throws(CommandFailure) {
    for i in children.indices {
      try children[i].start(in: directory, lifeline: lifeline[0], now: Self.now())
    }
    for child in children where !child.waitUntilReady(milliseconds: readyMilliseconds) {
      let name = child.name
      stop()
      throw CommandFailure(
        .unavailable,
        "the \(name) process did not become ready; see \(directory.logs)/\(name).log")
    }
  }

  /// Returns after SIGTERM or SIGINT, when every role has ended.
  mutating func run() {
    var set = Self.signals()
    while true {
      var wait = timespec(tv_sec: 1, tv_nsec: 0)
      let signal = sigtimedwait(&set, nil, &wait)
      if signal == SIGTERM || signal == SIGINT { return stop() }
      if signal == SIGHUP {
        // Of somebody at a terminal it says that he has left.
        if isatty(STDIN_FILENO) == 1 { return stop() }
        reload()
      }
      if Self.now() - renewedAt >= Self.renewalSeconds { renew() }
      reap()
      restart()
    }
  }

  /// Has every role load its certificates again.
  private mutating func reload() {
    renew()
    for child in children {
      if let pid = child.pid { kill(pid, SIGHUP) }
    }
  }

  /// Replaces certificates that end soon; the roles notice by themselves.
  private mutating func renew() {
    renewedAt = Self.now()
    do {
      try renewCertificates()
    } catch {
      report("the certificates cannot be renewed: \(error)")
    }
  }

  private mutating func reap() {
    var status: Int32 = 0
    while true {
      let pid = waitpid(-1, &status, WNOHANG)
      if pid <= 0 { return }
      guard let i = children.firstIndex(where: { $0.pid == pid }) else { continue }
      children[i].ended()
      unlink("\(directory.run)/\(children[i].name).pid")
      if isStopping { continue }
      let lived = Self.now() - children[i].startedAt
      children[i].quickDeaths = lived < Self.healthySeconds ? children[i].quickDeaths + 1 : 0
      // The first death costs nobody a pause; a loop of deaths is slowed down.
      let deaths = children[i].quickDeaths
      let pause = deaths <= 1 ? 0 : min(1 << min(deaths - 2, 10), Self.pauseSecondsMax)
      children[i].restartAt = Self.now() + pause
      report("\(children[i].name) ended (\(Self.describe(status))); starting it again")
    }
  }

  private mutating func restart() {
    let now = Self.now()
    for i in children.indices {
      guard let at = children[i].restartAt, at <= now else { continue }
      do {
        try children[i].start(in: directory, lifeline: lifeline[0], now: now)
      } catch {
        children[i].restartAt = now + Self.pauseSecondsMax
        report(error.message)
      }
    }
  }

  /// Ends the roles: the gateway first, so that the others see no new calls.
  private mutating func stop() {
    isStopping = true
    for role in ["gateway", "model", "auth"] {
      for child in children where child.role == role {
        if let pid = child.pid { kill(pid, SIGTERM) }
      }
      let deadline = Self.now() + Self.drainSeconds
      while children.contains(where: { $0.role == role && $0.pid != nil }) {
        reap()
        if Self.now() >= deadline {
          for child in children where child.role == role {
            if let pid = child.pid { kill(pid, SIGKILL) }
          }
        }
        var set = Self.signals()
        var wait = timespec(tv_sec: 0, tv_nsec: 50_000_000)
        _ = sigtimedwait(&set, nil, &wait)
      }
    }
  }

  private func report(_ text: String) {
    let line = "martlet: \(text)\n"
    _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
  }

  // The macros of wait.h: a status below 128 is the signal that ended the process.
  private static func describe(_ status: Int32) -> String {
    status & 0x7F == 0 ? "exit \(status >> 8 & 0xFF)" : "signal \(status & 0x7F)"
  }
}
