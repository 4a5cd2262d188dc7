public import Compute
internal import Synchronization
internal import Tokenizers

/// Generates for many requests with one model: a scheduler, a decoder, and what tokens become. It has
/// no thread and no clock: whoever has both calls `step` as long as there is work.
///
/// Requests may come and go from any thread while a step is computed.
public final class GenerationLoop: Sendable {
  private struct Request {
    let stream: GenerationStream
    let outputs: [SequenceOutput]
    let onUsage: UsageReceiver
    /// What was told of it so far, if anything was.
    var told: GenerationUsage?
    /// Text of tokens that the scheduler has not confirmed yet.
    var choices: [SequenceID: SequenceOutput.Choice] = [:]
    /// Why choices got no further token.
    var failures: [SequenceID: GenerationError] = [:]
  }
  private struct State {
    var scheduler: Scheduler
    var requests: [RequestID: Request] = [:]
    /// When the usage of requests under way was told last.
    var toldAt: Int64 = 0
  }
  private final class StateBox {
    var state: State
    init(_ state: State) { self.state = state }
  }

  /// Takes what a request used since it was told last, and whether that is the first time. It is told
  /// every few seconds while the request is under way, and when it has ended, in whatever way.
  public typealias UsageReceiver = @Sendable (GenerationUsage, _ isFirst: Bool) -> Void

  /// Nanoseconds after which the usage of requests under way is told again: what a process that is
  /// killed may lose.
  private static let usageInterval: Int64 = 5_000_000_000

  /// The model.
  public let model: LanguageModel
  private let box: Mutex<StateBox>
  /// Used by the one thread that is in `step`.
  private nonisolated(unsafe) let session: DecoderSession
  private nonisolated(unsafe) let chooser: TokenChooser
  /// Positions that a sequence may have.
  private let contextMax: Int
  private let seeds = Mutex(SystemRandomNumberGenerator())
  /// Called when there may be work again.
  private let wake: @Sendable () -> Void

  /// - Parameters:
  ///   - threadCount: cores that a step may use.
  ///   - cachePrecision: how keys and values are kept.
  ///   - wake: called from any thread when there may be work for `step`.
  public init(
    _ model: LanguageModel, _ configuration: SchedulerConfiguration, threadCount: Int,
    cachePrecision: KeyValuePages.Precision = .half, wake: @escaping @Sendable () -> Void
  ) throws(SchedulerError) {
    self.model = model
    self.wake = wake
    var configuration = configuration
    configuration.work = TokenWork(model.decoder.configuration)
    contextMax = configuration.contextMax
    box = Mutex(StateBox(State(scheduler: try Scheduler(configuration))))
    session = DecoderSession(
      model.decoder, pageCount: configuration.pageCount, threadCount: threadCount,
      cachePrecision: cachePrecision)
    chooser = TokenChooser(
      vocabularySize: model.decoder.configuration.vocabularySize, threadCount: threadCount)
  }

  /// Takes a request.
  ///
  /// - Parameters:
  ///   - tenant: from the caller's identity, never from a field of its message.
  ///   - onUsage: told what is used.
  public func submit(
    _ prompt: [Int32], _ parameters: GenerationParameters, tenant: String,
    onUsage: @escaping UsageReceiver = { _, _ in }
  ) throws(GenerationError) -> GenerationStream {
    let outputs = try outputs(prompt, parameters)
    var request = GenerationRequest(
      tenant: tenant, prompt: prompt,
      generatedTokensMax: parameters.maxTokens ?? tokensDefault(besides: prompt))
    request.choices = parameters.choices
    request.priority = parameters.priority
    request.deadline = parameters.deadline
    let id = Atomic64()
    let stream = GenerationStream(
      onDemand: { [weak self] in self?.resume(id.value) },
      onCancel: { [weak self] in self?.cancel(id.value) })
    let submitted = SendableBox(outputs)
    do throws(SchedulerError) {
      try box.withLock { box throws(SchedulerError) in
        let request = try box.state.scheduler.submit(request)
        id.value = request
        box.state.requests[request] = Request(
          stream: stream, outputs: submitted.value, onUsage: onUsage)
      }
    } catch {
      throw GenerationError(
        error.code == .invalidArgument ? .invalidArgument : .resourceExhausted, error.message)
    }
    wake()
    return stream
  }

