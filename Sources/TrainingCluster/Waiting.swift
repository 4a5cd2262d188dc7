internal import Dispatch
internal import Synchronization

/// Waits on this thread for what a task does: for threads of their own, never for one that tasks run on.
func waiting<Value: Sendable>(
  for body: @escaping @Sendable () async throws -> Value
) -> Result<Value, any Error> {
  let outcome = Outcome<Value>()
  Task.detached {
    let result: Result<Value, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    outcome.result.withLock { $0 = result }
    outcome.isThere.signal()
  }
  outcome.isThere.wait()
  // It is there: the signal came after it.
  return outcome.result.withLock { $0 }!
}

private final class Outcome<Value: Sendable>: Sendable {
  let result = Mutex<Result<Value, any Error>?>(nil)
  let isThere = DispatchSemaphore(value: 0)
}
