internal import ArgumentParser
internal import EventLoop
internal import Glibc
internal import Training
internal import TrainingCluster

/// `martlet training-node FOLDER`: what a training with workers starts.
struct TrainingNodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "training-node",
    abstract:
      "Take part in a training as a worker or parameter server; the service starts these itself.",
    discussion: """
      FOLDER holds the certificates of one training and the address of its coordinator: \
      REPOSITORY/TENANT/.training/ID/cluster. With `"start": "elsewhere"` in the description's distribute, \
      this command starts the processes, on any machine that sees the repository \
      (docs/training.md). The process ends with the training, or when its coordinator is gone.
      """)
  @Argument(help: "The training's folder.") var folder: String
  @Option(help: "worker or server.") var role: String
  @Option(help: "The process's number among those of its role; default: the coordinator says.")
  var number: UInt32?
  @Option(help: "The name or address under which the others reach it.") var host = "127.0.0.1"

  func validate() throws {
    guard ClusterNode.Role(rawValue: role) != nil else {
      throw ValidationError("expected --role worker or server, got '\(role)'")
    }
  }

  func run() async throws {
    // Each step's gradients and parameters: with fresh pages, touching them costs as much as their sums.
    HeapTrimmer.keepLargeBlocks()
    let role = ClusterNode.Role(rawValue: role) ?? .worker
    do throws(TrainingError) {
      try await ClusterNode(folder: folder, role: role, number: number.map { Int($0) }, host: host)
        .run()
    } catch {
      throw CommandFailure(.unavailable, error.message)
    }
    // A worker's thread may still compute what nobody wants any more.
    fflush(nil)
    _exit(0)
  }
}
