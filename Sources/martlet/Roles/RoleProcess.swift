internal import Glibc
internal import RPC

/// A command that is a role: it runs until a signal ends it.
protocol RoleCommand {}

/// The frame of every role's process: signals, readiness, and the tie to its supervisor.
enum RoleProcess {
  /// Where a supervisor waits for the line `ready`; the number of an open descriptor.
  static let readyVariable = "MARTLET_READY_FD"
  /// A pipe whose other end only the supervisor holds: its end means that the supervisor is gone.
  static let lifelineVariable = "MARTLET_LIFELINE_FD"

  private static let ending = [SIGTERM, SIGINT]
  private static let blocked = ending + [SIGCHLD]

  /// Keeps the ending signals for `waitForEnd`. It must happen on the main thread before another
  /// thread starts: a thread inherits what its maker blocks.
  static func blockSignals() {
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
    _ name: String, _ start: () async throws -> @Sendable () async -> Void
  ) async throws {
    let drain: @Sendable () async -> Void
    do {
      drain = try await start()
    } catch {
      throw CommandFailure(.configuration, "the \(name) cannot start: \(error)")
    }
    reportReady()
    ProcessMemory.releaseAfterStart()
    await waitForEnd()
    await drain()
  }

  /// Tells the supervisor, if there is one, that calls are answered from now on.
  static func reportReady() {
    guard let descriptor = descriptor(readyVariable) else { return }
    _ = "ready\n".withCString { write(descriptor, $0, 6) }
    close(descriptor)
  }

  /// Returns when SIGTERM or SIGINT arrives, or when the supervisor has died.
  static func waitForEnd() async {
    if let lifeline = descriptor(lifelineVariable) {
      Thread.spawn(name: "lifeline") {
        var byte: UInt8 = 0
        while read(lifeline, &byte, 1) > 0 || errno == EINTR {}
        kill(getpid(), SIGTERM)
      }
    }
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      Thread.spawn(name: "signals") {
        var set = signals(ending)
        var signal: Int32 = 0
        while sigwait(&set, &signal) != 0 {}
        continuation.resume()
      }
    }
  }

  private static func descriptor(_ variable: String) -> Int32? {
    ClientOptions.environment(variable).flatMap { Int32($0) }
  }
}
