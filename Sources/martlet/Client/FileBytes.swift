internal import Glibc

/// Whole files as bytes, with failures that name the file.
enum FileBytes {
  static func read(_ path: String) throws(CommandFailure) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      throw CommandFailure(.noInput, "cannot read '\(path)': \(String(cString: strerror(errno)))")
    }
    defer { close(file) }
    return try read(file, name: path)
  }

  /// All that comes until its end.
  static func readStandardInput() throws(CommandFailure) -> [UInt8] {
    try read(STDIN_FILENO, name: "standard input")
  }

  /// What comes next, as soon as something does; false at the end.
  static func appendStandardInput(to bytes: inout [UInt8]) throws(CommandFailure) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    return try append(to: &bytes, by: &chunk, STDIN_FILENO, name: "standard input")
  }

  private static func read(_ file: Int32, name: String) throws(CommandFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    var status = stat()
    if fstat(file, &status) == 0 { bytes.reserveCapacity(Int(status.st_size)) }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while try append(to: &bytes, by: &chunk, file, name: name) {}
    return bytes
  }

  private static func append(
    to bytes: inout [UInt8], by chunk: inout [UInt8], _ file: Int32, name: String
  ) throws(CommandFailure) -> Bool {
    while true {
      let count = Glibc.read(file, &chunk, chunk.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw CommandFailure(
          .noInput, "cannot read '\(name)': \(String(cString: strerror(errno)))")
      }
      bytes.append(contentsOf: chunk[..<count])
      return count > 0
    }
  }

  /// Replaces a file in one step, so that nobody reads half of it.
  static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws(CommandFailure)
  {
    let temporary = "\(path).\(getpid()).tmp"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard file >= 0 else {
      throw CommandFailure(
        .cannotCreate, "cannot write '\(path)': \(String(cString: strerror(errno)))")
    }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(file, $0.baseAddress! + written, bytes.count - written)
      }
      if count < 0, errno != EINTR { break }
      written += max(count, 0)
    }
    let isWhole = written == bytes.count
    guard close(file) == 0, isWhole, rename(temporary, path) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(temporary)
      throw CommandFailure(.cannotCreate, "cannot write '\(path)': \(reason)")
    }
  }

  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The files below a directory as paths relative to it, sorted.
  static func list(_ directory: String) throws(CommandFailure) -> [String] {
    guard let handle = opendir(directory) else {
      throw CommandFailure(
        .noInput, "cannot read '\(directory)': \(String(cString: strerror(errno)))")
    }
    defer { closedir(handle) }
    var files: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(".") { continue }
      if isDirectory("\(directory)/\(name)") {
        files += try list("\(directory)/\(name)").map { "\(name)/\($0)" }
      } else {
        files.append(name)
      }
    }
    return files.sorted()
  }
}

extension FileBytes {
  /// How large a file is.
  static func byteCount(_ path: String) throws(CommandFailure) -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw CommandFailure(.noInput, "cannot read '\(path)': \(String(cString: strerror(errno)))")
    }
    return Int(status.st_size)
  }
}
