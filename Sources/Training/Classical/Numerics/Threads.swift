internal import Compute
internal import Synchronization

/// The threads that trainings compute on: one pool for each number of them.
enum Threads {
  private static let pools = Mutex<[Int: ThreadPool]>([:])

  /// nil for one thread: the caller's own.
  static func pool(_ threadCount: Int) -> ThreadPool? {
    let count = min(threadCount, ThreadBudget.coreCount)
    guard count > 1 else { return nil }
    return pools.withLock { pools in
      if let pool = pools[count] { return pool }
      let pool = ThreadPool(participants: count)
      pools[count] = pool
      return pool
    }
  }
}
