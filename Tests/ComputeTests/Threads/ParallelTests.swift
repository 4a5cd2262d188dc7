import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Compute

@Suite struct ParallelTests {
  private static let long = Parallel.Cost(nanoseconds: 1e9)
  private static let short = Parallel.Cost(nanoseconds: 2_000)

  /// The ranges that work is cut into, in order.
  private func ranges(
    _ count: Int, unit: Int = 1, _ cost: Parallel.Cost, _ pool: ThreadPool?, evenly: Bool = false
  ) -> [Range<Int>] {
    let found = Mutex<[Range<Int>]>([])
    Parallel.rows(count, multipleOf: unit, cost: cost, on: pool, evenly: evenly) { range in
      found.withLock { $0.append(range) }
    }
    return found.withLock { $0.sorted { $0.lowerBound < $1.lowerBound } }
  }

  @Test(arguments: [1, 2, 3, 7])
  func rangesCoverTheWorkOnce(_ participants: Int) {
    var random = Random(#function)
    let pool = ThreadPool(participants: participants)
    for _ in 0..<200 {
      let count = Int.random(in: 0...500, using: &random)
      let unit = Int.random(in: 1...70, using: &random)
      let found = ranges(count, unit: unit, Self.long, pool, evenly: .random(using: &random))
      #expect(found.flatMap { Array($0) } == Array(0..<count))
      #expect(found.allSatisfy { $0.lowerBound % unit == 0 && !$0.isEmpty })
    }
  }

  @Test func longWorkIsCutAndShortWorkIsNot() {
    let pool = ThreadPool(participants: 3)
    #expect(ranges(1000, Self.long, pool).count == 12)
    #expect(ranges(1000, Self.long, pool, evenly: true).count == 3)
    #expect(ranges(1000, Self.short, pool) == [0..<1000])
    #expect(ranges(1000, Self.long, nil) == [0..<1000])
  }

  @Test func workStaysOnItsThreadWhileAllThreadsCompute() {
    let pool = ThreadPool(participants: 3)
    for _ in 0..<2 { pool.beginRun() }
    #expect(ranges(1000, Self.long, pool, evenly: true).count == 2)
    pool.beginRun()
    #expect(ranges(1000, Self.long, pool, evenly: true).count == 1)
    for _ in 0..<3 { pool.endRun() }
    #expect(ranges(1000, Self.long, pool, evenly: true).count == 3)
  }

  @Test func sleepersAreWokenWhenSeveralJobsOfARunAreWorthIt() {
    // Without threads, so with none that is awake.
    let state = SharedState()
    let half = ThreadPool.wakeNanoseconds
    state.openRun()
    #expect(!state.isWorthWaking(half))
    #expect(!state.isWorthWaking(half / 2))
    #expect(state.isWorthWaking(half))
    // Another inference begins with nothing missed.
    state.closeRun()
    state.openRun()
    #expect(!state.isWorthWaking(half))
  }

  @Test func manyCallersWithJobsOfAllSizesGetWhatTheyAskedFor() {
    var source = Random(#function)
    let seed = source.next()
    let pool = ThreadPool(participants: 3)
    let callers = ThreadPool(participants: 4)
    let wrong = Mutex<Int>.Holder()
    callers.run(4) { caller in
      var random = SplitMix64(state: seed &+ UInt64(caller))
      for _ in 0..<300 {
        pool.beginRun()
        let count = Int.random(in: 1...3000, using: &random)
        let cost = Parallel.Cost(nanoseconds: Double.random(in: 0...1e6, using: &random))
        // Plain memory that only a range's owner writes, and the caller reads afterwards.
        var values = [Int](repeating: 0, count: count)
        values.withUnsafeMutableBufferPointer { buffer in
          nonisolated(unsafe) let base = buffer.baseAddress!
          Parallel.rows(count, cost: cost, on: pool) {
            for index in $0 { base[index] += index + 1 }
          }
        }
        for index in 0..<count where values[index] != index + 1 { wrong.add() }
        pool.endRun()
      }
    }
    #expect(wrong.value == 0)
  }

  @Test func modelsShareOnePool() {
    let pools = (0..<100).map { _ in ThreadPool.shared(threadCount: 2) }
    #expect(pools.allSatisfy { $0 === pools[0] })
    #expect(ThreadPool.shared(threadCount: 1) == nil)
    // No more threads than cores, whatever is asked for.
    #expect(ThreadPool.shared(threadCount: 500)?.participantCount ?? 1 <= ThreadBudget.coreCount)
  }
}
