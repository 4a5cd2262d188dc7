internal import Glibc
internal import Synchronization

/// A counter in a small file that every process of the machine maps: one atomic load tells whether
/// anything in the repository has changed.
///
/// A process that dies between a change and its increment leaves the change unseen by the others;
/// it was not acknowledged, and the next process to open the repository increments.
final class SharedGeneration: @unchecked Sendable {
  // Sendable by hand: the memory is only touched through its atomic.
  private let counter: UnsafeMutablePointer<Atomic<UInt64>>
  private static let byteCount = 4096

  /// Maps the counter of a repository, made when there is none.
  init(_ root: Folder, name: String = ".generation") throws(RepositoryError) {
    let file = openat(
      root.descriptor, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o640)
    guard file >= 0 else { throw Self.failure() }
    defer { close(file) }
    // Growing to the same size twice changes nothing, so two processes may start at once.
    guard ftruncate(file, off_t(Self.byteCount)) == 0,
      let memory = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
      memory != MAP_FAILED
    else { throw Self.failure() }
    counter = memory.bindMemory(to: Atomic<UInt64>.self, capacity: 1)
  }

  deinit { munmap(counter, Self.byteCount) }

  var value: UInt64 { counter.pointee.load(ordering: .acquiring) }

  func increment() {
    counter.pointee.add(1, ordering: .acquiringAndReleasing)
  }

  private static func failure() -> RepositoryError {
    RepositoryError(
      .storage, "could not map the generation counter: \(String(cString: strerror(errno)))")
  }
}
