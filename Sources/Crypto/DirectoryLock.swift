internal import Glibc

/// Holds an exclusive lock on a directory while it lives, so that two processes that start at
/// once do not both create what is missing in it.
struct DirectoryLock: ~Copyable {
  private let descriptor: Int32

  /// Creates the directory (mode 0700) when it is missing and waits for the lock.
  init(_ directory: String) throws(CryptoError) {
    if mkdir(directory, 0o700) != 0, errno != EEXIST { throw .file("create", directory) }
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file("open", directory) }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else {
        let error = CryptoError.file("lock", directory)
        close(descriptor)
        throw error
      }
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}
