public import Glibc

/// Replaces the file at `path` by `bytes` in one step: a reader sees the old content or the new,
/// and the new content is on disk when the call returns.
///
/// The file is created with exactly `mode`, whatever the umask, before the first byte is written.
public func writeFileAtomically(
  _ path: String, _ bytes: [UInt8], mode: mode_t
) throws(CryptoError) {
  let suffix = String(decoding: Base62.encode(secureRandomBytes(6), width: 9), as: UTF8.self)
  let temporary = "\(path).\(suffix).tmp"
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
  guard descriptor >= 0 else { throw .file("create", temporary) }
  var failed = fchmod(descriptor, mode) != 0
  var written = 0
  while !failed, written < bytes.count {
    let count = bytes.withUnsafeBytes { buffer in
      write(descriptor, buffer.baseAddress! + written, buffer.count - written)
    }
    if count > 0 { written += count } else if count == 0 || errno != EINTR { failed = true }
  }
  failed = failed || fsync(descriptor) != 0
  failed = close(descriptor) != 0 || failed
  guard !failed, rename(temporary, path) == 0 else {
    let error = CryptoError.file("write", path)
    unlink(temporary)
    throw error
  }
  try syncDirectory(containing: path)
}

/// The content of the file at `path`, refused when it is longer than `byteCountMax`.
public func readFile(_ path: String, byteCountMax: Int) throws(CryptoError) -> [UInt8] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .file("open", path) }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 16_384)
  while true {
    let count = read(descriptor, &chunk, chunk.count)
    if count == 0 { return bytes }
    if count < 0 {
      if errno == EINTR { continue }
      throw .file("read", path)
    }
    bytes += chunk[..<count]
    guard bytes.count <= byteCountMax else {
      throw CryptoError(
        code: .file, message: "'\(path)' has more than the expected \(byteCountMax) bytes at most")
    }
  }
}

/// A new name is durable only when the directory that holds it is.
private func syncDirectory(containing path: String) throws(CryptoError) {
  let parent = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) }
  let descriptor = open(parent ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .file("open", parent ?? ".") }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else { throw .file("sync", parent ?? ".") }
}

extension CryptoError {
  /// A failed system call on a file, with the system's own reason.
  static func file(_ operation: String, _ path: String) -> CryptoError {
    let reason = String(cString: strerror(errno))
    return CryptoError(code: .file, message: "could not \(operation) '\(path)': \(reason)")
  }
}
