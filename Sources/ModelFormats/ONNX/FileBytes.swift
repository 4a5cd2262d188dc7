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

  private static func unreadable(_ reason: String, _ path: String) -> ONNXError {
    ONNXError(code: .unreadable, message: "'\(path)' \(reason)")
  }
}
