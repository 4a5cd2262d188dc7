internal import Synchronization

/// Lets one at a time go on, in the order they came. Tenants wait at a ``TenantTurnstile``.
final class Turnstile: Sendable {
  private struct State {
    var isTaken = false
    var waiting: [UnsafeContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())

  /// Returns when it is the caller's turn, which ends with `give`.
  func take() async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let isFree = state.withLock { state in
        if state.isTaken { state.waiting.append(continuation) }
        defer { state.isTaken = true }
        return !state.isTaken
      }
      if isFree { continuation.resume() }
    }
  }

  /// The next one's turn.
  func give() {
    let next = state.withLock { state -> UnsafeContinuation<Void, Never>? in
      guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
      state.isTaken = false
      return nil
    }
    next?.resume()
  }
}
