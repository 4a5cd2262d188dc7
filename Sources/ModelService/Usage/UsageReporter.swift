internal import Protocols
internal import RPC
internal import Synchronization
internal import Telemetry

/// Brings what the meter has counted to the auth service. A report whose answer is lost is sent
/// again with its number, by which it is counted once; meanwhile the meter goes on counting.
actor UsageReporter {
  /// How a report is sent.
  typealias Send = @Sendable (MartletV1.ReportRequest) async throws -> Void

  /// Amounts of one report: some hundred kilobytes.
  static let amountCountMax = 1_000
  static let callTimeout = Duration.seconds(5)

  private let meter: UsageMeter
  private let send: Send
  private let log: LogWriter?
  private let reporter: String
  private var sequence: UInt64 = 0
  private var unanswered: MartletV1.ReportRequest?
  private var isFailing = false
  /// One report after the other: the last one, when a service stops, waits for one that is under way.
  private let turns = Turnstile()

  init(_ meter: UsageMeter, log: LogWriter?, send: @escaping Send) {
    (self.meter, self.log, self.send) = (meter, log, send)
    var generator = SystemRandomNumberGenerator()
    reporter = (0..<4).map { _ in
      String(UInt32.random(in: .min ... .max, using: &generator), radix: 36)
    }
    .joined(separator: "-")
  }

  /// Reports what there is. False when something is left, because the auth service did not answer.
  @discardableResult
  func report() async -> Bool {
    await turns.take()
    defer { turns.give() }
    while true {
      if unanswered == nil {
        let amounts = meter.take(Self.amountCountMax)
        if amounts.isEmpty { return true }
        sequence += 1
        var request = MartletV1.ReportRequest()
        request.reporter = reporter
        request.sequence = sequence
        request.amounts = amounts.map { MartletV1.UsageAmount($0.key, $0.value) }
        unanswered = request
      }
      guard let request = unanswered else { return true }
      do {
        try await send(request)
        unanswered = nil
        if isFailing {
          isFailing = false
          log?.write(.info, "usage is reported again") { _ in }
        }
      } catch let error as RPCError where error.code == .invalidArgument {
        // It would be refused for ever, and hold up all that comes after it.
        unanswered = nil
        log?.write(.error, "a report of usage was refused and is lost") {
          $0.field("reason", error.message)
        }
      } catch {
        // Once, not every few seconds.
        if !isFailing {
          isFailing = true
          log?.write(.warning, "usage cannot be reported now; it is kept and sent again") {
            $0.field("reason", "\(error)")
          }
        }
        return false
      }
    }
  }

  /// A way to the auth service: its instances in turn, the next one after a failure.
  static func sending(
    to endpoints: [Endpoint], tls: TLSConfiguration?
  ) throws -> Send {
    let clients = try endpoints.map { try Client(target: $0, tls: tls) }
    let next = Atomic(0)
    return { request in
      let index = next.load(ordering: .relaxed)
      do {
        let _: MartletV1.ReportResponse = try await clients[index % clients.count].unary(
          "/martlet.v1.Metering/Report", request, deadline: MonotonicTime.now() + callTimeout)
      } catch {
        next.store(index &+ 1, ordering: .relaxed)
        throw error
      }
    }
  }
}
