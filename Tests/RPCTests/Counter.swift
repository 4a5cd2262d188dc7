import Synchronization

/// Counts from any thread.
final class Counter: Sendable {
  private let atomic = Atomic<Int>(0)

  var value: Int { atomic.load(ordering: .relaxed) }

  func add() { atomic.add(1, ordering: .relaxed) }
}
