internal import Dispatch
internal import RPC
internal import Synchronization

/// Waits on this thread for what a task does on a loop: for threads of their own, never for one that tasks run
/// on. The calls' connections live on the loop, so that nothing passes from thread to thread but the result.
func waiting<Value: Sendable>(
  for body: @escaping @Sendable () async throws -> Value
) -> Result<Value, any Error> {
  let outcome = Outcome<Value>()
  Task.detached(executorPreference: clusterLoop) {
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

/// The thread of all calls between the processes of trainings, as far as they begin here.
let clusterLoop: EventLoop = {
  let loop = EventLoop()
  loop.start(name: "cluster")
  return loop
}()
