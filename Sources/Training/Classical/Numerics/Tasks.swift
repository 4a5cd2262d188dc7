internal import Compute

/// Work that is dealt to the threads of a training.
enum Tasks {
  /// Calls `body` for each of 0..<count, on any thread. It must not throw or wait.
  static func run(_ count: Int, on threads: ThreadPool?, _ body: (Int) -> Void) {
    guard let threads, count > 1 else {
      for task in 0..<count { body(task) }
      return
    }
    threads.run(count, body)
  }

  /// Rows in at most 16 shares of 64 KiB or more. They depend on the data alone: what is added up share
  /// by share is the same on any number of threads.
  static func shards(_ rowCount: Int, bytesEach: Int) -> [Range<Int>] {
    let count = max(1, min(16, (rowCount * bytesEach) >> 16))
    return (0..<count).map { rowCount * $0 / count..<rowCount * ($0 + 1) / count }
  }
}
