internal import ArgumentParser
internal import Protocols
internal import RPC

/// `martlet bench load`: the same inference again and again, at a steady rate or as fast as answers
/// come, with every status, every latency and every deviating answer counted.
struct BenchLoad: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Ask a model many times, and tell what became of each call.",
    discussion: """
      With --rate a call's latency counts from when it was due, so that a service that stalls \
      does not look better for being asked less. Without, each of the concurrent calls follows the \
      one before.

      Exit code 0 when every call ended with OK and every answer was that of the first (numbers of \
      float32 within 1e-4); 1 otherwise.
      """)
  @OptionGroup var options: ClientOptions
  @Argument(help: "The model.") var model: String
  @Option(help: "An input and the .npy file that holds it, NAME=FILE; may be given again.")
  var input: [String] = []
  @Option(name: .customLong("model-version"), help: "The model's version; default: the newest.")
  var version = ""
  @Option(help: "HTTP/2 connections.") var connections = 4
  @Option(help: "Calls open on each connection at one time, at most.") var calls = 16
  @Option(help: "Calls per second altogether; 0: as many as the service answers.") var rate = 0.0
  @Option(help: "For how long calls are started.") var seconds = 10.0
  @Flag(help: "Print one JSON document, with a row for each second.") var json = false

  func validate() throws {
    guard (1...1_000).contains(connections), (1...1_000).contains(calls) else {
      throw ValidationError("expected --connections and --calls from 1 to 1000")
    }
    guard seconds > 0, seconds <= 86_400, rate >= 0, rate <= 1e7 else {
      throw ValidationError("expected --seconds from 0 to 86400 and --rate from 0 to 10000000")
    }
  }

  func run() async throws {
    let request = try InferCommand.request(model, version, inputs: input).serialized()
    // Connected, and the model awake, before the clock starts; and the answer to compare with.
    let clients = try (0..<connections).map { _ in try options.connect() }
    var first: [UInt8] = []
    for client in clients { first = try await Self.ask(client, request) }
    let expected = try AnswerComparison(first: first)

    let schedule = LoadSchedule(rate: rate, seconds: seconds)
    let total = await withTaskGroup(of: LoadRecord.self) { group in
      for client in clients {
        for _ in 0..<calls {
          group.addTask { await Self.work(client, request, expected: expected, schedule) }
        }
      }
      return await group.reduce(into: LoadRecord()) { $0.merge($1) }
    }
    let report = LoadReport(total, elapsed: MonotonicTime.now() - schedule.start)
    if json { try Output.json(report) } else { report.print() }
    if !report.isGood { throw ExitCode(1) }
  }

  private static func ask(_ client: Connection, _ request: [UInt8]) async throws -> [UInt8] {
    try await client.client.unary(
      "/inference.GRPCInferenceService/ModelInfer", request, metadata: client.metadata,
      deadline: client.deadline)
  }

  /// One call after the other, each when it is due.
  private static func work(
    _ client: Connection, _ request: [UInt8], expected: AnswerComparison, _ schedule: LoadSchedule
  ) async -> LoadRecord {
    var record = LoadRecord()
    while let due = schedule.next() {
      let wait = due - MonotonicTime.now()
      if wait > .zero { try? await Task.sleep(for: wait) }
      let outcome: LoadRecord.Outcome
      do {
        outcome = expected.matches(try await ask(client, request)) ? .ok : .deviates
      } catch let error as RPCError {
        outcome = .failed(error)
      } catch {
        outcome = .failed(RPCError(code: .unknown, message: "\(error)"))
      }
      record.add(outcome, due: due - schedule.start, took: MonotonicTime.now() - due)
    }
    return record
  }
}
