internal import Glibc

/// Which content a path names, without reading it. Links are followed: whoever swaps a link (as
/// Kubernetes does for mounted secrets), renames a file into place, or writes into the old file
/// changes the stamp.
struct FileStamp: Equatable, Sendable {
  private let device: UInt
  private let inode: UInt
  private let byteCount: Int
  private let modified: [Int]

  /// nil: there is no such file now.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(
      device: status.st_dev, inode: status.st_ino, byteCount: status.st_size,
      // The change time too: it moves when only the permissions do.
      modified: [
        status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
        status.st_ctim.tv_nsec,
      ])
  }

  init(device: UInt, inode: UInt, byteCount: Int, modified: [Int]) {
    self.device = device
    self.inode = inode
    self.byteCount = byteCount
    self.modified = modified
  }
}

/// Decides when a set of files is to be loaded again: when it has changed and was then quiet from
/// one look to the next. A certificate and its key are two files; between the two renames they
/// do not fit together, and that is nobody's mistake.
struct FileChangeDetector: Sendable {
  private var tried: [FileStamp?]
  private var seen: [FileStamp?]

  /// The files as they were before they were loaded.
  init(_ stamps: [FileStamp?]) {
    tried = stamps
    seen = stamps
  }

  /// True when the files are to be loaded now.
  mutating func look(_ stamps: [FileStamp?]) -> Bool {
    defer { seen = stamps }
    guard stamps == seen, stamps != tried else { return false }
    // Whether or not they can be used: the same files are not tried, and complained of, twice.
    tried = stamps
    return true
  }

  /// The files were loaded for another reason.
  mutating func loaded(_ stamps: [FileStamp?]) {
    tried = stamps
    seen = stamps
  }
}
