internal import Synchronization

/// Counts a server's connections over all its loops.
final class ConnectionCounter: Sendable {
  private let value = Atomic<Int>(0)

  var count: Int { value.load(ordering: .relaxed) }

  /// Counts one more; false when there are `max` already.
  func add(max: Int) -> Bool {
    if value.wrappingAdd(1, ordering: .relaxed).newValue <= max { return true }
    remove()
    return false
  }

  func remove() {
    value.wrappingSubtract(1, ordering: .relaxed)
  }
}
