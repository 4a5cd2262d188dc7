internal import Synchronization

/// The pieces of one request, from the loop that makes them to the one who reads them.
///
/// A reader that does not keep up pauses its own request, not the loop: `onDemand` tells when it has
/// read enough to go on.
public final class GenerationStream: Sendable {
  /// Pieces that wait for the reader before its request is paused: the network's own buffers hold
  /// some more.
  static let pendingMax = 32

  private struct State {
    var pending: [GenerationDelta] = []
    var head = 0
    var isEnded = false
    var isPaused = false
    var reader: UnsafeContinuation<GenerationDelta?, Never>?
  }
  private let state = Mutex(State())
  private let onDemand: @Sendable () -> Void
  private let onCancel: @Sendable () -> Void

  init(onDemand: @escaping @Sendable () -> Void, onCancel: @escaping @Sendable () -> Void) {
    (self.onDemand, self.onCancel) = (onDemand, onCancel)
  }

  /// The next piece, or nil after the last one. One reader at a time.
  public func next() async -> GenerationDelta? {
    let (delta, isWanting): (GenerationDelta??, Bool) = state.withLock { state in
      guard state.head < state.pending.count else {
        return (state.isEnded ? .some(nil) : nil, false)
      }
      let delta = state.pending[state.head]
      state.head += 1
      if state.head == state.pending.count {
        state.pending.removeAll(keepingCapacity: true)
        state.head = 0
      }
      let isWanting = state.isPaused && state.pending.count - state.head < Self.pendingMax / 4
      if isWanting { state.isPaused = false }
      return (.some(delta), isWanting)
    }
    if isWanting { onDemand() }
    if let delta { return delta }
    return await withUnsafeContinuation { continuation in
      let ready: GenerationDelta?? = state.withLock { state in
        if state.head < state.pending.count {
          state.head += 1
          return .some(state.pending[state.head - 1])
        }
        if state.isEnded { return .some(nil) }
        state.reader = continuation
        return nil
      }
      if let ready { continuation.resume(returning: ready) }
    }
  }

  /// Nobody reads any more: the request ends, its pages are free at once.
  public func cancel() { onCancel() }

  /// A reader that waits, and what it gets. To be resumed without a lock: whoever cancels a call
  /// holds the runtime's lock of its task while it takes ours, and resuming that task takes the two
  /// the other way round.
  struct Wake {
    let reader: UnsafeContinuation<GenerationDelta?, Never>
    let delta: GenerationDelta?
    func resume() { reader.resume(returning: delta) }
  }

  /// One piece more: whom to wake, and whether the reader is so far behind that its request is to be
  /// paused.
  func push(_ delta: GenerationDelta) -> (wake: Wake?, isBehind: Bool) {
    state.withLock { state in
      if let reader = state.reader {
        state.reader = nil
        return (Wake(reader: reader, delta: delta), false)
      }
      state.pending.append(delta)
      let isBehind = state.pending.count - state.head >= Self.pendingMax
      if isBehind { state.isPaused = true }
      return (nil, isBehind)
    }
  }

  /// No further piece: whom to wake.
  func end() -> Wake? {
    state.withLock { state in
      state.isEnded = true
      defer { state.reader = nil }
      return state.reader.map { Wake(reader: $0, delta: nil) }
    }
  }
}
