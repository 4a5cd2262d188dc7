import RPC
import TestSupport
import Testing

@testable import Gateway

@Suite struct BalancerTests {
  private func balancer(_ count: Int, seed: UInt64 = 1, serving: Bool = true) -> Balancer {
    var balancer = Balancer(settings: BalancingSettings(), seed: seed)
    let ids = balancer.update((0..<count).map { .unix(path: "/i\($0)") })
    if serving {
      for id in ids {
        balancer.connectionReady(id)
        balancer.healthReported(id, isServing: true, seconds(0))
      }
    }
    return balancer
  }

  @Test func theLessLoadedOfTwoIsTaken() {
    var balancer = balancer(2)
    balancer.callStarted(0)
    for _ in 0..<20 { #expect(balancer.pick(seconds(0)) == 1) }
  }

  @Test func loadSpreadsEvenly() {
    var balancer = balancer(10, seed: 42)
    for _ in 0..<10_000 { balancer.callStarted(balancer.pick(seconds(0))!) }
    let loads = balancer.instances.map(\.outstanding)
    // Two choices keep the maximum within ln ln n / ln 2 + O(1) of the mean.
    #expect(loads.max()! - loads.min()! <= 8, "\(loads)")
  }

  @Test func callsWaitForAFirstConnectionButNotForALostOne() {
    var balancer = balancer(1, serving: false)
    #expect(balancer.pick(seconds(0)) == 0)
    balancer.connectionLost(0, seconds(0))
    #expect(balancer.pick(seconds(0)) == nil)
    balancer.reconnecting(0)
    #expect(balancer.pick(seconds(0)) == nil)
    balancer.connectionReady(0)
    #expect(balancer.pick(seconds(0)) == 0)
  }

  @Test func aConnectedInstanceGoesBeforeOneThatIsNotYet() {
    var balancer = balancer(2, serving: false)
    balancer.connectionReady(1)
    for _ in 0..<20 { #expect(balancer.pick(seconds(0)) == 1) }
    balancer.healthReported(1, isServing: false, seconds(0))
    for _ in 0..<20 { #expect(balancer.pick(seconds(0)) == 0) }
  }

  @Test func failuresInARowEjectAndAGoodHealthCheckBringsBack() {
    var balancer = balancer(2)
    for _ in 0..<5 {
      balancer.callStarted(0)
      balancer.callEnded(0, .failure, seconds(1))
    }
    #expect(balancer.ejectionCount == 1)
    for _ in 0..<20 { #expect(balancer.pick(seconds(1)) == 1) }
    // Too early: the wait is 0.75 to 1.25 seconds.
    balancer.healthReported(0, isServing: true, seconds(1.5))
    #expect(balancer.readyCount(seconds(1.5)) == 1)
    // Time alone does not bring it back.
    #expect(balancer.readyCount(seconds(60)) == 1)
    balancer.healthReported(0, isServing: true, seconds(3))
    #expect(balancer.readyCount(seconds(3)) == 2)
  }

  @Test func aSuccessInBetweenResetsTheCount() {
    var balancer = balancer(1)
    for index in 0..<40 {
      balancer.callStarted(0)
      balancer.callEnded(0, index % 5 == 4 ? .success : .failure, seconds(0))
      balancer.callStarted(0)
      balancer.callEnded(0, .neutral, seconds(0))
    }
    #expect(balancer.ejectionCount == 0)
    #expect(balancer.instances[0].outstanding == 0)
  }

  @Test func repeatedEjectionsLastLonger() {
    var balancer = balancer(2, seed: 3)
    var waits: [Duration] = []
    var now = seconds(0)
    for _ in 0..<7 {
      for _ in 0..<5 {
        balancer.callStarted(0)
        balancer.callEnded(0, .failure, now)
      }
      let until = balancer.instances[0].ejectedUntil!
      waits.append(until - now)
      now = until
      balancer.healthReported(0, isServing: true, now)
    }
    for (index, wait) in waits.enumerated() {
      let base = min(1.0 * Double(1 << index), 30)
      #expect(wait >= .seconds(base * 0.74) && wait <= .seconds(base * 1.26), "\(waits)")
    }
  }

  @Test func whenAllAreEjectedAConnectedOneStillServes() {
    var balancer = balancer(1)
    for _ in 0..<5 {
      balancer.callStarted(0)
      balancer.callEnded(0, .failure, seconds(1))
    }
    #expect(balancer.readyCount(seconds(1)) == 0)
    #expect(balancer.pick(seconds(1)) == 0)
    balancer.healthReported(0, isServing: false, seconds(1))
    #expect(balancer.pick(seconds(1)) == nil)
  }

  @Test func anInstanceThatMissesAHealthCheckIsTakenOnlyWhenNobodyIsBetter() {
    var balancer = balancer(2)
    balancer.healthFailed(0, seconds(1))
    for _ in 0..<20 { #expect(balancer.pick(seconds(1)) == 1) }
    balancer.healthFailed(1, seconds(1))
    #expect(balancer.readyCount(seconds(1)) == 0)
    #expect(Set((0..<50).map { _ in balancer.pick(seconds(1)) }) == [0, 1])
    balancer.healthReported(0, isServing: true, seconds(2))
    for _ in 0..<20 { #expect(balancer.pick(seconds(2)) == 0) }
  }

  @Test func aRetryAvoidsTheInstanceThatFailedUnlessItIsTheOnlyOne() {
    var balancer = balancer(3)
    for _ in 0..<50 { #expect(balancer.pick(seconds(0), excluding: 1) != 1) }
    balancer.connectionLost(0, seconds(0))
    balancer.connectionDraining(2)
    #expect(balancer.pick(seconds(0), excluding: 1) == 1)
    balancer.connectionLost(1, seconds(0))
    #expect(balancer.pick(seconds(0), excluding: 1) == nil)
  }

  @Test func reconnectsWaitLongerUpToALimitAndDrainingDoesNot() {
    var balancer = balancer(1)
    var waits: [Duration] = []
    for _ in 0..<9 {
      balancer.connectionLost(0, seconds(0))
      guard case .down(let retryAt) = balancer.instances[0].link else { return }
      waits.append(retryAt - seconds(0))
      balancer.reconnecting(0)
    }
    #expect(waits[0] <= .milliseconds(125) && waits[8] >= .seconds(3.7))
    #expect(waits.allSatisfy { $0 <= .seconds(6.3) })
    balancer.connectionReady(0)
    balancer.connectionDraining(0)
    #expect(balancer.pick(seconds(0)) == nil)
    balancer.connectionLost(0, seconds(0))
    guard case .down(let retryAt) = balancer.instances[0].link else { return }
    #expect(retryAt - seconds(0) <= .milliseconds(125))
  }

  @Test func resolutionAddsAndRetires() {
    var balancer = balancer(2)
    balancer.callStarted(0)
    let added = balancer.update([.unix(path: "/i1"), .unix(path: "/i9")])
    #expect(added == [2])
    for _ in 0..<20 { #expect(balancer.pick(seconds(0)) == 1) }
    #expect(balancer.instances[0].isRetired && balancer.instances[0].outstanding == 1)
    balancer.callEnded(0, .success, seconds(0))
    balancer.remove(0)
    #expect(balancer.instances.map(\.id) == [1, 2])
    #expect(balancer.update([.unix(path: "/i0")]) == [3])
  }

  /// Thirty simulated seconds with instances that die, come back and answer badly.
  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func theBalancerSurvivesChaos(seed: UInt64) {
    var random = TestRandom(state: seed)
    var balancer = balancer(5, seed: seed)
    var isUp = [Bool](repeating: true, count: 5)
    var open: [(id: Int, startedUp: Bool)] = []
    var wrong = 0
    var calls = 0
    for step in 0..<30_000 {
      let now = seconds(Double(step) / 1_000)
      if step % 3_000 == 2_999 {
        let victim = Int.random(in: 0..<5, using: &random)
        isUp[victim].toggle()
        if !isUp[victim] { balancer.connectionLost(victim, now) }
      }
      for instance in balancer.instances {
        if case .down(let retryAt) = instance.link, retryAt <= now {
          balancer.reconnecting(instance.id)
          if isUp[instance.id] {
            balancer.connectionReady(instance.id)
            balancer.healthReported(instance.id, isServing: true, now)
          } else {
            balancer.connectionLost(instance.id, now)
          }
        }
      }
      if let id = balancer.pick(now) {
        calls += 1
        if !isUp[id] { wrong += 1 }
        balancer.callStarted(id)
        open.append((id, isUp[id]))
      } else {
        #expect(!isUp.contains(true) || balancer.readyCount(now) == 0, "seed \(seed)")
      }
      while open.count > 20 {
        let call = open.remove(at: .random(in: open.indices, using: &random))
        balancer.callEnded(call.id, isUp[call.id] ? .success : .failure, now)
      }
    }
    for call in open { balancer.callEnded(call.id, .neutral, seconds(30)) }
    #expect(wrong == 0, "seed \(seed): \(wrong) of \(calls) calls went to a lost instance")
    #expect(calls > 20_000, "seed \(seed): only \(calls) calls were placed")
    #expect(balancer.instances.allSatisfy { $0.outstanding == 0 }, "seed \(seed)")
  }
}

@Suite struct RetryBudgetTests {
  @Test func retriesAreASmallPartOfRequests() {
    var budget = RetryBudget(earnedPerRequest: 0.1, balanceMax: 10)
    #expect((0..<10).count { _ in budget.spend() } == 10)
    let isEmpty = !budget.spend()
    #expect(isEmpty)
    var retries = 0
    for _ in 0..<1_000 {
      budget.earn()
      if budget.spend() { retries += 1 }
    }
    #expect((90...100).contains(retries))
  }
}

@Suite struct TokenBucketTests {
  @Test func aBurstThenTheRate() {
    let bucket = TokenBucket()
    for _ in 0..<10 { #expect(bucket.take(now: 1_000, perSecond: 100, burst: 10) == 0) }
    #expect(bucket.take(now: 1_000, perSecond: 100, burst: 10) == 10_000_000)
    #expect(bucket.take(now: 10_001_000, perSecond: 100, burst: 10) == 0)
    var admitted = 0
    for step in 0..<10_000 as Range<UInt64> {
      let now = 20_000_000 + step * 1_000_000
      if bucket.take(now: now, perSecond: 100, burst: 10) == 0 { admitted += 1 }
    }
    #expect((990...1_010).contains(admitted))
  }

  @Test func noRateMeansNoLimit() {
    let bucket = TokenBucket()
    for _ in 0..<1_000 { #expect(bucket.take(now: 5, perSecond: 0, burst: 0) == 0) }
  }

  @Test func loopsShareABucketExactly() async {
    let usage = Usage()
    let admitted = await withTaskGroup { group in
      for _ in 0..<4 {
        group.addTask {
          (0..<1_000).count { _ in usage.requests.take(now: 1, perSecond: 10, burst: 500) == 0 }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(admitted == 500)
  }

  @Test func openStreamsAreCounted() {
    let usage = Usage()
    func enter(_ max: Int) -> Bool { usage.streams.enter(max: max) }
    #expect(enter(2) && enter(2) && !enter(2))
    usage.streams.leave()
    #expect(enter(2))
    #expect(usage.streams.count == 2)
    #expect(enter(0))
  }
}
