import Protocols
import RPC
import TestSupport
import Testing

@testable import Gateway

@Suite struct AuthenticatorTests {
  /// An authenticator with a clock in seconds and waiters that are numbers.
  struct World {
    var authenticator: Authenticator<Int>
    var time = 0.0
    var wall: Int64 = 1_000_000

    init(_ change: (inout AuthenticationSettings) -> Void = { _ in }) {
      var settings = AuthenticationSettings()
      change(&settings)
      authenticator = Authenticator(
        settings: settings, limits: GatewayLimits(), usage: UsageRegistry(), now: seconds(0))
      authenticator.watchStarted(now: seconds(0))
    }

    mutating func ask(_ key: UInt64, waiter: Int = 0) -> String {
      text(
        authenticator.authenticate(
          KeyDigest(key), now: seconds(time), wallMilliseconds: wall, waiter: { waiter }))
    }

    mutating func answer(_ key: UInt64, _ response: MartletV1.CheckResponse?) -> String {
      let completion = authenticator.completeCheck(
        KeyDigest(key), response.map { .answered($0) } ?? .failed, now: seconds(time),
        wallMilliseconds: wall)
      switch completion {
      case .askAgain: return "again"
      case .answered(let answer, let waiters): return "\(text(answer)) \(waiters)"
      }
    }

    private func text(_ answer: Authenticator<Int>.Answer) -> String {
      switch answer {
      case .allowed(let decision): "allowed \(decision.tenant)/\(decision.keyID)"
      case .refused(let refusal): "refused \(refusal.rawValue)"
      case .wait(let startCheck): startCheck ? "check" : "wait"
      }
    }
  }

  @Test func aKeyIsAskedAboutOnceHoweverManyRequestsWait() {
    var world = World()
    #expect(world.ask(1, waiter: 10) == "check")
    #expect(world.ask(1, waiter: 11) == "wait")
    #expect(world.ask(2, waiter: 20) == "check")
    #expect(world.answer(1, allowed(grant())) == "allowed acme/k1 [10, 11]")
    #expect(world.ask(1) == "allowed acme/k1")
    #expect(world.authenticator.pendingCount == 1)
  }

  @Test func refusalsAreRememberedForAShortTime() {
    var world = World()
    _ = world.ask(1)
    #expect(world.answer(1, refused(.unknownKey)) == "refused unknown_key [0]")
    world.time = 4.9
    #expect(world.ask(1) == "refused unknown_key")
    world.time = 5.1
    #expect(world.ask(1) == "check")
  }

  @Test func floodsOfMadeUpKeysDoNotEvictGoodOnes() {
    var world = World { $0.refusalsMax = 8 }
    _ = world.ask(1)
    _ = world.answer(1, allowed(grant()))
    for key in 100..<1_000 as Range<UInt64> {
      #expect(world.ask(key) == "check")
      _ = world.answer(key, refused(.unknownKey))
    }
    #expect(world.authenticator.refusedCount == 8)
    #expect(world.ask(1) == "allowed acme/k1")
  }

  @Test func checksUnderWayAreBounded() {
    var world = World {
      $0.checksMax = 2; $0.waitersPerCheckMax = 2
    }
    #expect(world.ask(1) == "check" && world.ask(2) == "check")
    #expect(world.ask(3) == "refused too_many_checks")
    #expect(world.ask(1) == "wait")
    #expect(world.ask(1) == "refused too_many_checks")
  }

  @Test func aRevokedKeyIsForgottenWhenTheWatchSaysSo() {
    var world = World()
    _ = world.ask(1)
    _ = world.answer(1, allowed(grant(), revision: 5))
    world.authenticator.apply(event(.keyID("other"), revision: 6), now: seconds(1))
    #expect(world.ask(1) == "allowed acme/k1")
    world.authenticator.apply(event(.keyID("k1"), revision: 7), now: seconds(1))
    #expect(world.ask(1) == "check")
    #expect(world.answer(1, refused(.revoked, key: "k1", revision: 7)) == "refused revoked_key [0]")
    #expect(world.authenticator.watchRevision == 7)
  }

  @Test func aTenantsChangeForgetsAllItsKeysAndMarksStreams() throws {
    var world = World()
    _ = world.ask(1)
    _ = world.answer(1, allowed(grant("acme", key: "k1"), revision: 5))
    _ = world.ask(2)
    _ = world.answer(2, allowed(grant("other", key: "k2"), revision: 5))
    let answer = world.authenticator.authenticate(
      KeyDigest(1), now: seconds(0), wallMilliseconds: 0, waiter: { 0 })
    guard case .allowed(let decision) = answer else {
      Issue.record("expected a cached decision")
      return
    }
    world.authenticator.apply(event(.tenant("acme"), revision: 6), now: seconds(1))
    #expect(decision.isInvalidated)
    #expect(world.ask(1) == "check")
    #expect(world.ask(2) == "allowed other/k2")
  }

