internal import ArgumentParser
internal import Interop
internal import RPC

/// `martlet interop-client`: the client's side of gRPC's interoperability tests.
struct InteropClientCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "interop-client",
    abstract: "Test mode: run cases of gRPC's interoperability tests against a server.",
    discussion: """
      Prints one line a case and ends with 0 when all of them passed. Cases: \
      \(InteropCase.allCases.map(\.rawValue).joined(separator: ", ")).
      """)
  @Option(name: .customLong("case"), help: "A case's name, or all; may be given several times.")
  var cases: [String] = ["all"]
  @Option(help: "A case of gRPC's negative HTTP/2 server instead; may be given several times.")
  var negative: [String] = []
  @Option(help: "The server's HOST:PORT.") var server: String
  @Option(help: "A PEM authority: speak TLS and trust this. Without it: clear text.")
  var ca: String?
  @Option(help: "The name in the server's certificate, instead of the host.")
  var serverName: String?
  @Option(help: "NAME:VALUE to send with each call; may be given several times.")
  var additionalMetadata: [String] = []
  @Option(help: "Calls of the two soak cases.") var soakIterations = 10
  @Option(help: "Seconds after which a case has failed.") var timeout: Double = 60

  func run() async throws {
    guard let endpoint = try? Endpoint(parsing: server) else {
      throw CommandFailure(.usage, "expected --server HOST:PORT, got '\(server)'")
    }
    let chosen =
      negative.isEmpty
      ? try cases.flatMap { try Self.cases(named: $0) } : try negative.map(Self.negative)
    var metadata = Metadata()
    for pair in additionalMetadata {
      guard let colon = pair.firstIndex(of: ":"), colon != pair.startIndex else {
        throw CommandFailure(.usage, "expected --additional-metadata NAME:VALUE, got '\(pair)'")
      }
      metadata.add(String(pair[..<colon]), String(pair[pair.index(after: colon)...]))
    }
    let tls = ca.map { TLSConfiguration(trustRoots: $0, serverName: serverName) }
    var soak = InteropClient.Soak()
    soak.iterations = soakIterations
    let client = try InteropClient(metadata: metadata, soak: soak) { configuration in
      try Client(target: endpoint, tls: tls, configuration: configuration)
    }
    defer { client.close() }
    var failedCount = 0
    for testCase in chosen {
      do {
        try await run(testCase, client)
        print("ok    \(testCase.name)")
      } catch {
        failedCount += 1
        print("FAIL  \(testCase.name): \(error)")
      }
    }
    guard failedCount == 0 else {
      throw CommandFailure(.software, "\(failedCount) of \(chosen.count) cases failed")
    }
  }

  /// A case of either suite.
  private struct Case: Sendable {
    var name: String
    var run: @Sendable (InteropClient) async throws -> Void

    init(_ testCase: InteropCase) {
      name = testCase.rawValue
      run = { try await $0.run(testCase) }
    }

    init(_ testCase: NegativeCase) {
      name = testCase.rawValue
      run = { try await $0.run(testCase) }
    }
  }

  private static func cases(named name: String) throws(CommandFailure) -> [Case] {
    if name == "all" { return InteropCase.allCases.map { Case($0) } }
    guard let testCase = InteropCase(rawValue: name) else {
      throw CommandFailure(.usage, "no case '\(name)'; see martlet interop-client --help")
    }
    return [Case(testCase)]
  }

  private static func negative(_ name: String) throws(CommandFailure) -> Case {
    guard let testCase = NegativeCase(rawValue: name) else {
      let names = NegativeCase.allCases.map(\.rawValue).joined(separator: ", ")
      throw CommandFailure(.usage, "no negative case '\(name)'; expected \(names)")
    }
    return Case(testCase)
  }

  /// A case that hangs has failed.
  private func run(_ testCase: Case, _ client: InteropClient) async throws {
    let limit = Duration.seconds(timeout)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await testCase.run(client) }
      group.addTask {
        try await Task.sleep(for: limit)
        client.close()
        throw InteropFailure(message: "expected an end within \(limit), got none")
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }
}
