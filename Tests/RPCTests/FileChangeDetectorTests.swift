import Testing

@testable import RPC

@Suite struct FileChangeDetectorTests {
  private func stamp(_ inode: UInt) -> FileStamp {
    FileStamp(device: 1, inode: inode, byteCount: 10, modified: [0])
  }

  @Test func filesAreLoadedOnceTheyAreQuiet() {
    var detector = FileChangeDetector([stamp(1), stamp(2)])
    let looks: [[FileStamp?]] = [
      [stamp(1), stamp(2)],
      [stamp(3), stamp(2)],  // the key came
      [stamp(3), stamp(4)],  // and then its certificate
      [stamp(3), stamp(4)],
      [stamp(3), stamp(4)],
      [nil, stamp(4)],
      [stamp(1), stamp(2)],
      [stamp(1), stamp(2)],
    ]
    let loads = looks.map { detector.look($0) }
    #expect(loads == [false, false, false, true, false, false, false, true])
  }

  @Test func whatCannotBeUsedIsTriedOnce() {
    var detector = FileChangeDetector([stamp(1)])
    let loads = (0..<5).map { _ in detector.look([stamp(2)]) }
    #expect(loads == [false, true, false, false, false])
    detector.loaded([stamp(3)])
    let later = (0..<2).map { _ in detector.look([stamp(3)]) }
    #expect(later == [false, false])
  }
}
