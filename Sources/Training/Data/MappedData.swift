internal import Glibc

/// Bytes that the kernel reads from a file when they are needed, and drops when memory is short.
final class MappedData: Sendable {
  /// Read by any number of threads.
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
  /// Written only while it is filled, before anybody else knows of it.
  nonisolated(unsafe) let mutableBytes: UnsafeMutableRawBufferPointer?

  /// Maps a file to read.
  init(path: String, name: String) throws(TrainingError) {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw TrainingError(.data, "'\(name)' cannot be opened") }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw TrainingError(.data, "expected a file, got something else as '\(name)'")
    }
    mutableBytes = nil
    let byteCount = Int(status.st_size)
    guard byteCount > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let base = mmap(nil, byteCount, PROT_READ, MAP_SHARED, file, 0), base != MAP_FAILED
    else { throw TrainingError(.resources, "'\(name)' cannot be mapped") }
    bytes = UnsafeRawBufferPointer(start: base, count: byteCount)
  }

  /// Room for what a file becomes: in a file without a name, in the folder of `path`, or in memory where
  /// that can't be. It is there in full before anybody writes to it.
  init(byteCount: Int, beside path: String, name: String) throws(TrainingError) {
    guard byteCount > 0 else {
      mutableBytes = nil
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let file = open(folder, Self.temporaryFile | O_RDWR | O_CLOEXEC, 0o600)
    defer { if file >= 0 { close(file) } }
    if file >= 0 {
      // A page that the disk has no room for would end the process when it is written.
      let code = posix_fallocate(file, 0, off_t(byteCount))
      guard code == 0 else {
        throw TrainingError(
          .resources,
          "'\(name)' takes \(byteCount) bytes on the service's disk, which has not so many left: "
            + "delete trainings or versions that are not needed, or send less data")
      }
    }
    let flags = file >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS
    guard let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, file, 0),
      base != MAP_FAILED
    else {
      throw TrainingError(.resources, "'\(name)' takes \(byteCount) bytes, which cannot be had")
    }
    let memory = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
    mutableBytes = memory
    bytes = UnsafeRawBufferPointer(memory)
  }

  // O_TMPFILE, which Glibc's module leaves out because it is made of two others.
  private static let temporaryFile = Int32(0o20_000_000) | O_DIRECTORY

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }
}
