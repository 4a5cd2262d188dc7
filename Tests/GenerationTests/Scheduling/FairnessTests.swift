import Testing

@testable import Generation

struct FairnessTests {
  /// Jain's index of what tenants with one to a hundred streams were charged over 2,000 steps.
  @Test func tenantsWithWorkGetEqualShares() throws {
    let engine = try SchedulerTests.Engine(SchedulerTests.configuration(pages: 200))
    let streams = [100, 40, 10, 3]
    // The more streams, the longer their prompts: nobody gains by asking for more.
    func submit(_ tenant: Int, _ index: Int) throws {
      _ = try engine.scheduler.submit(
        GenerationRequest(
          tenant: "\(tenant)",
          prompt: SchedulerTests.prompt(20 + 60 * (3 - tenant), seed: index * 4 + tenant),
          generatedTokensMax: 20 + index % 30))
    }
    for (tenant, count) in streams.enumerated() {
      for index in 0..<count { try submit(tenant, index) }
    }
    var live = engine.scheduler.queue.tenants.mapValues(\.requestCount)
    for step in 0..<2_000 {
      engine.step()
      for (name, tenant) in engine.scheduler.queue.tenants {
        for index in 0..<live[name]! - tenant.requestCount {
          try submit(Int(name)!, 1_000 + step * 8 + index)
        }
      }
      live = engine.scheduler.queue.tenants.mapValues(\.requestCount)
    }
    let used = engine.scheduler.queue.tenants.values.map { Double($0.used) }
    let sum = used.reduce(0, +)
    let index = sum * sum / (4 * used.reduce(0) { $0 + $1 * $1 })
    #expect(used.count == 4)
    #expect(index > 0.98, "\(used)")
  }

  @Test func aTenantThatWasAwayDoesNotSaveUpTurns() {
    var queue = TenantQueue(creditMax: 1_000)
    func sequence(_ tenant: TenantState, _ id: UInt64) -> (RequestState, SequenceState) {
      let request = RequestState(
        GenerationRequest(tenant: tenant.name, prompt: [1], generatedTokensMax: 1),
        id: RequestID(value: id), tenant: tenant)
      return (
        request, SequenceState(SequenceID(request: request.id, choice: 0), of: request, tokens: [1])
      )
    }
    let busy = queue.enter("busy")
    var requests: [RequestState] = []
    for id in 1...10 as ClosedRange<UInt64> {
      let (request, sequence) = sequence(busy, id)
      requests.append(request)
      queue.push(sequence)
      queue.charge(busy, 500)
      queue.served(sequence)
    }
    let other = queue.enter("other")
    let (request, waiting) = sequence(other, 20)
    requests.append(request)
    queue.push(waiting)
    #expect(other.used == 5_000)
    // And one far above is not held back for ever.
    queue.charge(busy, 50_000)
    let (again, late) = sequence(busy, 21)
    requests.append(again)
    queue.push(late)
    #expect(busy.used == 6_000)
    #expect(queue.first === other)
  }
}
