internal import ArgumentParser

/// `martlet bench`: figures of this machine, each beside the machine's own limit.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure kernels, calls and models on this machine.",
    subcommands: [])
}
