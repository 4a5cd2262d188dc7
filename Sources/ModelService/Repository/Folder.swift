internal import Glibc

/// An open directory. Everything below it is reached by name from here and no symbolic link is
/// followed, so a name can't lead out of the repository, whatever lies on the disk.
///
/// The unsafe calls of the repository are in this file.
final class Folder: Sendable {
  /// The descriptor, closed with the folder.
  let descriptor: Int32

  /// What `stat` says of one entry.
  struct Status: Equatable {
    var isFolder: Bool
    var isFile: Bool
    var byteCount: UInt64
    var inode: UInt64
    var modifiedSeconds: Int64
    var modifiedNanoseconds: Int64
  }

  /// Opens the root, which alone may be reached through links: the operator named it.
  convenience init(root path: String) throws(RepositoryError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure("open the repository") }
    self.init(adopting: descriptor)
  }

  private init(adopting descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit { Glibc.close(descriptor) }

  /// The folder of that name, or nil when there is none (a link or a file is none).
  func folder(_ name: String) throws(RepositoryError) -> Folder? {
    let child = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard child < 0 else { return Folder(adopting: child) }
    if errno == ENOENT || errno == ELOOP || errno == ENOTDIR { return nil }
    throw Self.failure("open a folder")
  }

  /// The folder of that name, made when there is none.
  func makeFolder(_ name: String) throws(RepositoryError) -> Folder {
    if mkdirat(descriptor, name, 0o750) != 0, errno != EEXIST {
      throw Self.failure("create a folder")
    }
    guard let child = try folder(name) else {
      throw RepositoryError(.storage, "expected a folder '\(name)', got something else")
    }
    return child
  }

  /// Names of the entries, sorted, without `.` and `..`.
  func entries() throws(RepositoryError) -> [String] {
    // A descriptor of its own: reading moves the position that copies share.
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = fdopendir(copy) else {
      let error = Self.failure("list a folder")
      if copy >= 0 { Glibc.close(copy) }
      throw error
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// What lies under that name; nil for nothing.
  func status(_ name: String) -> Status? {
    var status = stat()
    guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    let kind = status.st_mode & S_IFMT
    return Status(
      isFolder: kind == S_IFDIR, isFile: kind == S_IFREG, byteCount: UInt64(status.st_size),
      inode: UInt64(status.st_ino), modifiedSeconds: Int64(status.st_mtim.tv_sec),
      modifiedNanoseconds: Int64(status.st_mtim.tv_nsec))
  }

  /// The content of a regular file; nil when there is none.
  func read(_ name: String, byteCountMax: Int) throws(RepositoryError) -> [UInt8]? {
    // O_NONBLOCK: a FIFO put there must not hold us up.
    let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      if errno == ENOENT || errno == ELOOP { return nil }
      throw Self.failure("open a file")
    }
    defer { Glibc.close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    guard status.st_size <= byteCountMax else {
      throw RepositoryError(
        .tooLarge,
        "'\(name)': expected at most \(byteCountMax) bytes, got \(status.st_size)")
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= byteCountMax {
      let count = Glibc.read(file, &chunk, chunk.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw Self.failure("read a file")
      }
      bytes += chunk[..<count]
    }
    throw RepositoryError(.tooLarge, "'\(name)': expected at most \(byteCountMax) bytes, got more")
  }

  /// A new, empty file; fails when there is one.
  func createFile(_ name: String) throws(RepositoryError) -> Int32 {
    let file = openat(
      descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o640)
    guard file >= 0 else { throw Self.failure("create a file") }
    return file
  }

  /// Renames an entry of this folder into another.
  func rename(
    _ name: String, into other: Folder, as newName: String
  ) throws(RepositoryError) {
    guard renameat(descriptor, name, other.descriptor, newName) == 0 else {
      throw Self.failure("rename a folder")
    }
  }

  /// Removes a file; false when there was none.
  @discardableResult
  func removeFile(_ name: String) throws(RepositoryError) -> Bool {
    if unlinkat(descriptor, name, 0) == 0 { return true }
    if errno == ENOENT { return false }
    throw Self.failure("remove a file")
  }

  /// Removes a folder with what is in it, as far as possible.
  func removeTree(_ name: String) {
    if let child = try? folder(name), let names = (try? child.entries()) as [String]? {
      for entry in names {
        if child.status(entry)?.isFolder == true {
          child.removeTree(entry)
        } else {
          unlinkat(child.descriptor, entry, 0)
        }
      }
    }
    unlinkat(descriptor, name, AT_REMOVEDIR)
  }

  /// Makes the names in this folder durable.
  func sync() throws(RepositoryError) {
    guard fsync(descriptor) == 0 else { throw Self.failure("sync a folder") }
  }

  /// Takes the folder's lock, which ends with the descriptor; false when another process has it.
  func lock(wait: Bool) throws(RepositoryError) -> Bool {
    while flock(descriptor, wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return false }
      guard errno == EINTR else { throw Self.failure("lock a folder") }
    }
    return true
  }

  /// Gives the lock back before the descriptor is closed.
  func unlock() {
    flock(descriptor, LOCK_UN)
  }

  /// Appends all bytes to a file.
  static func write(_ bytes: ArraySlice<UInt8>, to file: Int32) throws(RepositoryError) {
    let isWritten = bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count {
        let count = Glibc.write(file, buffer.baseAddress! + written, buffer.count - written)
        if count > 0 { written += count } else if count == 0 || errno != EINTR { return false }
      }
      return true
    }
    guard isWritten else { throw failure("write a file") }
  }

  /// Makes a file's content durable.
  static func sync(file: Int32) throws(RepositoryError) {
    guard fsync(file) == 0 else { throw failure("sync a file") }
  }

  /// Closes a file made by ``createFile(_:)``.
  static func close(file: Int32) {
    Glibc.close(file)
  }

  /// The system's reason for what just failed.
  static func failure(_ what: String) -> RepositoryError {
    let isFull = errno == ENOSPC || errno == EDQUOT
    return RepositoryError(
      isFull ? .full : .storage, "could not \(what): \(String(cString: strerror(errno)))")
  }
}
