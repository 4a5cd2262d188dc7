internal import Glibc
internal import Testing

@testable internal import EventLoop

@Suite struct HeapTrimmerTests {
  @Test func trimsWhenMuchHasBecomeUnused() {
    var trimmer = HeapTrimmer(unused: 20 << 20)
    func isDue(_ mebibytes: UInt64) -> Bool { trimmer.isDue(unused: mebibytes << 20) }
    #expect(!isDue(20) && !isDue(35))
    #expect(isDue(36))
    // It is used again, and unused once more.
    #expect(!isDue(10))
    #expect(isDue(30))
  }

  @Test func givesBackWhatAPeakHadTaken() {
    var trimmer = HeapTrimmer()
    // Small enough to come from the heap; the last one keeps the others from its end.
    let pieces = (0..<1_024).map { _ in
      let piece = malloc(64 << 10)!
      memset(piece, 1, 64 << 10)
      return piece
    }
    let last = malloc(1 << 10)
    let peak = HeapTrimmer.residentByteCount
    for piece in pieces { free(piece) }
    trimmer.look()
    #expect(HeapTrimmer.residentByteCount < peak - (32 << 20))
    free(last)
  }
}
