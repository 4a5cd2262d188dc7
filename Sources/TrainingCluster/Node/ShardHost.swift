internal import JSON
internal import Protocols
internal import RPC
internal import Synchronization
internal import Training

/// One parameter server's shard, to which calls come one after the other. A call whose answer is not there
/// yet waits for the others' for a moment.
actor ShardHost {
  private var exchange: ShardExchange?
  private var waiters: [Waiter] = []
  private var ticker: Task<Void, Never>?
  private var receivedByteCount = 0
  private var sentByteCount = 0
  private var stepCount = 0

  /// How long a call waits for what others do. Long enough to cost nothing, short enough that whoever waits
  /// learns of another assignment.
  private static let patience = Duration.milliseconds(250)
  /// How exactly that is kept: one clock for all who wait costs nothing at each call.
  private static let tick = Duration.milliseconds(50)

  private struct Waiter {
    var end: ContinuousClock.Instant
    /// Whether only the limit is waited for, and not every step.
    var awaitsLimit: Bool
    var continuation: CheckedContinuation<Void, Never>
  }

  /// Whether its work takes long enough to keep the loop from answering that the process lives.
  nonisolated let isLarge = Atomic<Bool>(false)
  private static let largeCount = 1 << 20

  init() {}

  /// Does something with the host: on the loop if that is a matter of microseconds, on threads of tasks else.
  nonisolated func use<R: Sendable>(
    _ body: @Sendable (ShardHost) async throws -> R
  ) async throws -> R {
    guard isLarge.load(ordering: .relaxed) else { return try await body(self) }
    return try await withTaskExecutorPreference(globalConcurrentExecutor) {
      try await body(self)
    }
  }

  /// Begins at a checkpoint.
  func load(_ first: MartletV1.LoadParametersRequest, _ numbers: EncodedNumbers) throws {
    let made = try Self.shard(first, numbers)
    isLarge.store(made.shard.values.count >= Self.largeCount, ordering: .relaxed)
    exchange = made
    tellWaiters { _ in true }
  }

  /// What a coordinator sent; throws INVALID_ARGUMENT for what is none.
  static func shard(
    _ first: MartletV1.LoadParametersRequest, _ numbers: EncodedNumbers
  ) throws -> ShardExchange {
    let parameterCount = Int(first.parameterCount)
    guard let range = ServerRange(first.pieces, parameterCount: parameterCount),
      let contents = ShardContents(numbers, count: range.count)
    else {
      throw RPCError(
        code: .invalidArgument, message: "expected parameters of the pieces that they are of")
    }
    do {
      let made = try ShardExchange(
        specification: try JSONValue(parsing: Array(first.specification.utf8)[...]), range: range,
        parameterCount: parameterCount)
      let slots = range.count == 0 ? made.shard.slots : contents.slots
      guard slots.count == made.shard.slots.count else {
        throw RPCError(
          code: .invalidArgument,
          message: "expected \(made.shard.slots.count) slots, got \(slots.count)")
      }
      made.shard.load(
        generation: Int(clamping: first.generation), step: Int(clamping: first.step),
        values: contents.values, slots: slots, sums: first.sums, marks: first.marks)
      return made
    } catch let error as TrainingError {
      throw RPCError(code: .invalidArgument, message: error.message)
    } catch let error as JSONError {
      throw RPCError(code: .invalidArgument, message: "\(error)")
    }
  }

  /// See `ParameterShard.proceed`.
  func proceed(_ request: MartletV1.ProceedRequest) throws {
    let shard = try loaded().shard
    if request.sumCount > 0 { shard.resetSums(count: min(Int(request.sumCount), 1 << 16)) }
    shard.proceed(
      generation: Int(clamping: request.generation), limit: Int(clamping: request.limit))
    tellWaiters { _ in true }
  }

  /// How far it is, when the limit is reached or a moment later.
  func status() async throws -> MartletV1.ShardStatusResponse {
    let end = ContinuousClock.now + Self.patience
    while !(try loaded().shard.isAtLimit), ContinuousClock.now < end {
      await change(until: end, awaitsLimit: true)
    }
    let shard = try loaded().shard
    var response = MartletV1.ShardStatusResponse()
    (response.isAtLimit, response.version) = (shard.isAtLimit, UInt64(shard.version))
    (response.sums, response.marks) = (shard.sums, shard.marks)
    (response.receivedBytes, response.sentBytes) = (
      UInt64(receivedByteCount), UInt64(sentByteCount)
    )
    response.steps = UInt64(stepCount)
    return response
  }

  /// What it has.
  func contents() throws -> EncodedNumbers {
    let shard = try loaded().shard
    return ShardContents(values: shard.values, slots: shard.slots).numbers
  }

  /// The largest encoded gradient that can be meant.
  func gradientByteCountMax() throws -> Int {
    try loaded().shard.rules.range.activeCount * 8
  }

  /// A worker's call.
  func exchange(_ request: ExchangeRequest) async throws -> ExchangeReply {
    let own = try loaded()
    let version = own.shard.version
    guard own.receive(request) else { return .stale }
    receivedByteCount += request.push?.encoded.byteCount ?? 0
    stepCount += own.shard.version - version
    if request.push != nil || request.squares != nil {
      let isAtLimit = own.shard.isAtLimit
      tellWaiters { isAtLimit || !$0.awaitsLimit }
    }
    let end = ContinuousClock.now + Self.patience
    while true {
      // A coordinator may have begun anew meanwhile.
      let reply = try loaded().answer(request)
      if let reply {
        // What a worker begins with is not a step's.
        if !request.wantsAll { sentByteCount += reply.encoded.byteCount }
        return reply
      }
      guard ContinuousClock.now < end else { return .pending }
      await change(until: end, awaitsLimit: false)
    }
  }

  private func loaded() throws -> ShardExchange {
    guard let exchange else {
      throw RPCError(code: .failedPrecondition, message: "no parameters were loaded yet")
    }
    return exchange
  }

  // MARK: - Waiting

  private func tellWaiters(_ isMeant: (Waiter) -> Bool) {
    guard !waiters.isEmpty else { return }
    let meant = waiters.filter(isMeant)
    waiters.removeAll(where: isMeant)
    for waiter in meant { waiter.continuation.resume() }
  }

  private func change(until end: ContinuousClock.Instant, awaitsLimit: Bool) async {
    ticker =
      ticker
      ?? Task {
        repeat { try? await Task.sleep(for: Self.tick) } while self.tellTheTime()
      }
    await withCheckedContinuation {
      waiters.append(Waiter(end: end, awaitsLimit: awaitsLimit, continuation: $0))
    }
  }

  /// Returns whether anybody waits on.
  private func tellTheTime() -> Bool {
    let now = ContinuousClock.now
    tellWaiters { $0.end <= now }
    if waiters.isEmpty { ticker = nil }
    return ticker != nil
  }
}
