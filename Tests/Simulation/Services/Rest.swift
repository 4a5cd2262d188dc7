internal import EventLoop

/// Waits on a simulated loop: for a time, or until somebody rings.
final class Rest: @unchecked Sendable {
  private var continuation: UnsafeContinuation<Void, any Error>?
  private var timer = TimerHandle.none

  /// Returns after a time, or earlier when rung; throws when the task is cancelled. For one
  /// waiter at a time, on the loop.
  func wait(_ time: Duration, on loop: EventLoop) async throws {
    try Task.checkCancellation()
    try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation {
        (continuation: UnsafeContinuation<Void, any Error>) in
        if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
        self.continuation = continuation
        timer = loop.schedule(after: time) { [self] in end(.success(())) }
      }
    } onCancel: {
      loop.cancel(timer)
      end(.failure(CancellationError()))
    }
  }

  func ring() {
    end(.success(()))
  }

  private func end(_ result: Result<Void, any Error>) {
    let continuation = continuation
    self.continuation = nil
    continuation?.resume(with: result)
  }
}

/// Suspends the caller for a simulated time.
func rest(_ time: Duration, on loop: EventLoop) async throws {
  if time > .zero { try await Rest().wait(time, on: loop) }
}
