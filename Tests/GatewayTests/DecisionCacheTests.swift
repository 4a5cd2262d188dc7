import RPC
import TestSupport
import Testing

@testable import Gateway

@Suite struct DecisionCacheTests {
  private func decision() -> Decision {
    Decision(refusal: .unknownKey, keyID: "k", revision: 1, now: seconds(0))
  }

  /// Random insertions, removals and invalidations beside a dictionary. Digests share their low
  /// bits, and with a multiplier of 1 their places too, so that runs of probes are long.
  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func itIsADictionary(seed: UInt64) {
    var random = TestRandom(state: seed)
    var cache = DecisionCache(capacity: 1_000, multiplier: seed % 2 == 0 ? 1 : seed)
    var model: [KeyDigest: ObjectIdentifier] = [:]
    for step in 0..<3_000 {
      let digest = KeyDigest(UInt64.random(in: 0..<400, using: &random) << 56)
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        let decision = decision()
        cache.insert(decision, for: digest)
        model[digest] = ObjectIdentifier(decision)
      case 5..<9:
        cache.remove(digest)
        model[digest] = nil
      default:
        let residue = UInt64.random(in: 0..<50, using: &random)
        let isOutdated = { (digest: KeyDigest) in (digest.words.0 >> 56) % 50 == residue }
        cache.invalidate { isOutdated($0.digest) }
        model = model.filter { !isOutdated($0.key) }
      }
      if step % 100 == 0 {
        #expect(cache.count == model.count, "seed \(seed), step \(step)")
        for number in 0..<400 as Range<UInt64> {
          let digest = KeyDigest(number << 56)
          let isRight = cache[digest].map { ObjectIdentifier($0) } == model[digest]
          if !isRight { Issue.record("seed \(seed), step \(step), digest \(number)") }
        }
      }
    }
  }

  @Test func anInvalidatedDecisionSaysSoToThoseThatHoldIt() {
    var cache = DecisionCache(capacity: 2)
    let held = decision()
    cache.insert(held, for: KeyDigest(1))
    cache.insert(decision(), for: KeyDigest(2))
    cache.invalidate { $0.digest == KeyDigest(1) }
    #expect(held.isInvalidated)
    #expect(cache[KeyDigest(1)] == nil)
    #expect(cache[KeyDigest(2)]?.isInvalidated == false)
  }

  @Test func whenItIsFullTheLeastUsedGoes() {
    var cache = DecisionCache(capacity: 100)
    for number in 0..<100 as Range<UInt64> { cache.insert(decision(), for: KeyDigest(number)) }
    for number in 100..<300 as Range<UInt64> {
      cache[KeyDigest(7)]?.wasUsed = true
      cache.insert(decision(), for: KeyDigest(number))
      #expect(cache.count == 100)
      #expect(cache[KeyDigest(number)] != nil)
    }
    #expect(cache[KeyDigest(7)] != nil)
  }
}
