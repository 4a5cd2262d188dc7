/// Decides which tokens of which sequences are computed next, on which pages of the key/value cache.
///
/// A step function: it has no clock, thread, tensor or socket. The caller asks for a `step`, computes
/// it, chooses tokens and tells them by `complete`; requests come, end and pause in between or while a
/// step is being computed (all calls from one thread, or under one lock). What happened is in
/// `takeEvents()`.
///
/// - Continuous batching: each step takes next tokens of running sequences first, then parts of
///   prompts: up to `tokensPerStepMax` tokens where nobody waits for a next one, else as much as
///   leaves the step short (`Scheduler+Shares`), so that a long prompt holds nobody up. Short prompts of a
///   tenant that is alone go before its own next tokens (`Scheduler+ShortPrompts`).
/// - Admission by pages: a sequence starts when pages for all its tokens are available. When pages
///   run out later, a sequence is preempted: it loses its pages, keeps its tokens and is computed
///   again, mostly from the prefix cache.
/// - Turns between tenants by the work they caused (`TenantQueue`), and shares of a step's next tokens
///   alike; within a tenant by priority and age.
/// - A paused request, whose reader does not read, gets no tokens, and its pages go first.
public final class Scheduler {
  /// The limits it was made with.
  public let configuration: SchedulerConfiguration

  var cache: PageCache
  var queue: TenantQueue
  var requests: [RequestID: RequestState] = [:]
  /// Sequences that hold pages, in no particular order.
  var running: [SequenceState] = []
  var deadlines = IndexedHeap<RequestID, DeadlineKey>()
  var events: [GenerationEvent] = []
  var stepNumber: UInt64 = 0
  /// The step that is being computed, and when it began.
  var inFlight: [InFlight]?
  var stepStart: Int64 = 0
  var times = StepTimes()
  /// Steps with parts of prompts beside next tokens since the last one of next tokens alone.
  var mixedCount = 0
  /// How much of short prompts may be read beside their tenant's next tokens, beyond a step's length.
  var shortPrompts: ShortPromptCredit
  /// Nanoseconds of the other model's step that waits for this one, if one does.
  var neighbourTime: Double?
  private var requestIDLast: UInt64 = 0
  /// What it has done so far.
  public internal(set) var counts = Counts()

  /// Numbers for metrics; they only grow.
  public struct Counts: Sendable, Hashable {
    /// Steps planned.
    public var steps = 0
    /// Tokens of prompts computed, also those computed again.
    public var promptTokens = 0
    /// Tokens generated.
    public var generatedTokens = 0
    /// Tokens whose keys and values were found in the prefix cache.
    public var cachedTokens = 0
    /// Sequences that lost their pages.
    public var preemptions = 0
    /// Steps with a short prompt that was read whole beside its tenant's own next tokens.
    public var shortPromptSteps = 0
    /// Requests refused because too many were there.
    public var refusals = 0
  }

  /// Tokens of a sequence that are being computed.
  struct InFlight {
    let sequence: SequenceState
    let positions: Range<Int>
    /// Of a prompt, or what is to be computed again.
    let isPrompt: Bool
    let samples: Bool
  }

  struct DeadlineKey: Comparable {
    let time: Int64
    let order: UInt64
    static func < (a: Self, b: Self) -> Bool {
      a.time != b.time ? a.time < b.time : a.order < b.order
    }
  }

