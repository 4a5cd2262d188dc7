internal import RPC
internal import Synchronization
internal import Testing

@testable import ModelService

/// Texts of tenants that meet, on a thread of the test's own that a gate holds up.
@Suite struct TextQueueTests {
  typealias Gate = SchedulerTests.Gate

  /// What was begun, in order.
  final class Begun: Sendable {
    private let names = Mutex<[String]>([])
    var all: [String] { names.withLock { $0 } }
    func add(_ name: String) { names.withLock { $0.append(name) } }
  }

  let gate = Gate()
  let begun = Begun()

  /// A task whose turn comes after those of the queue so far.
  private func waiting(
    _ queue: TextQueue, _ name: String, deadline: MonotonicTime? = nil
  ) async -> Task<Void, any Error> {
    let count = queue.waitingCount
    let task = Task { [begun] in
      try await queue.offload(for: String(name.prefix(1)), deadline: deadline) { _ in
        begun.add(name)
      }
    }
    while queue.waitingCount == count { await Task.yield() }
    return task
  }

  /// A tenant's work that is under way until the gate opens.
  private func busy(_ queue: TextQueue, _ tenant: String) async -> Task<Void, any Error> {
    gate.close()
    let task = Task { [gate] in try await queue.offload(for: tenant) { _ in gate.pass() } }
    while gate.entered.load(ordering: .sequentiallyConsistent) == 0 { await Task.yield() }
    return task
  }

  @Test func anotherTenantsTextWaitsForTheOneUnderWay() async throws {
    let queue = TextQueue(now: { 0 })
    var tasks = [await busy(queue, "a")]
    for name in ["a1", "a2", "a3", "b1", "b2", "c1"] { tasks.append(await waiting(queue, name)) }
    gate.open()
    for task in tasks { try await task.value }
    #expect(begun.all == ["b1", "c1", "a1", "b2", "a2", "a3"])
  }

  @Test func whatNobodyWaitsForIsNotBegun() async throws {
    let clock = Atomic<UInt64>(10)
    let queue = TextQueue(now: { clock.load(ordering: .sequentiallyConsistent) })
    let first = await busy(queue, "a")
    let gone = await waiting(queue, "a1")
    let late = await waiting(queue, "a2", deadline: MonotonicTime(nanoseconds: 20))
    let inTime = await waiting(queue, "a3", deadline: MonotonicTime(nanoseconds: 21))
    gone.cancel()
    // At once: the gate is closed.
    #expect(await status { try await gone.value }?.code == .cancelled)
    #expect(queue.waitingCount == 2)
    clock.store(20, ordering: .sequentiallyConsistent)
    gate.open()
    try await first.value
    try await inTime.value
    #expect(await status { try await late.value }?.code == .deadlineExceeded)
    #expect(begun.all == ["a3"])
  }

  @Test func whatIsUnderWayIsToldThatNobodyWaits() async throws {
    final class Clock: Sendable {
      let now = Atomic<UInt64>(10)
    }
    let clock = Clock()
    let queue = TextQueue(now: { clock.now.load(ordering: .sequentiallyConsistent) })
    func endless(_ name: String, deadline: MonotonicTime?) async -> Task<Void, any Error> {
      let task = Task { [begun] in
        try await queue.offload(for: "a", deadline: deadline) { isWanted in
          begun.add(name)
          while isWanted() { Thread.yield() }
          throw RPCError.invalid("expected somebody who waits, got none")
        }
      }
      while begun.all.last != name { await Task.yield() }
      return task
    }
    let gone = await endless("a1", deadline: nil)
    gone.cancel()
    #expect(await status { try await gone.value }?.code == .cancelled)
    let late = await endless("a2", deadline: MonotonicTime(nanoseconds: 20))
    clock.now.store(20, ordering: .sequentiallyConsistent)
    #expect(await status { try await late.value }?.code == .deadlineExceeded)
  }

  @Test func aCancelledTaskDoesNotJoin() async throws {
    let queue = TextQueue(now: { 0 })
    let task = Task { [begun] in
      while !Task.isCancelled { await Task.yield() }
      try await queue.offload(for: "a") { _ in begun.add("a1") }
    }
    task.cancel()
    #expect(await status { try await task.value }?.code == .cancelled)
    #expect(begun.all.isEmpty && queue.waitingCount == 0)
  }

  @Test func anErrorEndsATurn() async throws {
    let queue = TextQueue(now: { 0 })
    let error = await status {
      try await queue.offload(for: "a") { _ in throw RPCError.invalid("expected a text, got none") }
    }
    #expect(error?.code == .invalidArgument)
    #expect(try await queue.offload(for: "a") { _ in 7 } == 7)
  }
}
