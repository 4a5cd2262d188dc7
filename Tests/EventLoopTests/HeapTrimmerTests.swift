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

  /// Each thread has a heap of its own, whose end the allocator keeps by itself.
  @Test func givesBackTheEndOfAThreadsHeap() async {
    let byteCount = 30 << 20
    // Heaps keep what is freed once there is a trimmer; this one has a reason to look.
    _ = HeapTrimmer()
    var trimmer = HeapTrimmer(unused: 0)
    // The heap stays while its thread does, which reads until the other end is closed.
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let end = ends[0]
    let address = await withCheckedContinuation { (freed: CheckedContinuation<UInt, Never>) in
      Thread.spawn(name: "peak") {
        let piece = malloc(byteCount)!
        memset(piece, 1, byteCount)
        let address = UInt(bitPattern: piece)
        free(piece)
        freed.resume(returning: address)
        var byte: UInt8 = 0
        read(end, &byte, 1)
      }
    }
    let before = residentPageCount(address, byteCount)
    trimmer.look()
    #expect(before > 5_000 && residentPageCount(address, byteCount) < 1_000)
    close(ends[1])
  }

  /// How many of the pages that lie wholly in some memory are there. What is not even mapped is not.
  private func residentPageCount(_ address: UInt, _ byteCount: Int) -> Int {
    let first = (address + 4_095) & ~4_095
    var pages = [UInt8](repeating: 0, count: byteCount / 4_096 - 1)
    mincore(UnsafeMutableRawPointer(bitPattern: first), pages.count * 4_096, &pages)
    return pages.count { $0 & 1 != 0 }
  }
}