  /// A prompt that leaves nothing is refused with one token as well.
  private func tokensDefault(besides prompt: [Int32]) -> Int {
    max(1, min(GenerationParameters.tokensDefault, contextMax - prompt.count))
  }

  private func outputs(
    _ prompt: [Int32], _ parameters: GenerationParameters
  ) throws(GenerationError) -> [SequenceOutput] {
    guard model.decoder.generates else {
      throw GenerationError(
        .unsupported, "\(model.name) embeds texts: expected a model that generates")
    }
    let size = model.decoder.configuration.vocabularySize
    if let bad = prompt.first(where: { $0 < 0 || Int($0) >= size }) {
      throw GenerationError(
        .invalidArgument, "prompt: expected tokens from 0 to \(size - 1), got \(bad)")
    }
    do {
      try parameters.sampling.validate(vocabularySize: size, choices: parameters.choices)
      let stop = try StopMatcher(strings: parameters.stop.map { Array($0.utf8) })
      let automaton = try parameters.constraint.map { constraint in
        let grammar =
          switch constraint {
          case .jsonSchema(let schema): try Grammar.jsonSchema(Array(schema.utf8))
          case .regex(let pattern): try Grammar.regex(pattern)
          case .jsonObject: try Grammar.anyJSONObject()
          }
        return GrammarAutomaton(grammar, vocabulary: model.vocabularyForGrammars())
      }
      let seed = seeds.withLock { UInt64.random(in: .min ... .max, using: &$0) }
      return try (0..<max(0, min(parameters.choices, 1024))).map { choice in
        SequenceOutput(
          model.tokenizer,
          Sampler(parameters.sampling, prompt: prompt, choice: choice, seed: seed), stop,
          try automaton.map { try GrammarMatcher($0) })
      }
    } catch { throw GenerationError(.invalidArgument, "\(error)") }
  }

  private func resume(_ id: RequestID) {
    box.withLock { $0.state.scheduler.resume(id) }
    wake()
  }

  private func cancel(_ id: RequestID) {
    box.withLock { box in
      box.state.scheduler.cancel(id)
      return deliver(&box.state)
    }.run()
    wake()
  }

  /// Computes one step. False when there is nothing to do until `wake` is called, or until
  /// `nextDeadline`. One thread at a time. `clock` tells the time in nanoseconds; deadlines and the
  /// lengths of steps are seen by it.
  ///
  /// - Parameter neighbour: `nextTokensNanoseconds` of another loop that waits until this one's step is
  ///   computed.
  public func step(neighbour: Int64? = nil, clock: () -> Int64) -> Bool {
    let now = clock()
    typealias Planned = SendableBox<(StepPlan, [SequenceID: SequenceOutput])>
    let (planned, deliveries) = box.withLock { box -> (Planned?, Deliveries) in
      let plan = box.state.scheduler.step(at: now, neighbour: neighbour)
      var deliveries = deliver(&box.state)
      // Before a pause of unknown length, too.
      if plan == nil || now - box.state.toldAt >= Self.usageInterval {
        box.state.toldAt = now
        tellUsage(&box.state, &deliveries)
      }
      guard let plan else { return (nil, deliveries) }
      var outputs: [SequenceID: SequenceOutput] = [:]
      for entry in plan.entries {
        for id in entry.samples {
          outputs[id] = box.state.requests[id.request]?.outputs[id.choice]
        }
      }
      return (SendableBox((plan, outputs)), deliveries)
    }
    deliveries.run()
    guard let (plan, outputs) = planned?.value else { return false }
    for copy in plan.copies { session.pages.copy(page: copy.source, to: copy.destination) }
    let logits = session.run(
      plan.entries.map {
        DecoderEntry(
          tokens: $0.tokens, firstPosition: $0.firstPosition, pages: $0.pages,
          rows: $0.wantsLogits ? .last : .none)
      })
    let chosen = SendableBox(chooser.choose(plan, outputs, logits))
    let end = clock()
    box.withLock { box in
      var samples: [Sample] = []
      for (id, choice) in chosen.value {
        switch choice {
        case .success(let choice):
          box.state.requests[id.request]?.choices[id] = choice
          samples.append(Sample(id, token: choice.token.token, finish: choice.finish))
        case .failure(let error):
          box.state.requests[id.request]?.failures[id] = error
          samples.append(Sample(id, token: nil))
        case nil: samples.append(Sample(id, token: nil))
        }
      }
      box.state.scheduler.complete(samples, at: end)
      return deliver(&box.state)
    }.run()
    return true
  }

