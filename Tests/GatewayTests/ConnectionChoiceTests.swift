import RPC
import Testing

@testable import Gateway

@Suite struct ConnectionChoiceTests {
  private typealias Load = ConnectionChoice.Load

  private func choose(_ loads: [ConnectionChoice.Load], high: Int = 100, max: Int = 4)
    -> ConnectionChoice.Answer
  {
    var settings = BalancingSettings()
    settings.outstandingPerConnectionHigh = high
    settings.connectionsPerInstanceMax = max
    return ConnectionChoice(settings).choose(loads.count) { loads[$0] }
  }

  private func ready(_ outstanding: Int, of streamsMax: Int = 1_000) -> ConnectionChoice.Load {
    Load(isReady: true, outstanding: outstanding, streamsMax: streamsMax)
  }

  private let connecting = ConnectionChoice.Load(isReady: false, outstanding: 5, streamsMax: 100)

  @Test func theFirstConnectionWithRoomTakesTheCall() {
    #expect(choose([ready(0)]) == .init(index: 0, opensAnother: false))
    #expect(choose([ready(99), ready(0)]) == .init(index: 0, opensAnother: false))
    #expect(choose([ready(100), ready(3)]) == .init(index: 1, opensAnother: false))
  }

  @Test func theHighWaterMarkOpensAnotherAndTheLeastBusyServesMeanwhile() {
    #expect(choose([ready(100)]) == .init(index: 0, opensAnother: true))
    #expect(choose([ready(120), ready(101)]) == .init(index: 1, opensAnother: true))
    #expect(choose([ready(120), connecting]) == .init(index: 0, opensAnother: false))
  }

  @Test func thePeersLimitCountsWhereItIsLower() {
    #expect(choose([ready(0, of: 1)]) == .init(index: 0, opensAnother: false))
    #expect(choose([ready(1, of: 1), ready(0, of: 1)]) == .init(index: 1, opensAnother: false))
  }

  @Test func noCallWaitsAtThePeersLimitForAnothersEnd() {
    let full = ready(7, of: 7)
    #expect(choose([full]) == .init(index: 1, opensAnother: true))
    #expect(choose([full, connecting]) == .init(index: 1, opensAnother: false))
    // A connection that is being made is filled as far as the peer's limit is known.
    let small = ready(5, of: 5)
    #expect(choose([small, connecting]) == .init(index: 2, opensAnother: true))
    #expect(choose([small, connecting], max: 2) == .init(index: 0, opensAnother: false))
  }

  @Test func thereAreNeverMoreThanTheMaximum() {
    let full = [ConnectionChoice.Load](repeating: ready(500), count: 4)
    #expect(choose(full) == .init(index: 0, opensAnother: false))
    #expect(choose(full, max: 5) == .init(index: 0, opensAnother: true))
  }

  @Test func onlyWhoHasNoOtherWaitsForAConnection() {
    #expect(choose([]) == .init(index: nil, opensAnother: false))
    #expect(choose([connecting]) == .init(index: 0, opensAnother: false))
    #expect(choose([connecting, ready(100)]) == .init(index: 1, opensAnother: false))
  }
}
