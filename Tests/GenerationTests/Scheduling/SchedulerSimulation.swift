import TestSupport

@testable import Generation

/// Many streams over a fake decoder, with everything that clients do, from one seed.
struct SchedulerSimulation {
  struct Options {
    var streams = 2_000
    var tenants = 5
    var pageCount = 56
    var contextMax = 400
    var promptMax = 160
    var generatedMax = 60
    var sequencesMax = 24
    var tokensPerStepMax = 96
    /// Steps between full checks of the books.
    var checkInterval = 1
  }

  struct Stream {
    var request: GenerationRequest
    var outputs: [Int: [Int32]] = [:]
    var reasons: [Int: FinishReason] = [:]
    var usage: GenerationUsage?
  }

  let seed: UInt64
  let options: Options
  private var random: SplitMix64
  private let decoder: FakeDecoder
  let scheduler: Scheduler
  private(set) var streams: [RequestID: Stream] = [:]
  private(set) var problems: [String] = []
  private var now: Int64 = 0
  private var paused: Set<RequestID> = []
  private var live: [RequestID] = []
  private var submittedCount = 0
  /// What each tenant was charged while all of them had something waiting.
  private(set) var served: [String: UInt64] = [:]
  private(set) var steps = 0

  init(seed: UInt64, options: Options = Options()) throws {
    self.seed = seed
    self.options = options
    random = SplitMix64(state: seed)
    decoder = FakeDecoder(pageCount: options.pageCount)
    var configuration = SchedulerConfiguration(
      pageCount: options.pageCount, contextMax: options.contextMax)
    configuration.sequencesMax = options.sequencesMax
    configuration.tokensPerStepMax = options.tokensPerStepMax
    configuration.requestsMax = options.streams
    configuration.requestsPerTenantMax = options.streams
    scheduler = try Scheduler(configuration)
  }

  private mutating func chance(_ per: Int) -> Bool { Int.random(in: 0..<per, using: &random) == 0 }

  mutating func run() {
    for _ in 0..<options.streams / 2 { submit() }
    let stepsMax = options.streams * 400
    while submittedCount < options.streams || !live.isEmpty {
      steps += 1
      guard steps < stepsMax else { return problems.append("no end after \(steps) steps") }
      now += 1_000
      for _ in 0..<2 where submittedCount < options.streams && chance(2) { submit() }
      disturb()
      let before = used()
      let plan = scheduler.step(at: now)
      if let before { account(before) }
      if let plan { compute(plan) }
      take(scheduler.takeEvents())
      if steps % options.checkInterval == 0 { check() }
      if problems.count > 3 { return }
      // Nothing could run: somebody has to read again.
      if plan == nil { for id in paused { resume(id) } }
    }
    finish()
  }

  private mutating func submit() {
    submittedCount += 1
    // The first tenant has most of the streams, the last one few.
    var tenant = 0
    while tenant < options.tenants - 1, chance(2) { tenant += 1 }
    let length = Int.random(in: 1...options.promptMax, using: &random)
    // Some begin alike: within a tenant that is a hit.
    let family = Int.random(in: 0..<4, using: &random)
    let common = family == 0 ? 0 : Int.random(in: 0...length, using: &random)
    // In one family every page has the same tokens: only what is before it tells pages apart.
    let period = family == 1 ? PageCache.pageSize : 90
    let prompt = (0..<length).map { index in
      index < common
        ? Int32(family * 100 + index % period) : Int32.random(in: 0..<997, using: &random)
    }
    var request = GenerationRequest(
      tenant: "tenant-\(tenant)", prompt: prompt,
      generatedTokensMax: Int.random(in: 1...options.generatedMax, using: &random))
    request.priority = Int.random(in: 0...2, using: &random)
    if chance(8) { request.choices = Int.random(in: 2...5, using: &random) }
    if chance(10) { request.deadline = now + Int64.random(in: 1_000...20_000_000, using: &random) }
    do {
      let id = try scheduler.submit(request)
      streams[id] = Stream(request: request)
      live.append(id)
    } catch {
      problems.append("refused: \(error)")
    }
  }

  /// Clients give up, stop reading and read again.
  private mutating func disturb() {
    guard let id = live.randomElement(using: &random) else { return }
    if chance(20) { scheduler.cancel(id) }
    if chance(3), paused.count < 20 {
      scheduler.pause(id)
      paused.insert(id)
    }
    if let id = paused.sorted(by: { $0.value < $1.value }).randomElement(using: &random), chance(3)
    {
      resume(id)
    }
  }

