internal import Testing

@testable internal import EventLoop

@Suite struct HeapTrimmerTests {
  private static let mebibyte: UInt64 = 1 << 20

  @Test func trimsOnceAfterAPeak() {
    var trimmer = HeapTrimmer(free: 2 * Self.mebibyte)
    func isDue(_ free: UInt64) -> Bool { trimmer.isDue(free: free * Self.mebibyte) }
    #expect(!isDue(2) && !isDue(17))
    // What a peak had taken is free again.
    #expect(isDue(40))
    // And stays free: it was given back already.
    #expect(!isDue(40) && !isDue(50))
    // It is used again, and free once more.
    #expect(!isDue(5))
    #expect(isDue(30))
  }
}
