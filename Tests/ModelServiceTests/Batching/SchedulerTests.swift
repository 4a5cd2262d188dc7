internal import Compute
internal import RPC
internal import Synchronization
internal import Testing

@testable import ModelService

/// The scheduler with real threads: what runs where, and what each request gets.
@Suite struct SchedulerTests {
  /// Holds runs up until the test lets them go, so that nothing depends on time.
  final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiting: [UnsafeContinuation<Void, Never>])>(
      (true, []))
    let entered = Atomic<Int>(0)

    func close() { state.withLock { $0.isOpen = false } }

    func open() {
      let waiting = state.withLock { state in
        state.isOpen = true
        defer { state.waiting = [] }
        return state.waiting
      }
      for continuation in waiting { continuation.resume() }
    }

    /// Blocks the calling thread (a worker of the test's own) while the gate is closed.
    func pass() {
      entered.add(1, ordering: .sequentiallyConsistent)
      while !state.withLock({ $0.isOpen }) { Thread.yield() }
    }
  }

  /// A client that may go away.
  final class Waiting: Sendable {
    let isLive = Atomic<Bool>(true)
  }

  let gate = Gate()

  func makeScheduler(
    _ engine: TestEngine, config: String, settings: ExecutionSettings = ExecutionSettings()
  ) throws -> (Scheduler, ModelStatisticsRecorder) {
    let written = try ModelConfigText.parse(Array(config.utf8))
    let (config, signature) = try written.completed(
      name: "m", platform: "test", inputs: engine.inputs, outputs: engine.outputs)
    let statistics = ModelStatisticsRecorder()
    let scheduler = Scheduler(
      engine: engine, signature: signature, policy: BatchPolicy(config, settings),
      statistics: statistics,
      resources: ExecutionResources(
        settings: settings, workers: WorkerThreads(count: 2, name: "test"),
        timer: DeadlineTimer()))
    return (scheduler, statistics)
  }

  func request(_ value: Int32, rows: Int = 1, wants: [Bool] = [true, true]) -> PreparedInference {
    let tensor = bytes([Int32](repeating: value, count: rows * 16))[...]
    let input = PreparedInference.Input(shape: [rows, 16], bytes: tensor)
    return PreparedInference(inputs: [input, input], rowCount: rows, wantsOutput: wants)
  }

  /// `simple`, held up by the gate.
  func gated() -> TestEngine {
    let simple = TestEngine.simple()
    let gate = gate
    return TestEngine(inputs: simple.inputs, outputs: simple.outputs) { inputs in
      gate.pass()
      var outputs: [(shape: [Int], bytes: [UInt8])] = []
      try simple.run(inputs) { outputs.append(($1.shape, Array($1.bytes))) }
      return outputs
    }
  }

  @Test func requestsThatWaitRunTogetherAndGetTheirOwnRows() async throws {
    let engine = gated()
    var settings = ExecutionSettings()
    settings.inlineNanosecondsMax = 0
    let (scheduler, statistics) = try makeScheduler(
      engine, config: "max_batch_size: 8 dynamic_batching { } instance_group { count: 1 }",
      settings: settings)
    gate.close()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        let result = try await scheduler.infer(request(1))
        #expect(elements(result[0]!.bytes, Int32.self) == [Int32](repeating: 2, count: 16))
      }
      while gate.entered.load(ordering: .sequentiallyConsistent) == 0 { await Task.yield() }
      for value in 2...4 {
        group.addTask {
          let rows = value - 1
          let result = try await scheduler.infer(
            request(Int32(value), rows: rows, wants: [true, value != 3]))
          #expect(result[0]?.shape == [rows, 16])
          #expect(
            elements(result[0]!.bytes, Int32.self)
              == [Int32](repeating: Int32(value) * 2, count: rows * 16))
          #expect((result[1] == nil) == (value == 3))
        }
      }
      while scheduler.queuedCount < 3 { await Task.yield() }
      gate.open()
      try await group.waitForAll()
    }
    #expect(engine.runs.withLock { $0 } == [1, 6])
    #expect(statistics.requestCounts.success == 4)
  }

  @Test func oneBadRequestDoesNotFailItsNeighbours() async throws {
    let engine = gated()
    var settings = ExecutionSettings()
    settings.inlineNanosecondsMax = 0
    let (scheduler, statistics) = try makeScheduler(
      engine, config: "max_batch_size: 8 dynamic_batching { } instance_group { count: 1 }",
      settings: settings)
    gate.close()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { _ = try? await scheduler.infer(request(1)) }
      while gate.entered.load(ordering: .sequentiallyConsistent) == 0 { await Task.yield() }
      for value in [5, -666, 7] as [Int32] {
        group.addTask {
          let error = await status { _ = try await scheduler.infer(request(value)) }
          #expect((error?.code == .invalidArgument) == (value == -666))
          #expect((error == nil) == (value != -666))
        }
      }
      while scheduler.queuedCount < 3 { await Task.yield() }
      gate.open()
    }
    #expect(statistics.requestCounts.fail == 1 && statistics.requestCounts.success == 3)
  }

  @Test func aFullQueueRefusesWithRetryAdvice() async throws {
    let engine = gated()
    var settings = ExecutionSettings()
    settings.inlineNanosecondsMax = 0
    (settings.queueCountMax, settings.parallelism) = (2, 1)
    let (scheduler, _) = try makeScheduler(engine, config: "", settings: settings)
    gate.close()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<3 { group.addTask { _ = try? await scheduler.infer(request(1)) } }
      while scheduler.queuedCount < 2 { await Task.yield() }
      let error = await status { _ = try await scheduler.infer(request(1)) }
      #expect(error?.code == .resourceExhausted)
      #expect(error?.metadata["retry-after"] == "1")
      #expect(error?.message.contains("at most 2 requests waiting") == true)
      gate.open()
    }
    #expect(engine.runCount == 3)
  }

  @Test func forsakenRequestsAreNotComputed() async throws {
    let engine = gated()
    var settings = ExecutionSettings()
    settings.inlineNanosecondsMax = 0
    settings.parallelism = 1
    let (scheduler, _) = try makeScheduler(engine, config: "", settings: settings)
    let client = Waiting()
    gate.close()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { _ = try? await scheduler.infer(request(1)) }
      while gate.entered.load(ordering: .sequentiallyConsistent) == 0 { await Task.yield() }
      group.addTask {
        let error = await status {
          _ = try await scheduler.infer(
            request(2), isLive: { client.isLive.load(ordering: .sequentiallyConsistent) })
        }
        #expect(error?.code == .cancelled)
      }
      while scheduler.queuedCount < 1 { await Task.yield() }
      client.isLive.store(false, ordering: .sequentiallyConsistent)
      gate.open()
    }
    #expect(engine.runCount == 1)
  }

  @Test func aShortModelRunsOnTheCallersOwnThread() async throws {
    let threads = Mutex<[UInt]>([])
    let simple = TestEngine.simple()
    let engine = TestEngine(inputs: simple.inputs, outputs: simple.outputs) { inputs in
      threads.withLock { $0.append(currentThread()) }
      var outputs: [(shape: [Int], bytes: [UInt8])] = []
      try simple.run(inputs) { outputs.append(($1.shape, Array($1.bytes))) }
      return outputs
    }
    var settings = ExecutionSettings()
    settings.inlineNanosecondsMax = .max - 1
    let (scheduler, _) = try makeScheduler(
      engine, config: "max_batch_size: 8 dynamic_batching { }", settings: settings)
    let loop = EventLoop()
    loop.start(name: "test-loop")
    defer { loop.stop() }
    let own = try await loop.run { currentThread() }
    // The first run's cost is unknown, so it leaves the loop; the later ones stay.
    for _ in 0..<4 {
      let task = Task(executorPreference: loop) { _ = try await scheduler.infer(request(1)) }
      try await task.value
    }
    let seen = threads.withLock { $0 }
    #expect(seen.first != own && seen.dropFirst().allSatisfy { $0 == own })
  }

  @Test func aDelayEndsThroughTheTimer() async throws {
    let engine = TestEngine.simple()
    var settings = ExecutionSettings()
    settings.inlineNanosecondsMax = 0
    let (scheduler, _) = try makeScheduler(
      engine,
      config: "max_batch_size: 64 dynamic_batching { max_queue_delay_microseconds: 2000 }",
      settings: settings)
    // Many at once: the rate promises company, so some wait; all are answered in the end.
    try await withThrowingTaskGroup(of: Void.self) { group in
      for value in 0..<50 {
        group.addTask {
          let result = try await scheduler.infer(request(Int32(value)))
          #expect(elements(result[0]!.bytes, Int32.self).first == Int32(value) * 2)
        }
      }
      try await group.waitForAll()
    }
    #expect(engine.runs.withLock { $0.reduce(0, +) } == 50)
  }

  @Test func batchedTextKeepsItsElements() throws {
    let framed = StringFraming.frame([Array("a".utf8), [], Array("ccc".utf8), Array("dd".utf8)])
    let parts = framed.withUnsafeBytes {
      BatchExecutor.split(TensorView(dataType: .string, shape: [4, 1], bytes: $0), [1, 2, 1])
    }
    #expect(parts?.map(\.shape) == [[1, 1], [2, 1], [1, 1]])
    #expect(
      parts?.map(\.bytes) == [
        StringFraming.frame([Array("a".utf8)]), StringFraming.frame([[], Array("ccc".utf8)]),
        StringFraming.frame([Array("dd".utf8)]),
      ])
    let unsplit = framed.withUnsafeBytes {
      BatchExecutor.split(TensorView(dataType: .string, shape: [2, 2], bytes: $0), [1, 2, 1])
    }
    #expect(unsplit == nil, "an output without a row per row of the batch can't be shared out")
  }

  @Test func queueTimeoutsFollowThePolicy() throws {
    let policy = { (text: String) throws in
      BatchPolicy(try ModelConfigText.parse(Array(text.utf8)), ExecutionSettings())
    }
    let fixed = try policy(
      "max_batch_size: 2 dynamic_batching { default_queue_policy { default_timeout_microseconds: 5 } }"
    )
    #expect(fixed.timeoutMicroseconds(requested: 1) == 5)
    let open = try policy(
      """
      max_batch_size: 2
      dynamic_batching { priority_levels: 3 default_priority_level: 2 default_queue_policy {
        default_timeout_microseconds: 5 allow_timeout_override: true max_queue_size: 7 } }
      """)
    #expect(open.timeoutMicroseconds(requested: 1) == 1)
    #expect(open.timeoutMicroseconds(requested: 9) == 5)
    #expect(open.timeoutMicroseconds(requested: nil) == 5)
    #expect(open.queueCountMax == 7)
    #expect([nil, 0, 1, 9].map { open.priority(requested: $0) } == [2, 2, 1, 3])
  }
}
