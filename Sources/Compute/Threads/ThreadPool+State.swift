internal import CKernels
internal import Glibc
internal import Synchronization

/// What the participants of a pool share. Owned by the pool and by each of its threads.
///
/// `claim` holds generation (32 bits), task count (16) and next task (16). Whoever moves the next
/// task on by compare-exchange owns that task. A thread that wakes late finds another generation or
/// no task left, and touches nothing; so the caller never waits for a thread that has not started.
final class SharedState: Sendable {
  /// How often a thread looks for the next job before it sleeps: about 100 µs, longer than what
  /// lies between two jobs of one inference.
  private static let spinCountMax = 4_000

  private struct Words: ~Copyable {
    let claim = Atomic<UInt64>(0)
    let sleepers = Atomic<UInt32>(0)
    let callerSleeps = Atomic<UInt32>(0)
    let openRuns = Atomic<Int>(0)
    let threads = Atomic<UInt32>(0)
    let regret = Atomic<Int>(0)
    let busy = Atomic<Bool>(false)
    let stops = Atomic<Bool>(false)
  }
  private let words = Words()
  // The generation, and the number of tasks done: raw memory, because a futex needs an address.
  private nonisolated(unsafe) let wakeWord: UnsafeMutablePointer<Atomic<UInt32>>
  private nonisolated(unsafe) let doneWord: UnsafeMutablePointer<Atomic<UInt32>>
  // Written by the caller that holds `busy` before it publishes `claim`, read only by threads that
  // own a task of that generation.
  private nonisolated(unsafe) var body: ((Int) -> Void)?

  init() {
    wakeWord = .allocate(capacity: 1)
    wakeWord.initialize(to: Atomic(0))
    doneWord = .allocate(capacity: 1)
    doneWord.initialize(to: Atomic(0))
  }

  deinit {
    wakeWord.deinitialize(count: 1)
    wakeWord.deallocate()
    doneWord.deinitialize(count: 1)
    doneWord.deallocate()
  }

  func acquire() -> Bool {
    words.busy.compareExchange(
      expected: false, desired: true, ordering: .acquiringAndReleasing
    ).exchanged
  }
  func release() { words.busy.store(false, ordering: .releasing) }
  func openRun() {
    if words.openRuns.add(1, ordering: .relaxed).oldValue == 0 {
      words.regret.store(0, ordering: .relaxed)
    }
  }
  func closeRun() { words.openRuns.subtract(1, ordering: .relaxed) }

  var openRunCount: Int { words.openRuns.load(ordering: .relaxed) }

  /// Whether a job is to be handed over now. It is if a thread is awake. If not, waking one is
  /// worth it as soon as what the jobs of this inference would have gained reaches its price.
  func isWorthWaking(_ nanoseconds: Double) -> Bool {
    let threads = words.threads.load(ordering: .relaxed)
    if words.sleepers.load(ordering: .relaxed) < threads { return true }
    let gain = Int(min(nanoseconds / 2, 1e9))
    let sum = words.regret.add(gain, ordering: .relaxed).newValue
    guard Double(sum) >= ThreadPool.wakeNanoseconds else { return false }
    words.regret.store(0, ordering: .relaxed)
    return true
  }

  /// The caller's side of a job.
  func forkJoin(_ count: Int, _ body: @escaping (Int) -> Void) {
    self.body = body
    doneWord.pointee.store(0, ordering: .relaxed)
    let generation = wakeWord.pointee.load(ordering: .relaxed) &+ 1
    words.claim.store(
      UInt64(generation) << 32 | UInt64(count) << 16, ordering: .sequentiallyConsistent)
    wakeWord.pointee.store(generation, ordering: .sequentiallyConsistent)
    let sleeping = Int(words.sleepers.load(ordering: .sequentiallyConsistent))
    let awake = Int(words.threads.load(ordering: .relaxed)) - sleeping
    // Helpers that look for work take the first tasks; others are woken for what is left.
    if sleeping > 0, count - 1 > awake {
      ck_futex_wake(wakeWord, Int32(clamping: count - 1 - awake))
    }
    work(generation)
    awaitCompletion(UInt32(count))
    self.body = nil
  }

  /// Takes tasks of one generation until there are none left.
  private func work(_ generation: UInt32) {
    while let (task, count) = takeTask(generation) {
      body?(task)
      let done = doneWord.pointee.add(1, ordering: .sequentiallyConsistent).newValue
      if done == count, words.callerSleeps.load(ordering: .sequentiallyConsistent) != 0 {
        ck_futex_wake(doneWord, 1)
      }
    }
  }

  private func takeTask(_ generation: UInt32) -> (task: Int, count: UInt32)? {
    var seen = words.claim.load(ordering: .acquiring)
    while true {
      let count = seen >> 16 & 0xffff
      let next = seen & 0xffff
      guard UInt32(truncatingIfNeeded: seen >> 32) == generation, next < count else { return nil }
      let (exchanged, original) = words.claim.weakCompareExchange(
        expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
      if exchanged { return (Int(next), UInt32(count)) }
      seen = original
    }
  }

  private func awaitCompletion(_ count: UInt32) {
    for _ in 0..<Self.spinCountMax {
      if doneWord.pointee.load(ordering: .acquiring) == count { return }
      ck_pause()
    }
    words.callerSleeps.store(1, ordering: .sequentiallyConsistent)
    while true {
      let done = doneWord.pointee.load(ordering: .sequentiallyConsistent)
      if done == count { break }
      ck_futex_wait(doneWord, done)
    }
    words.callerSleeps.store(0, ordering: .sequentiallyConsistent)
  }

  func startThread() -> Bool {
    var thread = pthread_t()
    let state = Unmanaged.passRetained(self)
    let failed = pthread_create(&thread, nil, threadMain, state.toOpaque()) != 0
    if failed {
      state.release()
    } else {
      words.threads.add(1, ordering: .relaxed)
      pthread_detach(thread)
    }
    return !failed
  }

  func stop() {
    words.stops.store(true, ordering: .sequentiallyConsistent)
    wakeWord.pointee.add(1, ordering: .sequentiallyConsistent)
    ck_futex_wake(wakeWord, Int32.max)
  }

  /// A thread's life: wait for another generation, help with it, and again.
  fileprivate func serve() {
    var seen: UInt32 = 0
    var spins = 0
    while !words.stops.load(ordering: .acquiring) {
      let generation = wakeWord.pointee.load(ordering: .acquiring)
      if generation != seen {
        seen = generation
        work(generation)
        spins = 0
      } else if spins < Self.spinCountMax {
        spins += 1
        ck_pause()
      } else {
        words.sleepers.add(1, ordering: .sequentiallyConsistent)
        ck_futex_wait(wakeWord, seen)
        words.sleepers.subtract(1, ordering: .sequentiallyConsistent)
        spins = 0
      }
    }
  }
}

/// A C function pointer; formed here, outside any actor, so that it runs on any thread.
private func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  Unmanaged<SharedState>.fromOpaque(argument).takeRetainedValue().serve()
  return nil
}
