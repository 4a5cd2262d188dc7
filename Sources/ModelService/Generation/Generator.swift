internal import Compute
internal import Generation
internal import RPC
internal import Synchronization

/// A language model at work: its generation loop on the process's compute threads, a step at a time,
/// so that other models get their turn between two steps.
final class Generator: Sendable {
  /// Steps that are under way: none, one, or one after which another is wanted.
  private enum Progress: Int, AtomicRepresentable { case idle, running, runningAndWanted }

  let model: LanguageModel
  /// What its tenant calls it.
  private let name: String
  private let loop: GenerationLoop
  private let progress = Atomic<Progress>(.idle)
  private let execution: ExecutionResources
  private let signal: Signal
  /// Texts whose embeddings are computed, one at a time.
  private let embedder: Mutex<Embedder>
  private let turns = TenantTurnstile()

  init(
    _ model: LanguageModel, name: String, _ settings: LanguageSettings,
    _ execution: ExecutionResources
  ) throws {
    self.model = model
    self.name = name
    self.execution = execution
    let c = model.decoder.configuration
    let signal = Signal()
    self.signal = signal
    // Pages for some whole contexts, as far as the memory that is allowed goes; what is not used
    // takes none.
    let pageSize = KeyValuePages.positionCount
    let wanted = 4 * ((c.contextLength + pageSize - 1) / pageSize)
    let pageCount = max(
      1,
      min(
        wanted,
        execution.settings.generationCacheByteCountMax / c.pageByteCount(settings.cachePrecision)))
    loop = try GenerationLoop(
      model,
      SchedulerConfiguration(
        pageCount: pageCount, contextMax: min(c.contextLength, pageCount * pageSize)),
      threadCount: execution.settings.parallelism, cachePrecision: settings.cachePrecision,
      wake: { signal.send() })
    embedder = Mutex(Embedder(model, threadCount: execution.settings.parallelism))
    signal.target = self
  }

  /// Whether it continues texts; else it only embeds them.
  var generates: Bool { model.decoder.generates }
  /// Bytes of keys and values.
  var cacheByteCount: Int { loop.cacheByteCount }
  var counts: GenerationLoop.Counts { loop.counts }
  var requestCount: Int { loop.load.requests }
  var availablePageCount: Int { loop.load.availablePages }

  /// Takes a request; its pieces come through the stream.
  func generate(
    _ prompt: [Int32], _ parameters: GenerationParameters, caller: Caller,
    deadline: MonotonicTime?
  ) throws(RPCError) -> GenerationStream {
    var parameters = parameters
    parameters.deadline = deadline.map { Int64(clamping: $0.nanoseconds) }
    do {
      return try loop.submit(prompt, parameters, tenant: caller.tenant) {
        [meter = execution.meter, name] usage, isFirst in
        meter.count(usage, caller, model: name, isRequest: isFirst)
      }
    } catch { throw RPCError(error) }
  }

  /// Prepares something where it holds up neither calls nor tokens: texts may be long. Tenants take
  /// turns; what nobody waits for any more is not begun, and can end early.
  func offload<Result: Sendable>(
    for caller: Caller, deadline: MonotonicTime? = nil,
    _ body: @escaping @Sendable (_ isWanted: @escaping @Sendable () -> Bool) throws -> Result
  ) async throws -> Result {
    try await execution.texts.offload(for: caller.tenant, deadline: deadline, body)
  }

  /// Texts that wait to be embedded.
  var waitingTextCount: Int { turns.waitingCount }

  /// The embedding of a text: of length 1. One text at a time, by turns of tenants, and part by part
  /// behind whatever else waits for the compute threads; nothing more is computed for a caller that has
  /// gone.
  func embed(_ tokens: [Int32], caller: Caller) async throws -> [Float] {
    try await turns.take(for: caller.tenant)
    // By tokens: time would count what others computed between a text's parts.
    defer { turns.give(cost: UInt64(tokens.count)) }
    var isBegun = false
    while true {
      try Task.checkCancellation()
      let part = try await execution.workers.offload { [self, isBegun] in
        try embedder.withLock { embedder -> [Float]? in
          do throws(GenerationError) {
            if !isBegun { try embedder.begin(tokens) }
            return try embedder.advance()
          } catch { throw RPCError(error) }
        }
      }
      isBegun = true
      guard let embedding = part else { continue }
      var usage = GenerationUsage()
      usage.promptTokens = tokens.count
      execution.meter.count(usage, caller, model: name)
      return embedding
    }
  }

  fileprivate func wake() {
    var seen = progress.load(ordering: .relaxed)
    while seen != .runningAndWanted {
      let next: Progress = seen == .idle ? .running : .runningAndWanted
      let (exchanged, original) = progress.weakCompareExchange(
        expected: seen, desired: next, ordering: .acquiringAndReleasing)
      if exchanged {
        if seen == .idle { execution.workers.submit { [self] in step() } }
        return
      }
      seen = original
    }
  }

  private func step() {
    progress.store(.running, ordering: .sequentiallyConsistent)
    let neighbour = execution.neighbours.shortest(besides: self)
    let isBusy = loop.step(neighbour: neighbour) { Int64(clamping: execution.now()) }
    execution.neighbours.set(self, isBusy ? loop.nextTokensNanoseconds : nil)
    if isBusy {
      // Behind what other models want to run.
      execution.workers.submit { [self] in step() }
      return
    }
    let (isIdle, _) = progress.compareExchange(
      expected: .running, desired: .idle, ordering: .sequentiallyConsistent)
    guard isIdle else { return execution.workers.submit { [self] in step() } }
    if let deadline = loop.nextDeadline, deadline > 0 {
      execution.timer.schedule(atNanoseconds: UInt64(deadline)) { [signal] in signal.send() }
    }
  }

  /// The way from the loop back to whoever runs it, which does not keep that alive.
  private final class Signal: Sendable {
    private struct Reference { weak var generator: Generator? }
    private let reference = Mutex(Reference())
    var target: Generator? {
      get { reference.withLock { $0.generator } }
      set { reference.withLock { $0.generator = newValue } }
    }
    func send() { target?.wake() }
  }
}

extension RPCError {
  init(_ error: GenerationError) {
    switch error.code {
    case .invalidArgument: self = .invalid(error.message)
    case .resourceExhausted: self = .overloaded(error.message)
    case .unsupported: self = .unimplemented(error.message)
    case .failed: self = .internalFault(error.message)
    }
  }
}
