import EventLoop
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LoopTests {
  @Test func workFromOtherThreadsRunsOnTheLoopInOrder() async throws {
    let loop = EventLoop()
    loop.start()
    let order = Mutex<[Int]>([])
    for index in 0..<100 { loop.execute { order.withLock { $0.append(index) } } }
    let isCurrent = try await loop.run { loop.isCurrent }
    #expect(isCurrent)
    #expect(!loop.isCurrent)
    #expect(order.withLock { $0 } == Array(0..<100))
    loop.stop()
  }

  @Test func tasksThatPreferTheLoopStayOnIt() async {
    let loop = EventLoop()
    loop.start()
    let workers = WorkerThreads(count: 1)
    await Task(executorPreference: loop) {
      #expect(loop.isCurrent)
      await Task.yield()
      #expect(loop.isCurrent)
      let value = try? await workers.offload { loop.isCurrent ? 0 : 42 }
      #expect(value == 42)
      #expect(loop.isCurrent)
    }.value
    loop.stop()
  }

  @Test func timersFireAndCancelledOnesDoNot() async throws {
    let loop = EventLoop()
    loop.start()
    let fired = Mutex<[String]>([])
    await withCheckedContinuation { continuation in
      loop.execute {
        let cancelled = loop.schedule(after: .milliseconds(1)) {
          fired.withLock { $0.append("cancelled") }
        }
        loop.schedule(after: .milliseconds(3)) {
          fired.withLock { $0.append("second") }
          continuation.resume()
        }
        loop.schedule(after: .milliseconds(2)) { fired.withLock { $0.append("first") } }
        loop.cancel(cancelled)
      }
    }
    #expect(fired.withLock { $0 } == ["first", "second"])
    loop.stop()
  }

  @Test func workersRunNoMoreThanTheirNumber() async throws {
    let workers = WorkerThreads(count: 2)
    let running = Running()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<20 {
        group.addTask {
          try await workers.offload {
            running.enter()
            for _ in 0..<1000 { _ = running.most }
            running.leave()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(running.most <= 2)
    #expect(running.most >= 1)
  }

  @Test func endpointsAreRead() throws {
    #expect(try Endpoint(parsing: "127.0.0.1:80") == .tcp(host: "127.0.0.1", port: 80))
    #expect(try Endpoint(parsing: "[::1]:80") == .tcp(host: "::1", port: 80))
    #expect(try Endpoint(parsing: "unix:/run/x") == .unix(path: "/run/x"))
    #expect(try Endpoint(parsing: "fd:3") == .descriptor(3))
    for text in ["", "host", "host:", "host:99999", "fd:-1", "fd:x", "unix:"] {
      #expect(throws: SocketError.self) { try Endpoint(parsing: text) }
    }
  }
}

/// How many are inside, and how many were at most.
private final class Running: Sendable {
  private let state = Mutex((now: 0, most: 0))

  var most: Int { state.withLock { $0.most } }

  func enter() {
    state.withLock { state in
      state.now += 1
      state.most = max(state.most, state.now)
    }
  }

  func leave() {
    state.withLock { $0.now -= 1 }
  }
}
