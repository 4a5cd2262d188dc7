import Testing
import TestSupport

@testable import RPCWire

struct StreamHistoryTests {
  @Test func tellsUsedFromSkipped() {
    var history = StreamHistory()
    #expect(history.state(of: 1) == .idle)
    history.use(1)
    history.use(7)
    #expect(history.state(of: 1) == .open)
    #expect(history.state(of: 3) == .skipped)
    #expect(history.state(of: 5) == .skipped)
    #expect(history.state(of: 7) == .open)
    #expect(history.state(of: 9) == .idle)
    history.end(1)
    #expect(history.state(of: 1) == .ended)
    #expect(history.state(of: 7) == .open)
  }

  @Test func forgetsWhatIsLongAgo() {
    var history = StreamHistory()
    let last = Int32(2 * StreamHistory.count + 1)
    for id in stride(from: Int32(1), through: last, by: 2) { history.use(id) }
    #expect(history.state(of: 1) == .forgotten)
    #expect(history.state(of: 3) == .open)
    #expect(history.state(of: last) == .open)
  }

  @Test func farJumpLeavesNothingBehind() {
    var history = StreamHistory()
    for id in stride(from: Int32(1), to: 2000, by: 2) {
      history.use(id)
      history.end(id)
    }
    history.use(.max)
    #expect(history.state(of: .max) == .open)
    #expect(history.state(of: .max - 2) == .skipped)
    #expect(history.state(of: .max - 2 * Int32(StreamHistory.count - 1)) == .skipped)
    #expect(history.state(of: 1999) == .forgotten)
  }

  /// From the value that stands for "none yet" to the largest identifier is more than an Int32 holds.
  @Test(arguments: [0, 2, 2 * Int32(StreamHistory.count)] as [Int32])
  func theFirstStreamMayHaveAnyIdentifier(below: Int32) {
    let id = Int32.max - below
    var history = StreamHistory()
    history.use(id)
    #expect(history.state(of: id) == .open)
    #expect(history.state(of: id - 2) == .skipped)
    #expect(history.state(of: 1) == .forgotten)
  }

  @Test func agreesWithABookThatKeepsEverything() {
    let seed = UInt64.random(in: .min ... .max)
    var generator = SplitMix64(state: seed)
    var history = StreamHistory()
    var used: Set<Int32> = []
    var ended: Set<Int32> = []
    var highest: Int32 = -1
    for _ in 0..<20_000 {
      let gap = Int32.random(in: 0..<20, using: &generator) == 0 ? Int32(700) : 3
      let id = highest + 2 * Int32.random(in: 1...gap, using: &generator)
      history.use(id)
      used.insert(id)
      highest = id
      let other = max(1, (highest - Int32.random(in: 0..<1100, using: &generator)) | 1)
      let expected: StreamHistory.State =
        highest - other >= 2 * Int32(StreamHistory.count)
        ? .forgotten : ended.contains(other) ? .ended : used.contains(other) ? .open : .skipped
      #expect(history.state(of: other) == expected, "seed \(seed), stream \(other) of \(highest)")
      if expected == .open {
        history.end(other)
        ended.insert(other)
      }
    }
  }
}
