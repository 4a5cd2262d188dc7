internal import Glibc

/// A file's bytes, some at a time: a model does not have to fit into the sender's memory.
final class FileParts {
  private let byteCount: Int
  private let path: String
  /// -1: the bytes are in memory.
  private let file: Int32
  private var text: ArraySlice<UInt8> = []
  private var ahead: [UInt8] = []

  /// Whether all parts were given.
  var isAtEnd: Bool { ahead.isEmpty }

  /// Opens a file.
  init(path: String, byteCount: Int) throws(CommandFailure) {
    (self.path, self.byteCount) = (path, byteCount)
    // Opening a pipe would wait for somebody who writes to it.
    file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      throw CommandFailure(.noInput, "cannot read '\(path)': \(String(cString: strerror(errno)))")
    }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw CommandFailure(.badData, "expected a file, got something else at '\(path)'")
    }
    ahead = try read()
  }

  /// Bytes in memory.
  init(_ text: [UInt8], byteCount: Int) {
    (path, self.byteCount, file) = ("", byteCount, -1)
    self.text = text[...]
    ahead = Array(self.text.prefix(byteCount))
    self.text = self.text.dropFirst(byteCount)
  }

  deinit { if file >= 0 { close(file) } }

  /// The next part; an empty one at the end.
  func next() throws(CommandFailure) -> [UInt8] {
    let part = ahead
    ahead = part.isEmpty ? [] : try read()
    return part
  }

  private func read() throws(CommandFailure) -> [UInt8] {
    guard file >= 0 else {
      defer { text = text.dropFirst(byteCount) }
      return Array(text.prefix(byteCount))
    }
    var failure: Int32 = 0
    let part = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      while count < byteCount {
        let got = Glibc.read(file, buffer.baseAddress! + count, byteCount - count)
        if got < 0, errno == EINTR { continue }
        if got < 0 { failure = errno }
        if got <= 0 { return }
        count += got
      }
    }
    guard failure == 0 else {
      throw CommandFailure(.noInput, "cannot read '\(path)': \(String(cString: strerror(failure)))")
    }
    return part
  }
}
