internal import Glibc

/// Reads whole files.
enum FileBytes {
  static func read(_ path: String, byteCountMax: Int) throws(ONNXError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw unreadable("cannot be opened", path) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw unreadable("is not a regular file", path)
    }
    let byteCount = Int(status.st_size)
    guard byteCount <= byteCountMax else {
      throw ONNXError(
        code: .limitExceeded,
        message: "expected a file of at most \(byteCountMax) bytes, got \(byteCount)")
    }
    return [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initializedCount in
      adviseHugePages(buffer)
      while initializedCount < byteCount {
        let got = Glibc.read(
          file, buffer.baseAddress! + initializedCount, byteCount - initializedCount)
        if got < 0 && errno == EINTR { continue }
        // A file that shrinks meanwhile ends early; the parser then finds it truncated.
        if got <= 0 { break }
        initializedCount += got
      }
    }
  }

  /// Asks for huge pages before any is touched: with small ones, faults take as long as the reading.
  private static func adviseHugePages(_ buffer: UnsafeMutableBufferPointer<UInt8>) {
    guard let base = buffer.baseAddress, buffer.count >= 4 << 20 else { return }
    let pageByteCount = 2 << 20
    let begin = UnsafeMutableRawPointer(base).alignedUp(toMultipleOf: pageByteCount)
    let end = UnsafeMutableRawPointer(base + buffer.count).alignedDown(toMultipleOf: pageByteCount)
    // Advice: where it is not taken, nothing changes.
    madvise(begin, end - begin, MADV_HUGEPAGE)
  }

  private static func unreadable(_ reason: String, _ path: String) -> ONNXError {
    ONNXError(code: .unreadable, message: "'\(path)' \(reason)")
  }
}
