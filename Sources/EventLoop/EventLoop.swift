internal import Glibc
internal import Synchronization

// Sendable by hand: `inbox`, `threadID` and `machine` are safe from any thread; every other
// member is touched by the loop's own thread only, which preconditions check.

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

  /// Where the loop's sockets live, and what its clock is.
  public let machine: any Machine
  private let threadID = Atomic<UInt>(0)
  private let inbox = Mutex(Inbox())

  @exclusivity(unchecked) private var jobs: [UnownedJob] = []
  @exclusivity(unchecked) private var timers = TimerHeap()
  private var registrations: [Registration] = []
  @exclusivity(unchecked) private var flushables: [any Flushable] = []
  @exclusivity(unchecked) private var deferred: [() -> Void] = []

  /// The time at the start of this turn; cheap, and good enough for deadlines.
  public private(set) var now: MonotonicTime
  /// The calendar's clock in this turn, once somebody has asked.
  private var wallOfTurn: Int64?

  /// Things other modules keep per loop (pools, connection lists), by type.
  private var storage: [ObjectIdentifier: AnyObject] = [:]

  /// A loop without a thread; `start` gives it one, or `run` uses the caller's.
  public init(on machine: any Machine = Kernel()) {
    self.machine = machine
    now = machine.now()
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
    if mustWake { machine.wake() }
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
    if mustWake { machine.wake() }
  }

  /// Starts a thread that runs the loop until ``stop()``.
  public func start(name: String = "loop") {
    machine.start(self, name: name)
  }

  /// Makes `run` return after the current turn. Tasks that are still waiting never resume.
  public func stop() {
    let mustWake = inbox.withLock { inbox in
      inbox.isStopping = true
      return inbox.takeWake()
    }
    if mustWake { machine.wake() }
  }

  // MARK: On the loop's thread

  /// Reads the clock, for what must not be as old as ``now``.
  public func readClock() -> MonotonicTime { machine.now() }

  /// The calendar's clock, read once a turn: milliseconds since 1970.
  public func wallMilliseconds() -> Int64 {
    if let wallOfTurn { return wallOfTurn }
    let wall = machine.wallMilliseconds()
    wallOfTurn = wall
    return wall
  }

  /// Runs the loop on the calling thread until ``stop()``.
  public func run() {
    while turn() {}
  }

  /// One turn on the calling thread, with the wait before it; false when the loop was stopped
  /// instead. For machines that run loops in turns of their own choice.
  public func turn() -> Bool {
    threadID.store(UInt(pthread_self()), ordering: .relaxed)
    let timeout = timeoutMilliseconds()
    let mayBlock = timeout != 0
    let (hasWork, isStopping) = inbox.withLock { inbox in
      let hasWork = !inbox.jobs.isEmpty || !inbox.closures.isEmpty
      inbox.isSleeping = mayBlock && !hasWork
      return (hasWork, inbox.isStopping)
    }
    if isStopping {
      release()
      leave()
      return false
    }
    let events = machine.wait(milliseconds: hasWork ? 0 : timeout)
    now = machine.now()
    wallOfTurn = nil
    for event in events { dispatch(event) }
    while let action = timers.popDue(now) { action() }
    takeInbox()
    runJobs()
    runDeferred()
    flushAll()
    return true
  }

  /// Says that the calling thread, which has run ``turn()``, is not the loop's any more.
  public func leave() {
    threadID.store(0, ordering: .relaxed)
  }

  /// Lets go of what waits for a descriptor or a time: it would keep itself, and most of it the
  /// loop, for ever.
  private func release() {
    // What is let go may ask the loop for something in its last moment: the loop is empty by then.
    let left = (registrations, timers)
    for index in registrations.indices { registrations[index].handler = nil }
    timers = TimerHeap()
    withExtendedLifetime(left) {}
  }

  /// Whether a turn would find something to do without news from a descriptor or a timer.
  public var hasWork: Bool {
    if !jobs.isEmpty || !deferred.isEmpty || !flushables.isEmpty { return true }
    return inbox.withLock { $0.isStopping || !$0.jobs.isEmpty || !$0.closures.isEmpty }
  }

  /// When the earliest timer is due, or nil.
  public var earliestTimer: MonotonicTime? { timers.earliest }

  private func dispatch(_ event: ReadyEvent) {
    let descriptor = Int(event.token & 0xffff_ffff)
    guard descriptor < registrations.count,
      registrations[descriptor].generation == UInt32(truncatingIfNeeded: event.token >> 32),
      let handler = registrations[descriptor].handler
    else { return }
    handler.handle(event.readiness)
  }

  private func timeoutMilliseconds() -> Int32 {
    if !jobs.isEmpty || !deferred.isEmpty || !flushables.isEmpty { return 0 }
    guard let earliest = timers.earliest else { return -1 }
    let current = machine.now()
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
    machine.watch(descriptor, interest, token: token(descriptor))
  }

  /// Changes what is reported for a descriptor that was added.
  public func modify(_ descriptor: Int32, _ interest: Readiness) {
    machine.rewatch(descriptor, interest, token: token(descriptor))
  }

  /// Stops reporting; events of this turn that are still queued are dropped too.
  public func remove(_ descriptor: Int32) {
    machine.unwatch(descriptor)
    registrations[Int(descriptor)].handler = nil
    registrations[Int(descriptor)].generation &+= 1
  }

  /// Tells an event of this use of the descriptor from one of an earlier use.
  private func token(_ descriptor: Int32) -> UInt64 {
    UInt64(registrations[Int(descriptor)].generation) << 32 | UInt64(UInt32(descriptor))
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
