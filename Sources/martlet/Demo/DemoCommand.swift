internal import ArgumentParser
internal import ModelFormats
internal import Protocols
internal import RPC

/// `martlet demo`: asks the bundled models about held-back data, as an ordinary client does, and
/// prints what a person can judge.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Ask the bundled models about real data and print questions and answers.",
    discussion: "The models must be deployed under their names; `make demo` does all of it.")
  @OptionGroup var options: ClientOptions
  @Option(help: "The folder of the bundled models.") var models = "Models"
  @Option(help: "How many calls to time.") var calls = 1000

  func run() async throws {
    let connection = try options.connect()
    try await DigitsDemo(model: try BundledModel("digits", in: models)).run(connection)
    for name in ["diabetes", "breast-cancer", "wine"] {
      try await TableDemo(model: try BundledModel(name, in: models)).run(connection)
    }
    try await latency(connection, model: try BundledModel("digits", in: models))
  }

  private func latency(_ connection: Connection, model: BundledModel) async throws {
    guard calls > 0 else { return }
    let requests = (0..<model.rowCount).map { model.request(rows: $0..<$0 + 1) }
    var times: [Duration] = []
    for i in 0..<calls {
      let start = MonotonicTime.now()
      _ = try await model.ask(connection, requests[i % requests.count])
      times.append(.now() - start)
    }
    times.sort()
    let at = { (share: Double) in
      Output.fixed(times[min(Int(Double(times.count) * share), times.count - 1)].milliseconds, 3)
    }
    print(
      """

      \(calls) calls of digits, one at a time, through TLS, key check and rights check: \
      p50 \(at(0.5)) ms, p99 \(at(0.99)) ms
      """)
  }
}

extension Duration {
  var milliseconds: Double {
    Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15
  }
}
