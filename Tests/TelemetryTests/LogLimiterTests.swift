import Telemetry
import Testing

@Suite struct LogLimiterTests {
  @Test func aFloodLeavesAFewLinesAndACount() {
    var limiter = LogLimiter(lineCountMax: 3, intervalNanoseconds: 100)
    let burst = (0..<10).map { _ in limiter.admit(now: 1_000) }
    #expect(burst == [0, 0, 0] + [Int?](repeating: nil, count: 7))
    // The next interval says how many are missing, once.
    let later = [1_099, 1_100, 1_101].map { limiter.admit(now: $0) }
    #expect(later == [nil, 8, 0])
  }
}
