internal import Synchronization

/// Which language models of a process have somebody who waits for a next token, and how long that
/// takes alone: the others' steps, which run in between, are kept short.
final class GenerationNeighbours: Sendable {
  private let times = Mutex<[ObjectIdentifier: Int64]>([:])

  /// A model's step is over; nil: nobody waits for its next one.
  func set(_ generator: Generator, _ nanoseconds: Int64?) {
    times.withLock { $0[ObjectIdentifier(generator)] = nanoseconds }
  }

  /// The shortest of the times of all but one.
  func shortest(besides generator: Generator) -> Int64? {
    let own = ObjectIdentifier(generator)
    return times.withLock { $0.lazy.filter { $0.key != own }.map(\.value).min() }
  }
}
