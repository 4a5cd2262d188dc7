internal import Testing
internal import TestSupport

@testable import ModelService

/// Whose turn it is, as a simulation: no threads, no clock, a seed.
@Suite struct JobQueueTests {
  static func job(_ tenant: String, _ number: Int64) -> WaitingJob {
    WaitingJob(
      key: JobKey(tenant: tenant, id: "\(tenant)\(number)"), createdMilliseconds: number)
  }

  @Test func nobodyWaitsForMoreThanOneJobOfEachOther() {
    let seed: UInt64 = 6
    var random = SplitMix64(state: seed)
    let tenants = ["a", "b", "c", "d", "e"]
    var queue = JobQueue()
    var waiting: [WaitingJob] = []
    var overtaken: [String: [String: Int]] = [:]
    for turn in 0..<5000 {
      // The first tenant sends many jobs, the others one now and then.
      for tenant in tenants
      where Int.random(in: 0..<10, using: &random) < (tenant == "a" ? 9 : 2) && waiting.count < 400
      {
        waiting.append(Self.job(tenant, Int64(turn)))
      }
      guard let next = queue.next(waiting, running: [:]) else { continue }
      for other in Set(waiting.map(\.key.tenant)) where other != next.key.tenant {
        overtaken[other, default: [:]][next.key.tenant, default: 0] += 1
        #expect(overtaken[other]![next.key.tenant]! <= 1, "seed \(seed), turn \(turn)")
      }
      overtaken[next.key.tenant] = [:]
      #expect(
        waiting.filter { $0.key.tenant == next.key.tenant }
          .allSatisfy { $0.createdMilliseconds >= next.createdMilliseconds })
      waiting.removeAll { $0 == next }
    }
  }

  @Test func tenantsThatComputeNothingGoFirst() {
    var queue = JobQueue()
    let waiting = [Self.job("a", 1), Self.job("b", 2)]
    #expect(queue.next(waiting, running: ["a": 1])?.key.tenant == "b")
    #expect(queue.next(waiting, running: ["a": 1])?.key.tenant == "b", "still")
    #expect(queue.next(waiting, running: [:])?.key.tenant == "a")
    #expect(queue.next([], running: [:]) == nil)
  }
}
