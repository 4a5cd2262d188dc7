internal import Glibc
internal import RPC

// Sendable by hand: all state is behind `mutex`.

/// Calls back at points of the monotonic clock, with the system's precision: the loops' timers
/// count milliseconds, and batches wait for a tenth of one.
///
/// The thread starts with the first deadline and lives as long as the process.
final class DeadlineTimer: @unchecked Sendable {
  private struct Entry {
    var nanoseconds: UInt64
    var action: @Sendable () -> Void
  }

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  /// Few at a time (one a waiting model), so a sorted array serves: latest first.
  private var entries: [Entry] = []
  private var isStarted = false

  init() {
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  /// Calls `action` on the timer's thread, which it must not hold up.
  func schedule(atNanoseconds nanoseconds: UInt64, _ action: @escaping @Sendable () -> Void) {
    pthread_mutex_lock(mutex)
    let index = entries.firstIndex { $0.nanoseconds <= nanoseconds } ?? entries.count
    entries.insert(Entry(nanoseconds: nanoseconds, action: action), at: index)
    let mustStart = !isStarted
    isStarted = true
    if index == entries.count - 1 { pthread_cond_signal(condition) }
    pthread_mutex_unlock(mutex)
    if mustStart { Thread.spawn(name: "batch-timer") { self.run() } }
  }

  private func run() {
    pthread_mutex_lock(mutex)
    while true {
      guard let next = entries.last else {
        pthread_cond_wait(condition, mutex)
        continue
      }
      if next.nanoseconds <= MonotonicTime.now().nanoseconds {
        entries.removeLast()
        pthread_mutex_unlock(mutex)
        next.action()
        pthread_mutex_lock(mutex)
        continue
      }
      var time = timespec(
        tv_sec: Int(next.nanoseconds / 1_000_000_000),
        tv_nsec: Int(next.nanoseconds % 1_000_000_000))
      pthread_cond_timedwait(condition, mutex, &time)
    }
  }
}