  @Test func aNewKeyIsAcceptedOnceItsRefusalIsOutdated() {
    var world = World()
    _ = world.ask(1)
    _ = world.answer(1, refused(.revoked, key: "k1", revision: 3))
    world.authenticator.apply(event(.keyID("k1"), revision: 4), now: seconds(1))
    #expect(world.ask(1) == "check")
  }

  @Test func aCheckThatStartedBeforeAChangeDoesNotBringTheOldDecisionBack() {
    var world = World()
    #expect(world.ask(1, waiter: 7) == "check")
    // The answer was read at revision 5; the key changed at 6 and the watch was faster.
    world.authenticator.apply(event(.keyID("k1"), revision: 6), now: seconds(0))
    #expect(world.answer(1, allowed(grant(), revision: 5)) == "again")
    #expect(world.answer(1, refused(.revoked, key: "k1", revision: 6)) == "refused revoked_key [7]")
    #expect(world.authenticator.cachedCount == 0)
  }

  @Test func anAnswerReadAfterTheChangeIsTaken() {
    var world = World()
    _ = world.ask(1)
    world.authenticator.apply(event(.tenant("acme"), revision: 6), now: seconds(0))
    #expect(world.answer(1, allowed(grant(), revision: 6)) == "allowed acme/k1 [0]")
    // The same event again, late, does not throw a newer answer away.
    world.authenticator.apply(event(.tenant("acme"), revision: 6), now: seconds(0))
    #expect(world.ask(1) == "allowed acme/k1")
  }

  @Test func anAnswerFromBeforeAResyncIsAskedForAgain() {
    var world = World()
    world.authenticator.apply(event(.heartbeat(true), revision: 899), now: seconds(0))
    _ = world.ask(1)
    world.authenticator.apply(event(.resync(true), revision: 2), now: seconds(0))
    #expect(world.answer(1, allowed(grant(), revision: 900)) == "again")
    #expect(world.answer(1, allowed(grant(), revision: 2)) == "allowed acme/k1 [0]")
    #expect(world.authenticator.watchRevision == 2)
  }

  @Test func theFirstWatchKeepsWhatIsUpToDate() {
    var world = World()
    _ = world.ask(1)
    _ = world.answer(1, allowed(grant(key: "k1"), revision: 5))
    _ = world.ask(2)
    _ = world.answer(2, allowed(grant(key: "k2"), revision: 4))
    _ = world.ask(3)
    world.authenticator.apply(event(.resync(true), revision: 5), now: seconds(0))
    #expect(world.ask(1) == "allowed acme/k1")
    #expect(world.ask(2) == "check")
    #expect(world.answer(3, allowed(grant(key: "k3"), revision: 4)) == "again")
    #expect(world.answer(3, allowed(grant(key: "k3"), revision: 5)) == "allowed acme/k3 [0]")
  }

