internal import Protocols

/// How requests of one model may be put together: its configuration in the scheduler's terms.
struct BatchPolicy: Sendable, Equatable {
  /// Requests may be merged at all.
  var isBatching = false
  /// Rows of one execution.
  var rowCountMax = 1
  /// Ascending; a batch of such a size need not wait.
  var preferredRowCounts: [Int] = []
  /// How long the oldest request may wait for company.
  var delayNanosecondsMax: UInt64 = 0
  /// Requests waiting at one time.
  var queueCountMax = 1024
  /// A request that would wait for longer is refused at once, whatever its deadline: nobody waits
  /// for an answer of milliseconds for so long.
  var waitNanosecondsMax: UInt64 = 10_000_000_000
  /// Executions at one time.
  var parallelism = 1
  /// 1 is the most urgent; 0: requests have no priorities.
  var priorityLevels: UInt64 = 0
  /// For requests that name none.
  var priorityDefault: UInt64 = 0
  /// A request waiting longer is refused; 0: it waits.
  var timeoutMicrosecondsDefault: UInt64 = 0
  /// Requests may shorten (or set) the timeout.
  var allowsTimeoutOverride = false
  /// Whether expiry refuses a request or only stops giving it preference.
  var rejectsOnTimeout = true
}

extension BatchPolicy {
  init(_ config: Inference.ModelConfig, _ settings: ExecutionSettings) {
    parallelism = settings.parallelism
    let instances = config.instanceGroup.reduce(0) { $0 + max(0, Int($1.count)) }
    if instances > 0 { parallelism = min(instances, settings.parallelism) }
    queueCountMax = settings.queueCountMax
    rowCountMax = max(1, Int(config.maxBatchSize))
    switch config.schedulingChoice {
    case .dynamicBatching(let batching): merge(batching)
    case .sequenceBatching(let batching): merge(batching)
    case .ensembleScheduling, nil: break
    }
  }

  /// Requests of different sequences run together; a sequence has one at a time.
  private mutating func merge(_ batching: Inference.ModelSequenceBatching) {
    isBatching = rowCountMax > 1
    switch batching.strategyChoice {
    case .direct(let direct): delay(microseconds: direct.maxQueueDelayMicroseconds)
    case .oldest(let oldest):
      preferredRowCounts = oldest.preferredBatchSize.map(Int.init).sorted()
      delay(microseconds: oldest.maxQueueDelayMicroseconds)
    case nil: break
    }
  }

  private mutating func delay(microseconds: UInt64) {
    delayNanosecondsMax = min(microseconds, 60_000_000) * 1000
  }

  private mutating func merge(_ batching: Inference.ModelDynamicBatching) {
    isBatching = true
    preferredRowCounts = batching.preferredBatchSize.map(Int.init).sorted()
    delay(microseconds: batching.maxQueueDelayMicroseconds)
    priorityLevels = batching.priorityLevels
    priorityDefault = batching.defaultPriorityLevel
    guard let policy = batching.defaultQueuePolicy else { return }
    if policy.maxQueueSize > 0 { queueCountMax = Int(policy.maxQueueSize) }
    timeoutMicrosecondsDefault = policy.defaultTimeoutMicroseconds
    allowsTimeoutOverride = policy.allowTimeoutOverride
    rejectsOnTimeout = policy.timeoutAction == .reject
  }

  /// How long a request may wait, in microseconds; 0 for as long as it takes. As in Triton, a
  /// request may only shorten what the configuration says.
  func timeoutMicroseconds(requested: UInt64?) -> UInt64 {
    guard allowsTimeoutOverride, let requested, requested > 0 else {
      return timeoutMicrosecondsDefault
    }
    guard timeoutMicrosecondsDefault > 0 else { return requested }
    return min(requested, timeoutMicrosecondsDefault)
  }

  /// A request's place in the queue: 0 (or nothing) asks for the default, and what lies past the
  /// last level is the last.
  func priority(requested: UInt64?) -> UInt64 {
    guard priorityLevels > 0 else { return 0 }
    guard let requested, requested > 0 else { return priorityDefault }
    return min(requested, priorityLevels)
  }
}
