internal import Glibc
internal import Testing

@testable internal import EventLoop

@Suite(.serialized) struct HeapTrimmerTests {
  @Test func trimsWhenMuchHasBecomeUnused() {
    var trimmer = HeapTrimmer(unused: 20 << 20)
    func isDue(_ mebibytes: UInt64) -> Bool { trimmer.isDue(unused: mebibytes << 20) }
    #expect(!isDue(20) && !isDue(35))
    #expect(isDue(36))
    // It is used again, and unused once more.
    #expect(!isDue(10))
    #expect(isDue(30))
  }

  /// Each thread has a heap of its own. The allocator gives back what lies between other pieces
  /// when it is told to, and keeps the end by itself.
  /// Trainings that other tests run in this process trim its heaps as well, and may do so between
  /// the peak and the look; such a try shows nothing and is made again.
  @Test(arguments: [true, false]) func givesBackWhatAPeakHadTaken(endIsUsed: Bool) async {
    // Heaps keep what is freed once there is a trimmer.
    _ = HeapTrimmer()
    var pages = (before: 0, after: 0)
    for _ in 0..<20 {
      pages = await Self.pagesAroundALook(endIsUsed: endIsUsed)
      if pages.before > 7_000 { break }
    }
    #expect(pages.before > 7_000 && pages.after < 1_000, "\(pages)")
  }

  /// The pages of a peak that are there before and after a trimmer that has a reason looks.
  private static func pagesAroundALook(endIsUsed: Bool) async -> (before: Int, after: Int) {
    var trimmer = HeapTrimmer(unused: 0)
    // The heap stays while its thread does, which reads until the other end is closed.
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let end = ends[0]
    let pieces = await withCheckedContinuation { (freed: CheckedContinuation<[UInt], Never>) in
      Thread.spawn(name: "peak") {
        // Small enough to come from the heap, large enough not to come from a cache.
        let pieces = (0..<60).map { _ in
          let piece = malloc(Self.pieceByteCount)!
          memset(piece, 1, Self.pieceByteCount)
          return piece
        }
        for piece in pieces.dropLast() { free(piece) }
        if !endIsUsed { free(pieces.last) }
        freed.resume(returning: pieces.map { UInt(bitPattern: $0) })
        var byte: UInt8 = 0
        read(end, &byte, 1)
        if endIsUsed { free(pieces.last) }
      }
    }
    let freed = pieces.dropLast()
    let before = freed.map(residentPageCount).reduce(0, +)
    trimmer.look()
    let after = freed.map(residentPageCount).reduce(0, +)
    close(ends[1])
    close(ends[0])
    return (before, after)
  }

  private static let pieceByteCount = 512 << 10

  /// How many of the pages that lie wholly in a piece are there. What is not even mapped is not.
  private static func residentPageCount(_ address: UInt) -> Int {
    let first = (address + 4_095) & ~4_095
    var pages = [UInt8](repeating: 0, count: Self.pieceByteCount / 4_096 - 1)
    mincore(UnsafeMutableRawPointer(bitPattern: first), pages.count * 4_096, &pages)
    return pages.count { $0 & 1 != 0 }
  }
}
