internal import Compute
internal import Glibc

extension ONNXReader {
  /// A tensor's bytes from a file beside the model. The path is walked one component at a
  /// time without following links, so that nothing outside the folder can be named, not even
  /// by a link that appears between check and use.
  func externalData(
    _ entries: [String: String], byteCount: Int
  ) throws(ONNXError) -> TensorStorage {
    guard let folder else {
      throw refused("the model was not read from a folder, so it cannot have any")
    }
    guard let location = entries["location"], !location.isEmpty else {
      throw refused("its location is missing")
    }
    let offset = try number(entries["offset"], "offset") ?? 0
    if let length = try number(entries["length"], "length"), length != byteCount {
      throw ONNXError(
        code: .tensorSizeMismatch,
        message: "external data needs \(byteCount) bytes, its length says \(length)")
    }
    guard byteCount <= limits.fileByteCountMax else {
      throw ONNXError(
        code: .limitExceeded,
        message: "external data may have \(limits.fileByteCountMax) bytes, got \(byteCount)")
    }
    let file = try open(location, in: folder)
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw refused("'\(location)' is not a regular file")
    }
    let (end, overflow) = offset.addingReportingOverflow(byteCount)
    guard !overflow, end <= Int(status.st_size) else {
      throw refused(
        "'\(location)' has \(status.st_size) bytes, but \(byteCount) from \(offset) are needed")
    }
    var failed = false
    let storage = TensorStorage(byteCount: byteCount) { target in
      var done = 0
      while done < byteCount {
        let got = pread(file, target.baseAddress! + done, byteCount - done, offset + done)
        if got < 0 && errno == EINTR { continue }
        if got <= 0 {
          failed = true
          return
        }
        done += got
      }
    }
    if failed { throw refused("'\(location)' could not be read to its end") }
    return storage
  }

  private func open(_ location: String, in folder: String) throws(ONNXError) -> Int32 {
    let components = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.hasPrefix("/"), !components.contains(where: { $0 == ".." || $0.isEmpty })
    else {
      throw refused("'\(location)' is not a path below the model's folder")
    }
    var current = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard current >= 0 else { throw refused("the model's folder cannot be opened") }
    for (index, component) in components.enumerated() {
      let isLast = index == components.count - 1
      // O_NONBLOCK: opening a FIFO somebody planted must not wait for its writer.
      let flags =
        O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (isLast ? 0 : O_DIRECTORY)
      let next = openat(current, String(component), flags)
      close(current)
      guard next >= 0 else {
        throw refused("'\(location)' does not exist below the model's folder, or is a link")
      }
      current = next
    }
    return current
  }

  private func number(_ text: String?, _ name: String) throws(ONNXError) -> Int? {
    guard let text else { return nil }
    guard let value = Int(text), value >= 0 else {
      throw refused("its \(name) must be a number of at least 0")
    }
    return value
  }

  private func refused(_ reason: String) -> ONNXError {
    ONNXError(code: .externalData, message: "external data: \(reason)")
  }
}
