internal import Dispatch
internal import Glibc
internal import Protocols
internal import RPC
internal import Synchronization
internal import Training

/// A worker's view of the coordinator and of the parameter servers. Calls are the worker thread's; assignments
/// come from the task that reads them.
final class RemoteLinks: WorkerLinks, Sendable {
  private struct State {
    var assignment: ClusterAssignment?
    var addresses: [String] = []
    var servers: [Client] = []
    var end: TrainingError?
  }

  private let tls: TLSConfiguration
  private let state = Mutex(State())
  private let news = DispatchSemaphore(value: 0)
  /// Before a server that could not be reached is tried again.
  private static let pauseMicroseconds: UInt32 = 20_000

  init(tls: TLSConfiguration) { self.tls = tls }

  /// Takes what the coordinator said.
  func take(_ message: MartletV1.ClusterAssignment) throws {
    try state.withLock { state in
      // A server's place does not tell whether it is the same process: the address does.
      if state.addresses != message.servers {
        let known = Dictionary(
          zip(state.addresses, state.servers), uniquingKeysWith: { first, _ in first })
        state.servers = try message.servers.map { address in
          try known[address]
            ?? Client(
              target: Endpoint(parsing: address), tls: tls, configuration: .ofTraining,
              loop: clusterLoop)
        }
        state.addresses = message.servers
      }
      state.assignment = ClusterAssignment(message)
    }
    news.signal()
  }

  /// There is no coordinator any more: the worker ends at its next call.
  func end() {
    state.withLock { $0.end = TrainingError(.cancelled, "the training is over") }
    news.signal()
  }

  func assignment(after generation: Int) throws(TrainingError) -> ClusterAssignment {
    while true {
      let (found, end) = state.withLock { ($0.assignment, $0.end) }
      if let end { throw end }
      if let found, found.generation > generation || found.isOver { return found }
      news.wait()
    }
  }

  func isCurrent(_ generation: Int) -> Bool {
    state.withLock { $0.end == nil && $0.assignment?.generation == generation }
  }

  func exchange(
    _ requests: [Int: ExchangeRequest]
  ) throws(TrainingError) -> [Int: ExchangeReply] {
    let (servers, end) = state.withLock { ($0.servers, $0.end) }
    if let end { throw end }
    let result = waiting {
      await withTaskGroup(of: (Int, ExchangeReply?).self) { group in
        for (number, request) in requests where number < servers.count {
          group.addTask { (number, try? await Self.ask(servers[number], request)) }
        }
        var replies: [Int: ExchangeReply] = [:]
        for await (number, reply) in group { replies[number] = reply }
        return replies
      }
    }
    let replies = (try? result.get()) ?? [:]
    if replies.isEmpty { usleep(Self.pauseMicroseconds) }
    return replies
  }

  private static func ask(
    _ server: Client, _ request: ExchangeRequest
  ) async throws -> ExchangeReply? {
    let (writer, responses):
      (
        RequestWriter<NumberPart<MartletV1.ExchangeRequest>>,
        ResponseStream<NumberPart<MartletV1.ExchangeResponse>>
      ) = try await server.bidirectional(ParameterServerHandlers.service + "Exchange")
    try await NumberParts.send(
      request.message, request.push?.encoded ?? EncodedNumbers(), to: writer)
    try await writer.finish()
    let (first, numbers) = try await NumberParts.receive(responses, byteCountMax: Int.max)
    return first.flatMap { ExchangeReply($0, numbers) }
  }
}
