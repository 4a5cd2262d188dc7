internal import Glibc

/// What jobs need of folders besides what versions need.
extension Folder {
  /// Whether somebody has the folder's lock. Looking takes a shared lock for a moment.
  var isLocked: Bool {
    if flock(descriptor, LOCK_SH | LOCK_NB) == 0 {
      flock(descriptor, LOCK_UN)
      return false
    }
    return errno == EWOULDBLOCK
  }

  /// A millisecond.
  static func pause() { usleep(1000) }

  /// A file to append to, made when there is none.
  func openToAppend(_ name: String) throws(RepositoryError) -> Int32 {
    let file = openat(
      descriptor, name, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o640)
    guard file >= 0 else { throw Self.failure("open a file") }
    return file
  }

  /// Makes a file end after `byteCount` bytes.
  static func truncate(file: Int32, to byteCount: UInt64) throws(RepositoryError) {
    guard ftruncate(file, off_t(byteCount)) == 0 else { throw failure("shorten a file") }
  }

  /// At most `byteCountMax` bytes of a file from an offset on; nil when there is no such file.
  func read(
    _ name: String, from offset: UInt64, byteCountMax: Int
  ) throws(RepositoryError) -> [UInt8]? {
    let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw Self.failure("open a file")
    }
    defer { Glibc.close(file) }
    // The offset comes from a peer.
    guard let start = off_t(exactly: offset), start < off_t.max - off_t(byteCountMax) else {
      return []
    }
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: byteCountMax) { buffer, count in
      while count < byteCountMax {
        let got = pread(
          file, buffer.baseAddress! + count, byteCountMax - count, start + off_t(count))
        if got < 0 && errno == EINTR { continue }
        failed = got < 0
        if got <= 0 { return }
        count += got
      }
    }
    if failed { throw Self.failure("read a file") }
    return bytes
  }
}

/// The time as people read it.
enum WallClock {
  /// Milliseconds since 1970.
  static var milliseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