  /// When a request runs out of time although nothing is computed for it.
  public var nextDeadline: Int64? { box.withLock { $0.state.scheduler.nextDeadline } }

  /// How long somebody's next token takes here, for others who compute on the same threads; nil when
  /// nobody waits for one.
  public var nextTokensNanoseconds: Int64? {
    box.withLock { $0.state.scheduler.nextTokensNanoseconds }
  }

  /// Numbers for metrics.
  public typealias Counts = Scheduler.Counts
  /// What the scheduler has done.
  public var counts: Counts { box.withLock { $0.state.scheduler.counts } }
  /// Requests that are not finished, and pages that may be had.
  public var load: (requests: Int, availablePages: Int) {
    box.withLock { ($0.state.scheduler.requestCount, $0.state.scheduler.availablePageCount) }
  }
  /// Bytes of keys and values.
  public var cacheByteCount: Int { session.pages.pageCount * session.pages.pageByteCount }

  /// What is left to do when the lock is open again: readers to wake (see ``GenerationStream/Wake``),
  /// and requests whose end somebody wants to know.
  private struct Deliveries: Sendable {
    var wakes: [GenerationStream.Wake] = []
    var usages: [(onUsage: UsageReceiver, usage: GenerationUsage, isFirst: Bool)] = []

    func run() {
      // Who reads the last piece finds the request counted.
      for told in usages { told.onUsage(told.usage, told.isFirst) }
      for wake in wakes { wake.resume() }
    }
  }

  /// Hands on what has happened.
  private func deliver(_ state: inout State) -> Deliveries {
    var deliveries = Deliveries()
    for event in state.scheduler.takeEvents() {
      switch event {
      case .token(let id, _):
        guard let choice = state.requests[id.request]?.choices.removeValue(forKey: id) else {
          continue
        }
        let isEnd = model.tokenizer.isEndOfGeneration(choice.token.token)
        push(
          GenerationDelta(
            choice: id.choice, text: choice.text, tokens: isEnd ? [] : [choice.token]),
          id.request, &state, &deliveries)
      case .sequenceFinished(let id, let reason):
        let request = state.requests[id.request]
        let text = reason == .stop ? "" : request?.outputs[id.choice].rest()
        push(
          GenerationDelta(
            choice: id.choice, text: text ?? "", finish: reason, failure: request?.failures[id]),
          id.request, &state, &deliveries)
      case .requestFinished(let id, let usage):
        guard let request = state.requests.removeValue(forKey: id) else { continue }
        let wakes = [
          request.stream.push(GenerationDelta(choice: 0, usage: usage)).wake, request.stream.end(),
        ]
        deliveries.wakes += wakes.compactMap(\.self)
        deliveries.usages.append(
          (request.onUsage, usage - (request.told ?? GenerationUsage()), request.told == nil))
      }
    }
    return deliveries
  }

  /// What requests under way have used since it was told last.
  private func tellUsage(_ state: inout State, _ deliveries: inout Deliveries) {
    for (id, request) in state.requests {
      guard let usage = state.scheduler.usage(of: id), usage != request.told ?? GenerationUsage()
      else { continue }
      deliveries.usages.append(
        (request.onUsage, usage - (request.told ?? GenerationUsage()), request.told == nil))
      state.requests[id]?.told = usage
    }
  }

  private func push(
    _ delta: GenerationDelta, _ id: RequestID, _ state: inout State, _ deliveries: inout Deliveries
  ) {
    guard let (wake, isBehind) = state.requests[id]?.stream.push(delta) else { return }
    if let wake { deliveries.wakes.append(wake) }
    if isBehind { state.scheduler.pause(id) }
  }
}

/// A request's number, which is known a moment after its stream.
private final class Atomic64: Sendable {
  private let storage = Mutex(RequestID(value: 0))
  var value: RequestID {
    get { storage.withLock { $0 } }
    set { storage.withLock { $0 = newValue } }
  }
}

/// What one thread hands to another and does not touch afterwards.
struct SendableBox<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
