import Generation
import Protocols
import RPC
import Synchronization
import Testing

@testable import ModelService

@Suite struct UsageReporterTests {
  /// An auth service that counts each report once, and can be away.
  private final class Receiver: Sendable {
    struct State {
      var isAway = false
      var losesAnswers = false
      var last: [String: UInt64] = [:]
      var generated: [String: UInt64] = [:]
      var requests: UInt64 = 0
      var calls = 0
    }
    let state = Mutex(State())

    func take(_ report: MartletV1.ReportRequest) throws {
      try state.withLock { state in
        state.calls += 1
        if state.isAway { throw RPCError(code: .unavailable, message: "away") }
        if report.sequence > state.last[report.reporter] ?? 0 {
          state.last[report.reporter] = report.sequence
          for amount in report.amounts {
            state.generated["\(amount.tenant)/\(amount.keyID)/\(amount.model)", default: 0] +=
              amount.generatedTokens
            state.requests += amount.requests
          }
        }
        if state.losesAnswers { throw RPCError(code: .unavailable, message: "lost") }
      }
    }
  }

  private func usage(_ generated: Int) -> GenerationUsage {
    var usage = GenerationUsage()
    usage.generatedTokens = generated
    return usage
  }

  private let caller = Caller(tenant: "acme", keyID: "key", actions: .infer)

  @Test func amountsAreSummedUntilTheyAreReported() async {
    let (meter, receiver) = (UsageMeter(), Receiver())
    let reporter = UsageReporter(meter, log: nil) { try receiver.take($0) }
    #expect(await reporter.report())
    #expect(receiver.state.withLock { $0.calls } == 0)
    var other = caller
    other.tenant = "other"
    for _ in 0..<5 { meter.count(usage(3), caller, model: "a") }
    meter.count(usage(7), other, model: "a")
    #expect(await reporter.report())
    let state = receiver.state.withLock { ($0.generated, $0.requests, $0.calls) }
    #expect(state.0 == ["acme/key/a": 15, "other/key/a": 7])
    #expect(state.1 == 6 && state.2 == 1)
  }

  @Test func whatIsNotAnsweredIsSentAgainAndCountedOnce() async {
    let (meter, receiver) = (UsageMeter(), Receiver())
    let reporter = UsageReporter(meter, log: nil) { try receiver.take($0) }
    meter.count(usage(1), caller, model: "a")
    receiver.state.withLock { $0.isAway = true }
    #expect(await !reporter.report())
    // Counting goes on meanwhile.
    meter.count(usage(10), caller, model: "a")
    receiver.state.withLock { ($0.isAway, $0.losesAnswers) = (false, true) }
    #expect(await !reporter.report())
    #expect(await !reporter.report())
    receiver.state.withLock { $0.losesAnswers = false }
    #expect(await reporter.report())
    #expect(receiver.state.withLock { $0.generated } == ["acme/key/a": 11])
    #expect(receiver.state.withLock { $0.requests } == 2)
  }

  /// A report that begins while another is under way is there for what came meanwhile, too.
  @Test func reportsDoNotOvertakeEachOther() async {
    for _ in 0..<200 {
      let (meter, receiver) = (UsageMeter(), Receiver())
      let reporter = UsageReporter(meter, log: nil) { request in
        for _ in 0..<5 { await Task.yield() }
        try receiver.take(request)
        for _ in 0..<5 { await Task.yield() }
      }
      meter.count(usage(1), caller, model: "a")
      let first = Task { await reporter.report() }
      for _ in 0..<3 { await Task.yield() }
      meter.count(usage(10), caller, model: "a")
      #expect(await reporter.report())
      // Nothing is under way any more: what was counted before has arrived.
      #expect(receiver.state.withLock { $0.generated } == ["acme/key/a": 11])
      _ = await first.value
    }
  }

  /// What the auth service will never take must not hold up the rest.
  @Test func aReportThatIsRefusedDoesNotStopTheNext() async {
    let (meter, receiver) = (UsageMeter(), Receiver())
    let reporter = UsageReporter(meter, log: nil) { request in
      if request.amounts.contains(where: { $0.keyID.isEmpty }) {
        throw RPCError(code: .invalidArgument, message: "expected names of 1–256 bytes, got 0")
      }
      try receiver.take(request)
    }
    var nameless = caller
    nameless.keyID = ""
    meter.count(usage(1), nameless, model: "a")
    #expect(await reporter.report())
    meter.count(usage(10), caller, model: "a")
    #expect(await reporter.report())
    #expect(receiver.state.withLock { $0.generated } == ["acme/key/a": 10])
  }

  @Test func manyKeysTakeSeveralReports() async {
    let (meter, receiver) = (UsageMeter(), Receiver())
    let reporter = UsageReporter(meter, log: nil) { try receiver.take($0) }
    for number in 0..<2_500 {
      var caller = caller
      caller.keyID = "key\(number)"
      meter.count(usage(1), caller, model: "a")
    }
    #expect(await reporter.report())
    #expect(receiver.state.withLock { $0.calls } == 3)
    #expect(receiver.state.withLock { $0.generated.count } == 2_500)
  }
}
