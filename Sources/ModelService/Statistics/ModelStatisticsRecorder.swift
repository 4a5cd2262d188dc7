internal import Protocols
internal import Synchronization

/// Counts what one loaded version did, in the terms of Triton's statistics extension: requests
/// succeed or fail, inferences are rows, executions are runs of the engine.
final class ModelStatisticsRecorder: Sendable {
  /// How often and how long altogether.
  struct Durations: Sendable {
    var count: UInt64 = 0
    var nanoseconds: UInt64 = 0

    mutating func add(_ count: Int, _ nanoseconds: UInt64) {
      self.count &+= UInt64(count)
      self.nanoseconds &+= nanoseconds
    }
  }

  /// One run of the engine.
  struct Execution: Sendable {
    var rowCount: Int
    /// When each request was submitted.
    var submittedNanoseconds: [UInt64]
    var startNanoseconds: UInt64
    /// Inputs are gathered, the engine starts.
    var inferNanoseconds: UInt64
    /// The engine is done.
    var outputNanoseconds: UInt64
    var endNanoseconds: UInt64
  }

  private struct BatchDurations: Sendable {
    var input = Durations()
    var infer = Durations()
    var output = Durations()

    mutating func add(_ input: UInt64, _ infer: UInt64, _ output: UInt64) {
      self.input.add(1, input)
      self.infer.add(1, infer)
      self.output.add(1, output)
    }
  }

  private struct Counters: Sendable {
    var lastInferenceMilliseconds: UInt64 = 0
    var inferenceCount: UInt64 = 0
    var executionCount: UInt64 = 0
    var success = Durations()
    var fail = Durations()
    var queue = Durations()
    var input = Durations()
    var infer = Durations()
    var output = Durations()
    /// By the number of rows.
    var batches: [Int: BatchDurations] = [:]
  }

  private let counters = Mutex(Counters())

  /// Counts a run that worked, for every request in it.
  func record(_ execution: Execution, nowMilliseconds: UInt64) {
    let requestCount = execution.submittedNanoseconds.count
    let input = execution.inferNanoseconds &- execution.startNanoseconds
    let infer = execution.outputNanoseconds &- execution.inferNanoseconds
    let output = execution.endNanoseconds &- execution.outputNanoseconds
    counters.withLock { counters in
      counters.lastInferenceMilliseconds = nowMilliseconds
      counters.inferenceCount &+= UInt64(max(1, execution.rowCount))
      counters.executionCount &+= 1
      for submitted in execution.submittedNanoseconds {
        counters.queue.add(1, execution.startNanoseconds &- submitted)
        counters.success.add(1, execution.endNanoseconds &- submitted)
      }
      // Every request of a batch had to wait for the whole of it.
      counters.input.add(requestCount, input &* UInt64(requestCount))
      counters.infer.add(requestCount, infer &* UInt64(requestCount))
      counters.output.add(requestCount, output &* UInt64(requestCount))
      counters.batches[max(1, execution.rowCount), default: BatchDurations()]
        .add(input, infer, output)
    }
  }

  /// Counts a request that failed after it was understood.
  func recordFailure(nanoseconds: UInt64) {
    counters.withLock { $0.fail.add(1, nanoseconds) }
  }

  /// Requests that succeeded and failed.
  var requestCounts: (success: UInt64, fail: UInt64) {
    counters.withLock { ($0.success.count, $0.fail.count) }
  }

  /// The counters as a message.
  func message(name: String, version: Int64, memoryByteCount: Int) -> Inference.ModelStatistics {
    let counters = counters.withLock { $0 }
    var message = Inference.ModelStatistics()
    message.name = name
    message.version = String(version)
    message.lastInference = counters.lastInferenceMilliseconds
    message.inferenceCount = counters.inferenceCount
    message.executionCount = counters.executionCount
    var infer = Inference.InferStatistics()
    infer.success = Self.message(counters.success)
    infer.fail = Self.message(counters.fail)
    infer.queue = Self.message(counters.queue)
    infer.computeInput = Self.message(counters.input)
    infer.computeInfer = Self.message(counters.infer)
    infer.computeOutput = Self.message(counters.output)
    infer.cacheHit = Self.message(Durations())
    infer.cacheMiss = Self.message(Durations())
    message.inferenceStats = infer
    message.batchStats = counters.batches.sorted { $0.key < $1.key }.map { size, durations in
      var batch = Inference.InferBatchStatistics()
      batch.batchSize = UInt64(size)
      batch.computeInput = Self.message(durations.input)
      batch.computeInfer = Self.message(durations.infer)
      batch.computeOutput = Self.message(durations.output)
      return batch
    }
    var memory = Inference.MemoryUsage()
    memory.type = "CPU"
    memory.byteSize = UInt64(memoryByteCount)
    message.memoryUsage = [memory]
    return message
  }

  private static func message(_ durations: Durations) -> Inference.StatisticDuration {
    var message = Inference.StatisticDuration()
    message.count = durations.count
    message.ns = durations.nanoseconds
    return message
  }
}
