internal import Glibc

/// A file's bytes: mapped, or in memory where it cannot be. Read-only, until the last holder goes.
///
/// Whoever puts files into a repository replaces them whole, by rename: a file that became shorter
/// while it is mapped would end the process.
final class FileMapping: Sendable {
  // Nobody writes it once it is made.
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
  private let isMapped: Bool

  /// Why a file has no bytes.
  struct Failure: Error { let reason: String }

  /// Maps a regular file.
  init(path: String, copiedByteCountMax: Int) throws(Failure) {
    // O_NONBLOCK: opening a FIFO must not wait for its writer.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw Failure(reason: "cannot be opened") }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Failure(reason: "is not a regular file")
    }
    let byteCount = Int(status.st_size)
    if byteCount > 0, let base = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, file, 0),
      base != MAP_FAILED
    {
      // Read from front to back, mostly once.
      madvise(base, byteCount, MADV_SEQUENTIAL)
      bytes = UnsafeRawBufferPointer(start: base, count: byteCount)
      isMapped = true
      return
    }
    guard byteCount <= copiedByteCountMax else {
      throw Failure(
        reason: "cannot be mapped, and its \(byteCount) bytes are more than the "
          + "\(copiedByteCountMax) that are copied")
    }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
    var done = 0
    while done < byteCount {
      let got = read(file, memory.baseAddress! + done, byteCount - done)
      if got < 0 && errno == EINTR { continue }
      if got <= 0 { break }
      done += got
    }
    guard done == byteCount else {
      memory.deallocate()
      throw Failure(reason: "could not be read to its end")
    }
    bytes = UnsafeRawBufferPointer(memory)
    isMapped = false
  }

  /// Copies bytes.
  init(_ source: [UInt8]) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 64)
    memory.copyBytes(from: source)
    bytes = UnsafeRawBufferPointer(memory)
    isMapped = false
  }

  /// Whether anything is there, through links.
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// A file's bytes, copied.
  static func contents(_ path: String, byteCountMax: Int) throws(Failure) -> [UInt8] {
    let mapping = try FileMapping(path: path, copiedByteCountMax: byteCountMax)
    guard mapping.bytes.count <= byteCountMax else {
      throw Failure(
        reason: "may have \(byteCountMax) bytes, and has \(mapping.bytes.count)")
    }
    return Array(mapping.bytes)
  }

  deinit {
    if isMapped {
      munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    } else {
      bytes.deallocate()
    }
  }
}
