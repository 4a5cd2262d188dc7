internal import Synchronization

/// Wakes those who wait for a change. It carries no changes itself: watchers read them from the
/// store, so that none can be lost or come out of order.
final class ChangeSignal: Sendable {
  /// What a watcher has seen; it wakes when the signal has moved on.
  struct Position: Equatable {
    var revision: UInt64 = 0
    var ticks: UInt64 = 0
  }

  private struct State {
    var position = Position()
    var isFinished = false
    var nextWaiter: UInt64 = 0
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  var position: Position { state.withLock { $0.position } }

  /// Says that everything up to `revision` is on disk. Calls may come out of order.
  func publish(revision: UInt64) {
    wake { position in
      guard revision > position.revision else { return false }
      position.revision = revision
      return true
    }
  }

  /// Wakes everybody, for heartbeats and to look for changes made by another process.
  func tick() {
    wake { position in
      position.ticks += 1
      return true
    }
  }

  /// Ends all waiting, now and later: the process is going to stop.
  func finish() {
    state.withLock { $0.isFinished = true }
    wake { _ in true }
  }

  var isFinished: Bool { state.withLock { $0.isFinished } }

  private func wake(_ advance: (inout Position) -> Bool) {
    let woken = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      guard advance(&state.position) else { return [] }
      defer { state.waiters.removeAll() }
      return Array(state.waiters.values)
    }
    for continuation in woken { continuation.resume() }
  }

  /// Returns when the position differs from `seen` or the signal is finished; throws when the
  /// task is cancelled.
  func wait(after seen: Position) async throws {
    let waiter = state.withLock { state -> UInt64 in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state in
          // Checked under the lock: a cancellation that came first found no waiter to remove.
          if state.position != seen || state.isFinished || Task.isCancelled { return true }
          state.waiters[waiter] = continuation
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume()
    }
    try Task.checkCancellation()
  }

  /// How many wait now, for tests.
  var waiterCount: Int { state.withLock { $0.waiters.count } }
}