  @Test func anAnswerThatStaysOutdatedEndsInUnavailable() {
    var world = World()
    _ = world.ask(1)
    world.authenticator.apply(event(.keyID("k1"), revision: 6), now: seconds(0))
    for _ in 0..<3 { #expect(world.answer(1, allowed(grant(), revision: 5)) == "again") }
    #expect(world.answer(1, allowed(grant(), revision: 5)) == "refused auth_unavailable [0]")
    #expect(world.ask(1) == "check")
  }

  @Test func manyChangesForgetDetailsButNeverLetAnOldAnswerIn() {
    var log = InvalidationLog(capacity: 4)
    for revision in 1...10 as ClosedRange<UInt64> {
      log.record(keyID: "k\(revision)", revision: revision)
    }
    for revision in 1...10 as ClosedRange<UInt64> {
      #expect(log.isStale(keyID: "k\(revision)", tenant: "", revision: revision - 1, epoch: 0))
    }
    #expect(!log.isStale(keyID: "k10", tenant: "t", revision: 10, epoch: 0))
  }

  @Test func expiryIsEnforcedWithoutAsking() {
    var world = World()
    _ = world.ask(1)
    _ = world.answer(1, allowed(grant(expires: 1_000_500)))
    #expect(world.ask(1) == "allowed acme/k1")
    world.wall = 1_000_500
    #expect(world.ask(1) == "refused expired_key")
    world.authenticator.isAuthConnected = false
    #expect(world.ask(1) == "refused expired_key")
  }

  @Test func whileAuthIsDownKnownKeysWorkForTheStatedTimeAndUnknownOnesWait() {
    var world = World()
    _ = world.ask(1)
    _ = world.answer(1, allowed(grant()))
    world.time = 100
    world.authenticator.watchEnded(now: seconds(100))
    world.authenticator.isAuthConnected = false
    #expect(world.ask(2) == "refused auth_unavailable")
    for time in stride(from: 100.0, to: 700, by: 50) {
      world.time = time
      #expect(world.ask(1) == "allowed acme/k1")
    }
    world.time = 701
    #expect(world.ask(1) == "refused auth_unavailable")
    world.authenticator.isAuthConnected = true
    #expect(world.ask(1) == "check")
    #expect(world.answer(1, allowed(grant())) == "allowed acme/k1 [0]")
  }

  @Test func anUnansweredCheckFallsBackToTheKnownDecision() {
    var world = World()
    _ = world.ask(1)
    _ = world.answer(1, allowed(grant()))
    world.authenticator.watchEnded(now: seconds(10))
    world.time = 60  // the watch is down for too long: each decision is confirmed
    #expect(world.ask(1, waiter: 3) == "check")
    #expect(world.answer(1, nil) == "allowed acme/k1 [3]")
    // For a moment nobody asks again, then somebody does.
    #expect(world.ask(1) == "allowed acme/k1")
    #expect(world.ask(2) == "refused auth_unavailable")
    world.time = 61
    #expect(world.ask(1) == "check")
  }

  @Test func withoutAWatchDecisionsAreConfirmedOften() {
    var world = World()
    _ = world.ask(1)
    _ = world.answer(1, allowed(grant()))
    world.authenticator.watchEnded(now: seconds(0))
    world.time = 4
    #expect(world.ask(1) == "allowed acme/k1")
    world.time = 6
    #expect(world.ask(1) == "check")
    _ = world.answer(1, allowed(grant()))
    world.time = 10
    #expect(world.ask(1) == "allowed acme/k1")
    world.time = 12
    #expect(world.ask(1) == "check")
    _ = world.answer(1, allowed(grant()))
    world.authenticator.watchStarted(now: seconds(12))
    world.time = 200
    #expect(world.ask(1) == "allowed acme/k1")
    world.time = 12 + 301
    #expect(world.ask(1) == "check")
  }

  @Test func anAnswerThatCannotBeReadIsNoPermission() {
    var world = World()
    _ = world.ask(1)
    #expect(world.answer(1, MartletV1.CheckResponse()) == "refused auth_unavailable [0]")
    _ = world.ask(2)
    var response = MartletV1.CheckResponse()
    response.verdict = .allowed
    #expect(world.answer(2, response) == "refused auth_unavailable [0]")
    #expect(world.ask(1) == "check")
  }

  /// Random interleavings of changes, checks and answers against a model store: whatever the
  /// order, no request may be allowed by a decision that an applied change made outdated.
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func noInterleavingBringsARevokedKeyBack(seed: UInt64) {
    var random = TestRandom(state: seed)
    var world = World { $0.attemptsPerCheckMax = 1_000 }
    var revision: UInt64 = 1
    var isGood = [Bool](repeating: true, count: 4)
    var changedAt = [UInt64](repeating: 1, count: 4)
    var unsent: [(key: Int, revision: UInt64)] = []
    var applied = [UInt64](repeating: 0, count: 4)
    var reads: [Int: (isGood: Bool, revision: UInt64)] = [:]
    for _ in 0..<400 {
      let key = Int.random(in: 0..<4, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0:  // the store changes; the event travels for a while
        revision += 1
        isGood[key].toggle()
        changedAt[key] = revision
        unsent.append((key, revision))
      case 1:
        if !unsent.isEmpty {
          let change = unsent.removeFirst()
          applied[change.key] = change.revision
          world.authenticator.apply(
            event(.keyID("k\(change.key)"), revision: change.revision), now: seconds(0))
        }
      case 2:  // the auth service reads; the answer travels for a while
        if world.authenticator.pendingCount > 0, reads[key] == nil {
          reads[key] = (isGood[key], revision)
        }
      case 3:
        guard let read = reads.removeValue(forKey: key) else { break }
        let response =
          read.isGood
          ? allowed(grant(key: "k\(key)"), revision: read.revision)
          : refused(.revoked, key: "k\(key)", revision: read.revision)
        let answer = world.answer(UInt64(key), response)
        if answer.hasPrefix("allowed"), !answer.hasSuffix("[]") {
          #expect(read.revision >= applied[key], "seed \(seed)")
        }
      default:
        let answer = world.ask(UInt64(key))
        if answer.hasPrefix("allowed"), applied[key] == changedAt[key] {
          #expect(isGood[key], "seed \(seed): a key revoked at \(applied[key]) was allowed")
        }
      }
    }
  }
}
