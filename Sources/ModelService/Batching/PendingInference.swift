internal import RPC
internal import Synchronization

/// A request on its way through the scheduler, and the place where its caller waits.
final class PendingInference: Sendable {
  private enum State {
    case open
    case waiting(UnsafeContinuation<InferenceResult, any Error>)
    case done(Result<InferenceResult, any Error>)
  }

  let request: PreparedInference
  let submittedNanoseconds: UInt64
  /// False once nobody waits for the answer.
  let isLive: @Sendable () -> Bool
  private let state = Mutex(State.open)

  init(
    _ request: PreparedInference, submittedNanoseconds: UInt64,
    isLive: @escaping @Sendable () -> Bool
  ) {
    self.request = request
    self.submittedNanoseconds = submittedNanoseconds
    self.isLive = isLive
  }

  /// Settles the request; once.
  func resolve(_ result: Result<InferenceResult, any Error>) {
    let continuation = state.withLock { state -> UnsafeContinuation<InferenceResult, any Error>? in
      let before = state
      state = .done(result)
      if case .waiting(let continuation) = before { return continuation }
      return nil
    }
    continuation?.resume(with: result)
  }

  /// The result, waited for when it isn't there. A request that ran on the caller's own thread
  /// is settled by now and costs no suspension.
  func value() async throws -> InferenceResult {
    if let result = settled { return try result.get() }
    return try await withUnsafeThrowingContinuation { continuation in
      let result = state.withLock { state -> Result<InferenceResult, any Error>? in
        if case .done(let result) = state { return result }
        state = .waiting(continuation)
        return nil
      }
      if let result { continuation.resume(with: result) }
    }
  }

  private var settled: Result<InferenceResult, any Error>? {
    state.withLock { if case .done(let result) = $0 { result } else { nil } }
  }
}
