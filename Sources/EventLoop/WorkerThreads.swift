internal import Glibc
internal import Synchronization

// Sendable by hand: all state is behind `mutex`.

/// Threads for work that would hold up a loop: long computations, name lookups, file reads.
///
/// Jobs run first in, first out. How many threads a process may have is its owner's decision;
/// nothing is started before the first job.
public final class WorkerThreads: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private let threadCount: Int
  private let name: String
  private var queue: [@Sendable () -> Void] = []
  private var head = 0
  private var startedCount = 0
  private var idleCount = 0

  /// At most `count` threads.
  public init(count: Int, name: String = "worker") {
    precondition(count > 0, "worker threads: expected at least one, got \(count)")
    threadCount = count
    self.name = name
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  /// Jobs that wait for a thread.
  public var queuedCount: Int {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return queue.count - head
  }

  /// Queues a job. Threads live as long as the process, and so does this object once used.
  public func submit(_ job: @escaping @Sendable () -> Void) {
    pthread_mutex_lock(mutex)
    queue.append(job)
    let mustStart = idleCount == 0 && startedCount < threadCount
    if mustStart { startedCount += 1 }
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
    if mustStart { Thread.spawn(name: name) { self.work() } }
  }

  /// Runs `body` on a worker and resumes the caller where it was, on its own executor.
  public func offload<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await withUnsafeThrowingContinuation { continuation in
      submit { continuation.resume(with: Swift.Result { try body() }) }
    }
  }

  private func work() {
    pthread_mutex_lock(mutex)
    while true {
      while head == queue.count {
        idleCount += 1
        pthread_cond_wait(condition, mutex)
        idleCount -= 1
      }
      let job = queue[head]
      head += 1
      if head == queue.count {
        queue.removeAll(keepingCapacity: true)
        head = 0
      } else if head > 1024 {
        queue.removeFirst(head)
        head = 0
      }
      pthread_mutex_unlock(mutex)
      job()
      pthread_mutex_lock(mutex)
    }
  }
}
