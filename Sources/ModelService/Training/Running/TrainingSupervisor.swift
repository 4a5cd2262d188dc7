internal import CLinux
internal import Glibc
internal import RPC
internal import Synchronization
internal import Telemetry

/// Looks for jobs that nobody computes, and computes them: at most as many at a time as the limits
/// say, tenants in turn, on threads of the lowest priority.
final class TrainingSupervisor: Sendable {
  private struct State {
    var queue = JobQueue()
    var runs: [JobKey: JobRun] = [:]
    /// Jobs that could not be written to, and when they are tried again.
    var postponed: [JobKey: MonotonicTime] = [:]
    /// Whether the last look found jobs that have not ended: somebody may die over them.
    var hasOpenJobs = true
    /// Whether the last look found a job that somebody held only for a moment, to look at it.
    var hasMissed = false
    var isLooking = false
    var isStopping = false
  }

  private let store: JobStore
  private let around: JobRun.Surroundings
  private let metrics: TrainingMetrics
  private let log: LogWriter?
  private let state = Mutex(State())
  /// Another process's change is seen after this long, and a dead one's jobs after `scanCount` times it.
  private static let lookMicroseconds: UInt32 = 100_000
  private static let scanCount = 20
  /// Address space only: trees and layers may be deep.
  private static let stackByteCount = 64 << 20
  /// Until a job is tried again whose folder could not be written.
  private static let pause = Duration.seconds(10)

  init(
    store: JobStore, _ around: JobRun.Surroundings, metrics: TrainingMetrics, log: LogWriter?
  ) {
    self.store = store
    self.around = around
    self.metrics = metrics
    self.log = log
  }

  /// Starts to look, on a thread that mostly sleeps.
  func start() {
    Thread.spawn(name: "jobs") { [self] in
      var seen: UInt64?
      var looks = 0
      while !isStopping {
        let generation = store.shared.value
        // Without open jobs nothing can change but by somebody who says so.
        if generation != seen || hasMissed || looks >= Self.scanCount && hasOpenJobs {
          (seen, looks) = (generation, 0)
          look()
        }
        looks += 1
        usleep(Self.lookMicroseconds)
      }
    }
  }

  /// Starts jobs, unless it is to stop: who stops waits until nobody looks any more.
  private func look() {
    let mayLook = state.withLock { state in
      state.isLooking = !state.isStopping
      return state.isLooking
    }
    guard mayLook else { return }
    startWaiting()
    state.withLock { $0.isLooking = false }
  }

  /// Ends what runs here, at its next step, and waits for it at most `seconds`. After that all that it
  /// held is anybody's, and those who share the repository know it.
  func stop(seconds: Double) {
    let runs = state.withLock { state in
      state.isStopping = true
      return Array(state.runs.values)
    }
    for run in runs { run.stop() }
    let end = MonotonicTime.now() + .seconds(seconds)
    while MonotonicTime.now() < end, isBusy { usleep(10_000) }
  }

  /// Jobs that are computed here.
  var runCount: Int { state.withLock { $0.runs.count } }
  /// Whether a job may be anybody's although the last look did not get it.
  var hasMissed: Bool { state.withLock { $0.hasMissed } }
  private var hasOpenJobs: Bool { state.withLock { $0.hasOpenJobs } }
  private var isBusy: Bool { state.withLock { $0.isLooking || !$0.runs.isEmpty } }
  private var isStopping: Bool { state.withLock { $0.isStopping } }

  /// Starts jobs as long as there is room for them.
  func startWaiting() {
    while let (job, run) = claim() {
      metrics.running(runCount)
      Thread.spawn(name: "train", stackByteCount: Self.stackByteCount) { [self] in
        martlet_lower_priority()
        finish(job, run.run())
      }
    }
  }

  /// Takes the next job for this process.
  private func claim() -> (JobFolder, JobRun)? {
    let isFull = state.withLock { $0.isStopping || $0.runs.count >= around.limits.jobCountMax }
    guard !isFull, let (found, running) = try? scan() else { return nil }
    var waiting = found
    state.withLock { state in
      state.hasOpenJobs = !found.isEmpty || !running.isEmpty || !state.postponed.isEmpty
      state.hasMissed = false
    }
    while true {
      let next = state.withLock { $0.queue.next(waiting, running: running) }
      guard let next else { return nil }
      waiting.removeAll { $0 == next }
      guard let job = try? store.job(next.key) else { continue }
      // Another process may have been faster. Or it only looks, and then it is soon out of the way.
      guard (try? job.lockDespiteLooks()) == true else {
        state.withLock { $0.hasMissed = true }
        continue
      }
      guard let current = (try? job.state()) as JobState?, !current.isEnded, !job.isDeleted else {
        job.unlock()
        continue
      }
      let run = JobRun(job, around)
      let isTaken = state.withLock { state in
        // A run that has given its lock back, but is not forgotten yet, would take this one with it.
        if state.isStopping || state.runs[next.key] != nil { return false }
        state.runs[next.key] = run
        return true
      }
      if isTaken { return (job, run) }
      job.unlock()
      if isStopping { return nil }
    }
  }

  /// Jobs that nobody computes, and how many of each tenant are computed.
  private func scan() throws(RepositoryError) -> ([WaitingJob], [String: Int]) {
    var waiting: [WaitingJob] = []
    var running: [String: Int] = [:]
    let now = MonotonicTime.now()
    let postponed = state.withLock { state in
      state.postponed = state.postponed.filter { $0.value > now }
      return state.postponed
    }
    for tenant in try store.tenants() {
      for job in try store.jobs(of: tenant) {
        guard let state = (try? job.state()) as JobState?, !state.isEnded else { continue }
        if job.isHeld {
          running[tenant, default: 0] += 1
        } else if postponed[job.key] == nil, let order = (try? job.order()) as JobOrder? {
          waiting.append(
            WaitingJob(key: job.key, createdMilliseconds: order.createdMilliseconds))
        }
      }
    }
    return (waiting, running)
  }

  private func finish(_ job: JobFolder, _ end: JobState?) {
    if end == nil { state.withLock { $0.postponed[job.key] = .now() + Self.pause } }
    job.unlock()
    // In one step: who waits for the last run to be forgotten may end the process, and then nobody else
    // would be told.
    state.withLock { state in
      state.runs[job.key] = nil
      store.shared.increment()
    }
    metrics.running(runCount)
    // What training held leaves large holes in the heap.
    martlet_trim_heap()
    guard let end else { return }
    metrics.ended(end.kind)
    log?.write(.info, "a training ended") {
      $0.field("tenant", job.key.tenant)
      $0.field("training", job.key.id)
      $0.field("state", end.kind.rawValue)
      $0.field("code", end.code)
    }
  }
}
