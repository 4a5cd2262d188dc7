internal import EventLoop
internal import TestSupport

// Sendable by hand, here and in the other files of this module: a simulation has one thread.

/// Simulated time, network and processes. One thread steps whichever loop may run, in an order
/// drawn from the seed; nothing waits, and the same seed gives the same run again.
final class World: @unchecked Sendable {
  /// The simulated clock. It moves only when no loop has anything to do.
  private(set) var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
  /// For the order of things; workload and faults have generators of their own.
  var random: SplitMix64
  /// Where packets travel.
  private(set) var network: Network!
  /// Every process that was ever started.
  private(set) var processes: [Process] = []
  /// What happened, in words; nil keeps nothing.
  var trace: Trace?
  /// A digest of everything that happened: equal for equal runs.
  private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325
  /// Turns of loops so far.
  private(set) var turnCount = 0
  /// Called after each turn.
  var afterTurn: (Process) -> Void = { _ in }

  private var slots: [LoopSlot] = []
  private var events = EventQueue()
  private let seed: UInt64

  /// A world without processes.
  init(seed: UInt64) {
    self.seed = seed
    random = SplitMix64(state: seed)
    network = Network(world: self)
  }

  // MARK: Processes

  /// A process with an address of its own; its loops run from now on.
  func makeProcess(_ name: String) -> Process {
    let process = Process(world: self, name: name, number: processes.count)
    processes.append(process)
    return process
  }

  func start(_ loop: EventLoop, _ machine: SimulatedMachine) {
    slots.append(LoopSlot(loop: loop, machine: machine))
  }

  // MARK: Events

  /// Runs `action` at a time, between turns.
  func schedule(at time: MonotonicTime, _ action: @escaping () -> Void) {
    events.add(max(time, now), action)
  }

  /// Runs `action` after a time, between turns.
  func schedule(after delay: Duration, _ action: @escaping () -> Void) {
    events.add(now + delay, action)
  }

  /// Adds to the digest.
  func note(_ value: UInt64) {
    digest = (digest ^ value) &* 0x100_0000_01b3
  }

  /// Adds a line to the trace.
  func log(_ who: @autoclosure () -> String, _ what: @autoclosure () -> String) {
    trace?.add(now, who(), what())
  }

  /// A wait between two bounds, drawn from the world's generator.
  func draw(_ range: ClosedRange<Duration>) -> Duration {
    random.duration(range)
  }

  // MARK: Running

  /// Runs until `condition` holds, which is asked after each turn and event; false when the time
  /// came first.
  @discardableResult
  func run(until limit: MonotonicTime, _ condition: () -> Bool = { false }) -> Bool {
    while !condition() {
      if !step(until: limit) { return condition() }
    }
    return true
  }

  /// One event or turn; false when none is left before `limit`, where the clock then stands.
  private func step(until limit: MonotonicTime) -> Bool {
    if let action = events.popDue(now) {
      action()
      return true
    }
    var runnable = 0
    var chosen = -1
    var next = min(events.earliest ?? .distantFuture, limit)
    for (index, slot) in slots.enumerated() {
      guard let wake = slot.nextTurn(now) else { continue }
      if wake > now {
        next = min(next, wake)
        continue
      }
      // Reservoir sampling: each runnable loop is as likely as any other.
      runnable += 1
      if random.next(upperBound: UInt64(runnable)) == 0 { chosen = index }
    }
    if chosen >= 0 {
      turn(slots[chosen])
      return true
    }
    now = next
    return now < limit
  }

  private func turn(_ slot: LoopSlot) {
    turnCount += 1
    note(now.nanoseconds &+ UInt64(slot.machine.number))
    let goesOn = slot.loop.turn()
    slot.loop.leave()
    slot.busyUntil = now + slot.machine.process.turnCost(&random)
    if !goesOn { slots.removeAll { $0 === slot } }
    afterTurn(slot.machine.process)
  }

  /// Runs a process that has been killed until its loops have ended, without the clock or anybody
  /// else: its memory is given back, and nobody outside notices.
  func runOut(_ process: Process) {
    var idle = false
    while !idle {
      idle = true
      for slot in slots where slot.machine.process === process {
        guard slot.loop.hasWork || slot.loop.earliestTimer.map({ $0 <= now }) ?? false else {
          continue
        }
        idle = false
        let goesOn = slot.loop.turn()
        slot.loop.leave()
        if !goesOn { slots.removeAll { $0 === slot } }
      }
    }
    slots.removeAll { $0.machine.process === process }
  }
}

/// A loop that the world steps.
final class LoopSlot {
  let loop: EventLoop
  let machine: SimulatedMachine
  /// The turn that it has just made takes until then; others run meanwhile.
  var busyUntil = MonotonicTime(nanoseconds: 0)

  init(loop: EventLoop, machine: SimulatedMachine) {
    self.loop = loop
    self.machine = machine
  }

  /// When the loop wants to run next; nil: not before something happens.
  func nextTurn(_ now: MonotonicTime) -> MonotonicTime? {
    guard machine.process.state == .running else { return nil }
    if machine.mayBeReady || loop.hasWork { return max(busyUntil, now) }
    return loop.earliestTimer.map { max($0, busyUntil) }
  }
}

/// Actions ordered by time, and by arrival when the times are equal.
struct EventQueue {
  private struct Entry {
    var time: MonotonicTime
    var number: UInt64
    var action: () -> Void

    func precedes(_ other: Entry) -> Bool {
      time < other.time || time == other.time && number < other.number
    }
  }

  private var heap: [Entry] = []
  private var count: UInt64 = 0

  var earliest: MonotonicTime? { heap.first?.time }

  mutating func add(_ time: MonotonicTime, _ action: @escaping () -> Void) {
    count += 1
    heap.append(Entry(time: time, number: count, action: action))
    var index = heap.count - 1
    while index > 0, heap[index].precedes(heap[(index - 1) / 2]) {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  mutating func popDue(_ now: MonotonicTime) -> (() -> Void)? {
    guard let first = heap.first, first.time <= now else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var index = 0
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2]
      where child < heap.count && heap[child].precedes(heap[least]) { least = child }
      if least == index { break }
      heap.swapAt(index, least)
      index = least
    }
    return first.action
  }
}

extension SplitMix64 {
  /// A duration between two bounds.
  mutating func duration(_ range: ClosedRange<Duration>) -> Duration {
    .nanoseconds(
      Int64.random(
        in: range.lowerBound.nanosecondsClamped...range.upperBound.nanosecondsClamped,
        using: &self))
  }

  /// True once in so many cases.
  mutating func chance(_ probability: Double) -> Bool {
    Double(next() >> 11) / Double(1 << 53) < probability
  }
}