  private mutating func resume(_ id: RequestID) {
    paused.remove(id)
    scheduler.resume(id)
  }

  private mutating func compute(_ plan: StepPlan) {
    if plan.tokenCount > options.tokensPerStepMax { problems.append("too many tokens in a step") }
    if scheduler.shortPrompts.isUsed {
      let others = Set(live.filter { !paused.contains($0) }.map { streams[$0]!.request.tenant })
      if others.count > 1 { problems.append("\(others.count) tenants wait for a short prompt") }
    }
    for entry in plan.entries where paused.contains(entry.sequence.request) {
      problems.append("a paused request is computed")
    }
    var shuffled = plan
    shuffled.entries.shuffle(using: &random)
    let hashes = decoder.run(shuffled)
    // A client gives up while its step is computed.
    if chance(10), let entry = plan.entries.randomElement(using: &random) {
      scheduler.cancel(entry.sequence.request)
    }
    var samples: [Sample] = []
    for entry in shuffled.entries {
      for sequence in entry.samples {
        let token = FakeDecoder.token(hashes[sequence]!, choice: sequence.choice)
        samples.append(
          Sample(sequence, token: token, finish: FakeDecoder.stops(token) ? .stop : nil))
      }
    }
    // As long as a step of so many tokens may take, some by surprise. The scheduler learns from it.
    let noise = chance(50) ? Int64.random(in: 1...30, using: &random) : 1
    now += (2_000 + 600 * Int64(plan.tokenCount)) * noise
    scheduler.complete(samples, at: now)
    problems += decoder.complaints
  }

  private mutating func take(_ events: [GenerationEvent]) {
    for event in events {
      switch event {
      case .token(let id, let token):
        streams[id.request]!.outputs[id.choice, default: []].append(token)
      case .sequenceFinished(let id, let reason):
        if streams[id.request]!.reasons.updateValue(reason, forKey: id.choice) != nil {
          problems.append("a sequence finished twice")
        }
      case .requestFinished(let id, let usage):
        streams[id]!.usage = usage
        live.removeAll { $0 == id }
        paused.remove(id)
      }
    }
  }

  private mutating func check() {
    if let problem = scheduler.brokenInvariant() { problems.append(problem) }
  }

  /// Each tenant's account, while all are waiting.
  private func used() -> [String: UInt64]? {
    let tenants = scheduler.queue.tenants
    guard tenants.count == options.tenants, tenants.values.allSatisfy({ !$0.waiting.isEmpty })
    else { return nil }
    return tenants.mapValues(\.used)
  }

  private mutating func account(_ before: [String: UInt64]) {
    for (name, tenant) in scheduler.queue.tenants {
      served[name, default: 0] += tenant.used - min(tenant.used, before[name] ?? tenant.used)
    }
  }

  /// Jain's index of what the tenants got: 1 when all got the same.
  var fairness: Double {
    let values = served.values.map { Double($0) }
    let sum = values.reduce(0, +)
    return sum * sum / (Double(values.count) * values.reduce(0) { $0 + $1 * $1 })
  }

  /// Every output is the one computed alone, or the beginning of it.
  private mutating func finish() {
    for stream in streams.values {
      let request = stream.request
      var total = 0
      for choice in 0..<request.choices {
        let output = stream.outputs[choice] ?? []
        total += output.count
        let alone = FakeDecoder.alone(
          prompt: request.prompt, choice: choice, count: request.generatedTokensMax)
        switch stream.reasons[choice] {
        case .stop, .length:
          if output != alone { problems.append("an output differs from the one computed alone") }
        case .cancelled, .deadline:
          if output != Array(alone.prefix(output.count)) {
            problems.append("an unfinished output differs from the one computed alone")
          }
        case .failed, nil: problems.append("a sequence did not finish")
        }
      }
      let usage = stream.usage ?? GenerationUsage()
      if usage.promptTokens != request.prompt.count || usage.generatedTokens != total {
        problems.append("usage is \(usage)")
      }
    }
    if scheduler.availablePageCount != options.pageCount { problems.append("pages leaked") }
    if scheduler.waitingCount + scheduler.runningCount + scheduler.requestCount != 0 {
      problems.append("something is left")
    }
  }
}
