internal import RPC

/// Numbers that rule execution in this process.
struct ExecutionSettings: Sendable {
  /// Executions of one model at one time, unless it asks for fewer.
  var parallelism = 2
  /// Requests waiting for one model, unless its configuration says otherwise.
  var queueCountMax = 1024
  /// Live sequences of one stateful model.
  var sequenceCountMax = 1024
  /// Bytes that the states of one model's sequences may hold together.
  var sequenceStateByteCountMax = 256 << 20
  /// Bytes that the keys and values of one language model's sequences may take: a quarter of a small
  /// machine's memory; what is not used is not taken.
  var generationCacheByteCountMax = 1 << 30
  /// A model whose runs take longer leaves the thread that read the request. The hand-over costs
  /// some 20 µs, a tenth of this; and a thread that runs models does not see who waits for it, so
  /// that nobody could be refused in time.
  var inlineNanosecondsMax: UInt64 = 200_000
}

/// What all models of a process share to run: threads, a clock, a timer.
struct ExecutionResources: Sendable {
  var settings: ExecutionSettings
  /// Where long runs go.
  var workers: WorkerThreads
  /// Turns texts into tokens and grammars into automata: a core beyond the budget for a moment.
  var texts = TextQueue()
  /// Wakes batches that wait for company.
  var timer: DeadlineTimer
  /// Nanoseconds of a clock that never goes back.
  var now: @Sendable () -> UInt64 = { MonotonicTime.now().nanoseconds }
  /// Counts what generation uses, for whom.
  var meter = UsageMeter()
  /// Language models whose steps wait for each other.
  var neighbours = GenerationNeighbours()
}
