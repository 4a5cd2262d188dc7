internal import CLinux
internal import Glibc
internal import Synchronization

// Sendable by hand: `inbox`, `threadID` and the descriptors are safe from any thread; every
// other member is touched by the loop's own thread only, which preconditions check.

/// One thread that owns sockets, timers and the Swift tasks that prefer it.
///
/// A turn is: readiness events, due timers, work from other threads, tasks, then flushes.
/// As a `TaskExecutor` it runs async handlers on its own thread, so a handler that never waits
/// costs no thread switch.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
  private struct Inbox {
    var jobs: [UnownedJob] = []
    var closures: [@Sendable () -> Void] = []
    var isSleeping = false
    var isStopping = false

    /// True once for each sleep: only the first of many senders pays for a system call.
    mutating func takeWake() -> Bool {
      let mustWake = isSleeping
      isSleeping = false
      return mustWake
    }
  }

  private struct Registration {
    var handler: (any EventHandler)?
    var generation: UInt32 = 0
  }

  private let poller: Int32
  private let wakeup: Int32
  private let threadID = Atomic<UInt>(0)
  private let inbox = Mutex(Inbox())

  @exclusivity(unchecked) private var jobs: [UnownedJob] = []
  @exclusivity(unchecked) private var timers = TimerHeap()
  private var registrations: [Registration] = []
  @exclusivity(unchecked) private var flushables: [any Flushable] = []
  @exclusivity(unchecked) private var deferred: [() -> Void] = []

  /// The time at the start of this turn; cheap, and good enough for deadlines.
  public private(set) var now = MonotonicTime.now()

  /// Things other modules keep per loop (pools, connection lists), by type.
  private var storage: [ObjectIdentifier: AnyObject] = [:]

  /// A loop without a thread; `start` gives it one, or `run` uses the caller's.
  public init() {
    poller = epoll_create1(Int32(EPOLL_CLOEXEC))
    wakeup = martlet_eventfd()
    precondition(poller >= 0 && wakeup >= 0, "epoll or eventfd could not be created: \(errno)")
    var event = epoll_event()
    event.events = EPOLLIN.rawValue
    event.data.u64 = .max
    epoll_ctl(poller, EPOLL_CTL_ADD, wakeup, &event)
  }

  deinit {
    close(poller)
    close(wakeup)
  }

  /// True on the loop's own thread.
  public var isCurrent: Bool {
    threadID.load(ordering: .relaxed) == UInt(pthread_self())
  }

  // MARK: From any thread

  /// Runs `work` on the loop's thread, after the current turn when called from there.
  public func execute(_ work: @escaping @Sendable () -> Void) {
    if isCurrent {
      deferred.append(work)
      return
    }
    let mustWake = inbox.withLock { inbox in
      inbox.closures.append(work)
      return inbox.takeWake()
    }
    if mustWake { wake() }
  }

  /// Takes a task's next step; part of being a `TaskExecutor`.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent {
      jobs.append(job)
      return
    }
    let mustWake = inbox.withLock { inbox in
      inbox.jobs.append(job)
      return inbox.takeWake()
    }
    if mustWake { wake() }
  }

  /// Starts a thread that runs the loop until ``stop()``.
  public func start(name: String = "loop") {
    Thread.spawn(name: name) { self.run() }
  }

  /// Makes `run` return after the current turn. Tasks that are still waiting never resume.
  public func stop() {
    let mustWake = inbox.withLock { inbox in
      inbox.isStopping = true
      return inbox.takeWake()
    }
    if mustWake { wake() }
  }

  private func wake() {
    var one: UInt64 = 1
    _ = write(wakeup, &one, 8)
  }

  // MARK: On the loop's thread

  /// Runs the loop on the calling thread until ``stop()``.
  public func run() {
    threadID.store(UInt(pthread_self()), ordering: .relaxed)
    let capacity = 256
    let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: capacity)
    defer { events.deallocate() }
    while true {
      let timeout = timeoutMilliseconds()
      let mayBlock = timeout != 0
      let (hasWork, isStopping) = inbox.withLock { inbox in
        let hasWork = !inbox.jobs.isEmpty || !inbox.closures.isEmpty
        inbox.isSleeping = mayBlock && !hasWork
        return (hasWork, inbox.isStopping)
      }
      if isStopping { break }
      let count = epoll_wait(poller, events, Int32(capacity), hasWork ? 0 : timeout)
      now = MonotonicTime.now()
      for index in 0..<max(0, Int(count)) { dispatch(events[index]) }
      while let action = timers.popDue(now) { action() }
      takeInbox()
      runJobs()
      runDeferred()
      flushAll()
    }
    threadID.store(0, ordering: .relaxed)
  }

  private func dispatch(_ event: epoll_event) {
    let data = event.data.u64
    if data == .max {
      var count: UInt64 = 0
      _ = read(wakeup, &count, 8)
      return
    }
    let descriptor = Int(data & 0xffff_ffff)
    guard descriptor < registrations.count,
      registrations[descriptor].generation == UInt32(truncatingIfNeeded: data >> 32),
      let handler = registrations[descriptor].handler
    else { return }
    handler.handle(Readiness(rawValue: event.events))
  }

  private func timeoutMilliseconds() -> Int32 {
    if !jobs.isEmpty || !deferred.isEmpty || !flushables.isEmpty { return 0 }
    guard let earliest = timers.earliest else { return -1 }
    let current = MonotonicTime.now()
    if earliest <= current { return 0 }
    // Rounded up: waking a moment early would spin until the deadline.
    let milliseconds = (earliest.nanoseconds - current.nanoseconds + 999_999) / 1_000_000
    return Int32(min(milliseconds, 60_000))
  }

  private func takeInbox() {
    let (newJobs, closures) = inbox.withLock { inbox in
      inbox.isSleeping = false
      let result = (inbox.jobs, inbox.closures)
      if !inbox.jobs.isEmpty { inbox.jobs = [] }
      if !inbox.closures.isEmpty { inbox.closures = [] }
      return result
    }
    if !newJobs.isEmpty { jobs.append(contentsOf: newJobs) }
    for closure in closures { closure() }
  }

  private func runDeferred() {
    guard !deferred.isEmpty else { return }
    let batch = deferred
    deferred.removeAll(keepingCapacity: true)
    for work in batch { work() }
    runJobs()
  }

  /// Steps at most this many jobs a turn: tasks that resume each other must not starve sockets.
  private static let jobsPerTurnMax = 4096

  private func runJobs() {
    var index = 0
    while index < jobs.count, index < Self.jobsPerTurnMax {
      let job = jobs[index]
      index += 1
      job.runSynchronously(on: asUnownedTaskExecutor())
    }
    if index == jobs.count {
      jobs.removeAll(keepingCapacity: true)
    } else {
      jobs.removeFirst(index)
    }
  }

  private func flushAll() {
    var index = 0
    while index < flushables.count {
      let flushable = flushables[index]
      index += 1
      flushable.flush()
    }
    flushables.removeAll(keepingCapacity: true)
  }

  /// Calls `flush` at the end of this turn. The caller keeps itself from being added twice.
  public func flushLater(_ flushable: any Flushable) {
    flushables.append(flushable)
  }

  /// Runs `action` on this loop no earlier than `delay` from now. Call on the loop's thread.
  @discardableResult
  public func schedule(after delay: Duration, _ action: @escaping () -> Void) -> TimerHandle {
    timers.add(now + delay, action)
  }

  /// Runs `action` on this loop no earlier than `deadline`. Call on the loop's thread.
  @discardableResult
  public func schedule(at deadline: MonotonicTime, _ action: @escaping () -> Void) -> TimerHandle {
    timers.add(deadline, action)
  }

  /// Forgets a timer; false when it had fired or was cancelled before.
  @discardableResult
  public func cancel(_ timer: TimerHandle) -> Bool {
    timers.cancel(timer)
  }

  /// Reports the descriptor's readiness to `handler` until ``remove(_:)``.
  public func add(_ descriptor: Int32, _ interest: Readiness, _ handler: any EventHandler) {
    while registrations.count <= Int(descriptor) { registrations.append(Registration()) }
    registrations[Int(descriptor)].handler = handler
    control(EPOLL_CTL_ADD, descriptor, interest)
  }

  /// Changes what is reported for a descriptor that was added.
  public func modify(_ descriptor: Int32, _ interest: Readiness) {
    control(EPOLL_CTL_MOD, descriptor, interest)
  }

  /// Stops reporting; events of this turn that are still queued are dropped too.
  public func remove(_ descriptor: Int32) {
    control(EPOLL_CTL_DEL, descriptor, [])
    registrations[Int(descriptor)].handler = nil
    registrations[Int(descriptor)].generation &+= 1
  }

  private func control(_ operation: Int32, _ descriptor: Int32, _ interest: Readiness) {
    var event = epoll_event()
    event.events = interest.rawValue
    event.data.u64 =
      UInt64(registrations[Int(descriptor)].generation) << 32 | UInt64(UInt32(descriptor))
    epoll_ctl(poller, operation, descriptor, &event)
  }

  /// One object of a type per loop, made on first use. Call on the loop's thread.
  public func local<Value: AnyObject>(_ type: Value.Type, make: () -> Value) -> Value {
    if let value = kept(type) { return value }
    let value = make()
    keep(value)
    return value
  }

  /// Keeps an object for as long as the loop, or until it is forgotten.
  public func keep<Value: AnyObject>(_ value: Value) {
    storage[ObjectIdentifier(Value.self)] = value
  }

  /// The kept object of a type, or nil.
  public func kept<Value: AnyObject>(_ type: Value.Type) -> Value? {
    storage[ObjectIdentifier(type)].map { unsafeDowncast($0, to: Value.self) }
  }

  /// Lets a kept object go.
  public func forget<Value: AnyObject>(_ type: Value.Type) {
    storage[ObjectIdentifier(type)] = nil
  }
}

extension EventLoop {
  /// Runs `body` on the loop's thread and returns its result to the caller's task.
  public func run<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await withUnsafeThrowingContinuation { continuation in
      execute { continuation.resume(with: Swift.Result { try body() }) }
    }
  }
}
