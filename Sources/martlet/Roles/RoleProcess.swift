internal import Glibc
internal import RPC

/// A command that is a role: it runs until a signal ends it.
protocol RoleCommand {}

/// What a role's process does when it is told to.
struct RunningRole {
  /// Finishes what is under way and stops.
  var drain: @Sendable () async -> Void
  /// Loads certificates again.
  var reload: @Sendable () -> Void
}

/// The frame of every role's process: signals, readiness, and the tie to its supervisor.
enum RoleProcess {
  /// Where a supervisor waits for the line `ready`; the number of an open descriptor.
  static let readyVariable = "MARTLET_READY_FD"
  /// A pipe whose other end only the supervisor holds: its end means that the supervisor is gone.
  static let lifelineVariable = "MARTLET_LIFELINE_FD"

  private static let ending = [SIGTERM, SIGINT]
  private static let waited = ending + [SIGHUP]
  private static let blocked = waited + [SIGCHLD]

  /// Keeps the signals for `waitForEnd`. It must happen on the main thread before another
  /// thread starts: a thread inherits what its maker blocks.
  static func blockSignals() {
    // `nohup` has it ignored; here it means to load the certificates again.
    signal(SIGHUP, SIG_DFL)
    var set = signals(blocked)
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  private static func signals(_ numbers: [Int32]) -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in numbers { sigaddset(&set, signal) }
    return set
  }

  /// Starts a service, says that it is ready, and drains it when the process is told to end.
  static func serve(
    _ name: String, _ start: () async throws -> RunningRole
  ) async throws {
    allowManyConnections()
    let role: RunningRole
    do {
      role = try await start()
    } catch {
      throw CommandFailure(.configuration, "the \(name) cannot start: \(error)")
    }
    reportReady()
    let release = Task {
      // By then the first connections to other roles are made, whose code is as seldom needed as the start's.
      guard (try? await Task.sleep(for: .milliseconds(500))) != nil else { return }
      ProcessMemory.releaseAfterStart()
    }
    defer { release.cancel() }
    await waitForEnd(reload: role.reload)
    await role.drain()
  }

  /// Each connection is a descriptor, and the usual soft limit of 1,024 is there for programs that
  /// use `select`.
  private static func allowManyConnections() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  /// Tells the supervisor, if there is one, that calls are answered from now on.
  static func reportReady() {
    guard let descriptor = descriptor(readyVariable) else { return }
    _ = "ready\n".withCString { write(descriptor, $0, 6) }
    close(descriptor)
  }

  /// Returns when SIGTERM or SIGINT arrives, or when the supervisor has died; calls `reload` at
  /// every SIGHUP, and looks after the heap meanwhile.
  static func waitForEnd(reload: @escaping @Sendable () -> Void = {}) async {
    if let lifeline = descriptor(lifelineVariable) {
      Thread.spawn(name: "lifeline") {
        var byte: UInt8 = 0
        while read(lifeline, &byte, 1) > 0 || errno == EINTR {}
        kill(getpid(), SIGTERM)
      }
    }
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      Thread.spawn(name: "signals") {
        var set = signals(waited)
        var heap = HeapTrimmer()
        var pause = timespec(tv_sec: 5, tv_nsec: 0)
        while true {
          switch sigtimedwait(&set, nil, &pause) {
          case SIGHUP: reload()
          case 1...: return continuation.resume()
          // Nothing came for a while, or a debugger did.
          default: heap.look()
          }
        }
      }
    }
  }

  private static func descriptor(_ variable: String) -> Int32? {
    ClientOptions.environment(variable).flatMap { Int32($0) }
  }
}