  /// A scheduler without requests.
  public init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    try configuration.validate()
    self.configuration = configuration
    cache = PageCache(pageCount: configuration.pageCount)
    queue = TenantQueue(creditMax: configuration.creditMax)
    shortPrompts = ShortPromptCredit(unitsMax: Double(configuration.shortPromptBurstMax))
  }

  /// Takes a request, or says why not: what could never be served is an invalid argument; what comes
  /// when too many are there already is told to come again.
  public func submit(_ request: GenerationRequest) throws(SchedulerError) -> RequestID {
    try check(request)
    requestIDLast += 1
    let id = RequestID(value: requestIDLast)
    let state = RequestState(request, id: id, tenant: queue.enter(request.tenant))
    let first = SequenceState(
      SequenceID(request: id, choice: 0), of: state, tokens: request.prompt)
    state.sequences = [first]
    state.unfinishedCount = 1
    requests[id] = state
    if let deadline = request.deadline {
      deadlines.set(id, key: DeadlineKey(time: deadline, order: id.value))
    }
    queue.push(first)
    return id
  }

  private func check(_ request: GenerationRequest) throws(SchedulerError) {
    func refuse(_ message: String) -> SchedulerError { SchedulerError(.invalidArgument, message) }
    guard !request.prompt.isEmpty else {
      throw refuse("expected a prompt of at least one token, got none")
    }
    guard request.generatedTokensMax > 0 else {
      throw refuse("max_tokens: expected at least 1, got \(request.generatedTokensMax)")
    }
    guard (1...configuration.choicesMax).contains(request.choices) else {
      throw refuse("expected 1 to \(configuration.choicesMax) choices, got \(request.choices)")
    }
    let left = configuration.contextMax - request.prompt.count
    guard left > 0 else {
      throw refuse(
        "expected a prompt that leaves room for a token in a context of "
          + "\(configuration.contextMax), got one of \(request.prompt.count) tokens")
    }
    guard request.generatedTokensMax <= left else {
      throw refuse(
        "max_tokens: expected at most \(left), what a prompt of \(request.prompt.count) tokens "
          + "leaves of a context of \(configuration.contextMax), got \(request.generatedTokensMax)")
    }
    // The last token is never an input: its keys and values are not needed.
    let pages = PageCache.pageCount(
      positions: request.prompt.count + request.generatedTokensMax - 1)
    guard pages <= configuration.pageCount else {
      throw refuse(
        "expected a sequence to need at most \(configuration.pageCount) pages of the key/value "
          + "cache, got one that needs \(pages)")
    }
    guard requests.count < configuration.requestsMax else {
      counts.refusals += 1
      throw SchedulerError(
        .resourceExhausted, "expected at most \(configuration.requestsMax) requests, got more")
    }
    let own = queue.tenants[request.tenant]?.requestCount ?? 0
    guard own < configuration.requestsPerTenantMax else {
      counts.refusals += 1
      throw SchedulerError(
        .resourceExhausted,
        "expected at most \(configuration.requestsPerTenantMax) requests of a tenant, got more")
    }
  }

  /// Ends a request; its pages are available at once. An id that means nothing any more is ignored.
  public func cancel(_ id: RequestID) { end(id, .cancelled) }

  /// The reader does not keep up: nothing more is computed for this request until `resume`.
  public func pause(_ id: RequestID) {
    guard let request = requests[id], !request.isPaused else { return }
    for sequence in request.sequences {
      switch sequence.place {
      case .waiting:
        queue.remove(sequence)
        sequence.place = .parked
      case .running: sequence.tenant.runningCount -= 1
      case .parked, .finished: break
      }
    }
    request.isPaused = true
  }

  /// The reader reads again.
  public func resume(_ id: RequestID) {
    guard let request = requests[id], request.isPaused else { return }
    request.isPaused = false
    for sequence in request.sequences {
      switch sequence.place {
      case .parked: enqueue(sequence)
      case .running: sequence.tenant.runningCount += 1
      case .waiting, .finished: break
      }
    }
  }

  /// What a request has used so far: never more than what its end will say.
  func usage(of id: RequestID) -> GenerationUsage? {
    guard let request = requests[id] else { return nil }
    var usage = request.usage
    usage.promptTokens = min(request.promptCount, request.sequences[0].chargedCount)
    return usage
  }

  /// When the next request runs out of time: a caller without work wakes up then at the latest.
  public var nextDeadline: Int64? { deadlines.first?.key.time }

  /// What has happened since it was asked last.
  public func takeEvents() -> [GenerationEvent] {
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }

  /// Requests that are not finished.
  public var requestCount: Int { requests.count }
  /// Sequences in queues.
  public var waitingCount: Int { queue.waitingCount }
  /// Sequences that hold pages.
  public var runningCount: Int { running.count }
  /// Pages that are free or hold only what may be asked for again.
  public var availablePageCount: Int { cache.availableCount }
  /// Pages that hold prefixes, in use or not.
  public var cachedPageCount: Int { cache.prefixes.count }
}
