internal import CLinux
internal import Glibc
package import Training

/// Starts the processes of a training.
package protocol NodeLauncher: Sendable {
  /// Starts one, which joins by the folder.
  func launch(
    folder: String, role: ClusterNode.Role, number: Int
  ) throws(TrainingError) -> any NodeHandle
}

/// A process that was started.
package protocol NodeHandle: AnyObject {
  /// Whether it has not ended.
  var isAlive: Bool { get }
  /// Ends it at once.
  func kill()
}

/// Starts this same program with the command `training-node`. The processes have the priority of the thread
/// that starts them.
package struct ProcessLauncher: NodeLauncher {
  package init() {}

  package func launch(
    folder: String, role: ClusterNode.Role, number: Int
  ) throws(TrainingError) -> any NodeHandle {
    let words = [
      "martlet", "training-node", folder, "--role", role.rawValue, "--number", "\(number)",
    ]
    var arguments = words.map { strdup($0) } + [nil]
    var environment = Self.environment().map { strdup($0) } + [nil]
    defer { for string in arguments + environment { free(string) } }
    let id = martlet_spawn_self(&arguments, &environment)
    guard id > 0 else {
      throw TrainingError(
        .resources, "a \(role) cannot be started: \(String(cString: strerror(-id)))")
    }
    return ChildProcess(id)
  }

  /// What a node's libraries and Compute read. What else a service's environment may hold, an object store's keys
  /// for example, is not a node's business.
  private static func environment() -> [String] {
    let names = ["TZ", "TMPDIR", "LD_LIBRARY_PATH", "GLIBC_TUNABLES", "MARTLET_ISA"]
    return names.compactMap { name in
      getenv(name).map { "\(name)=\(String(cString: $0))" }
    }
  }
}

/// A child of this process. For one thread.
private final class ChildProcess: NodeHandle {
  private let id: pid_t
  private var hasEnded = false

  init(_ id: pid_t) { self.id = id }

  var isAlive: Bool {
    if !hasEnded {
      var status: Int32 = 0
      let found = waitpid(id, &status, WNOHANG)
      hasEnded = found == id || found < 0 && errno == ECHILD
    }
    return !hasEnded
  }

  func kill() {
    guard isAlive else { return }
    _ = Glibc.kill(id, SIGKILL)
    // A killed process ends as soon as it is out of the kernel.
    for _ in 0..<500 where isAlive { usleep(10_000) }
  }

  deinit { kill() }
}
