internal import ArgumentParser

/// `martlet bench`: figures of this machine, for `make bench` and for people.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure kernels, models and calls on this machine.",
    discussion: "`make bench` runs all of it beside ONNX Runtime and grpcio.",
    subcommands: [
      BenchKernels.self, BenchServe.self, BenchGenerate.self, BenchPerplexity.self,
      BenchStartup.self, BenchTrain.self,
      BenchRPC.self, BenchLoad.self,
    ])
}
