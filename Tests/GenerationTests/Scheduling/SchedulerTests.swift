import Testing

@testable import Generation

struct SchedulerTests {
  /// A scheduler and a fake decoder, step by step.
  final class Engine {
    let scheduler: Scheduler
    let decoder: FakeDecoder
    var now: Int64 = 0
    var tokens: [SequenceID: [Int32]] = [:]
    var reasons: [SequenceID: FinishReason] = [:]
    var usages: [RequestID: GenerationUsage] = [:]

    init(_ configuration: SchedulerConfiguration) throws {
      scheduler = try Scheduler(configuration)
      decoder = FakeDecoder(pageCount: configuration.pageCount)
    }

    @discardableResult
    func step() -> StepPlan? {
      now += 1
      let plan = scheduler.step(at: now)
      if let plan {
        let hashes = decoder.run(plan)
        scheduler.complete(
          plan.entries.flatMap(\.samples).map {
            Sample($0, token: FakeDecoder.token(hashes[$0]!, choice: $0.choice))
          })
      }
      for event in scheduler.takeEvents() {
        switch event {
        case .token(let id, let token): tokens[id, default: []].append(token)
        case .sequenceFinished(let id, let reason): reasons[id] = reason
        case .requestFinished(let id, let usage): usages[id] = usage
        }
      }
      #expect(scheduler.brokenInvariant() == nil)
      return plan
    }

    func run(_ request: GenerationRequest) throws -> GenerationUsage {
      let id = try scheduler.submit(request)
      while usages[id] == nil { step() }
      return usages[id]!
    }
  }

  static func configuration(pages: Int = 64) -> SchedulerConfiguration {
    var configuration = SchedulerConfiguration(pageCount: pages, contextMax: 4_096)
    configuration.sequencesMax = 8
    configuration.tokensPerStepMax = 64
    return configuration
  }

  static func prompt(_ count: Int, seed: Int = 0) -> [Int32] {
    (0..<count).map { Int32(($0 * 7 + seed * 131) % 997) }
  }

  /// CVE-2025-46570: who could see whether a prefix is cached could guess others' prompts.
  @Test func prefixIsFoundWithinATenantAndNotAcross() throws {
    let engine = try Engine(Self.configuration())
    let prompt = Self.prompt(50)
    func cached(_ tenant: String) throws -> Int {
      try engine.run(GenerationRequest(tenant: tenant, prompt: prompt, generatedTokensMax: 2))
        .cachedTokens
    }
    #expect(try cached("a") == 0)
    #expect(try cached("a") == 48)
    #expect(try cached("b") == 0)
    #expect(try cached("b") == 48)
  }

  @Test func aConversationFindsWhatWasGeneratedBefore() throws {
    let engine = try Engine(Self.configuration())
    let prompt = Self.prompt(20)
    _ = try engine.run(GenerationRequest(tenant: "a", prompt: prompt, generatedTokensMax: 40))
    let answer = try #require(engine.tokens.first?.value)
    // The last token's keys and values were never computed: 59 positions, of which three pages.
    let usage = try engine.run(
      GenerationRequest(
        tenant: "a", prompt: prompt + answer + Self.prompt(9, seed: 1), generatedTokensMax: 1))
    #expect(usage.cachedTokens == 48)
  }

  @Test func aLongPromptDoesNotHoldUpOthers() throws {
    let engine = try Engine(Self.configuration())
    let short = try engine.scheduler.submit(
      GenerationRequest(tenant: "a", prompt: Self.prompt(5), generatedTokensMax: 300))
    engine.step()
    let long = try engine.scheduler.submit(
      GenerationRequest(tenant: "a", prompt: Self.prompt(500, seed: 1), generatedTokensMax: 2))
    var steps = 0
    while engine.tokens[SequenceID(request: long, choice: 0)] == nil {
      let plan = try #require(engine.step())
      steps += 1
      // Far from the 64 that a step may have: see `StepShareTests`.
      #expect(plan.tokenCount <= 16)
      #expect(engine.tokens[SequenceID(request: short, choice: 0)]?.count == 1 + steps)
    }
    #expect(steps < 120)
  }

  @Test func aLongPromptAloneIsReadInWholeSteps() throws {
    let engine = try Engine(Self.configuration())
    let id = try engine.scheduler.submit(
      GenerationRequest(tenant: "a", prompt: Self.prompt(500), generatedTokensMax: 1))
    var steps = 0
    while engine.usages[id] == nil {
      engine.step()
      steps += 1
    }
    #expect(steps == 8)
  }

  @Test func newTenantIsServedBesideOneWithALongPrompt() throws {
    let engine = try Engine(Self.configuration(pages: 256))
    _ = try engine.scheduler.submit(
      GenerationRequest(tenant: "a", prompt: Self.prompt(3_000), generatedTokensMax: 2))
    for _ in 0..<5 { engine.step() }
    let id = try engine.scheduler.submit(
      GenerationRequest(tenant: "b", prompt: Self.prompt(20), generatedTokensMax: 2))
    engine.step()
    #expect(engine.tokens[SequenceID(request: id, choice: 0)]?.count == 1)
  }

  @Test func oneStreamIsNotStarvedByAHundred() throws {
    let engine = try Engine(Self.configuration())
    for index in 0..<100 {
      _ = try engine.scheduler.submit(
        GenerationRequest(
          tenant: "many", prompt: Self.prompt(10, seed: index), generatedTokensMax: 100))
    }
    for _ in 0..<20 { engine.step() }
    #expect(engine.scheduler.runningCount == 8)
    let id = try engine.scheduler.submit(
      GenerationRequest(tenant: "one", prompt: Self.prompt(10), generatedTokensMax: 30))
    // It gets a token in every step from the first one on.
    for count in 1...30 {
      engine.step()
      #expect(engine.tokens[SequenceID(request: id, choice: 0)]?.count == count)
    }
  }

  @Test func whatCanNeverFitIsRefused() throws {
    let scheduler = try Scheduler(Self.configuration(pages: 10))
    func refusal(_ request: GenerationRequest) -> SchedulerError? {
      do throws(SchedulerError) {
        _ = try scheduler.submit(request)
        return nil
      } catch { return error }
    }
    let large = GenerationRequest(tenant: "a", prompt: Self.prompt(100), generatedTokensMax: 62)
    #expect(refusal(large)?.code == .invalidArgument)
    #expect(refusal(large)?.message.contains("at most 10 pages") == true)
    let fitting = GenerationRequest(tenant: "a", prompt: Self.prompt(100), generatedTokensMax: 61)
    #expect(refusal(fitting) == nil)
    let tooLong = GenerationRequest(tenant: "a", prompt: [1], generatedTokensMax: .max)
    #expect(refusal(tooLong)?.message.hasPrefix("max_tokens: expected at most 4095") == true)
    var many = GenerationRequest(tenant: "a", prompt: [1], generatedTokensMax: 1)
    many.choices = 17
    #expect(refusal(many)?.message == "expected 1 to 16 choices, got 17")
    #expect(refusal(GenerationRequest(tenant: "a", prompt: [], generatedTokensMax: 1)) != nil)
    #expect(refusal(GenerationRequest(tenant: "a", prompt: [1], generatedTokensMax: 0)) != nil)
  }

  @Test func tooManyRequestsAreToldToComeAgain() throws {
    var configuration = Self.configuration()
    configuration.requestsMax = 3
    configuration.requestsPerTenantMax = 2
    let scheduler = try Scheduler(configuration)
    func code(_ tenant: String) -> SchedulerError.Code? {
      do throws(SchedulerError) {
        _ = try scheduler.submit(
          GenerationRequest(tenant: tenant, prompt: [1], generatedTokensMax: 1))
        return nil
      } catch { return error.code }
    }
    #expect(code("a") == nil)
    #expect(code("a") == nil)
    #expect(code("a") == .resourceExhausted)
    #expect(code("b") == nil)
    #expect(code("c") == .resourceExhausted)
    #expect(scheduler.counts.refusals == 2)
  }

  @Test func cancellationAndDeadlineFreePagesAtOnce() throws {
    let engine = try Engine(Self.configuration())
    let cancelled = try engine.scheduler.submit(
      GenerationRequest(tenant: "a", prompt: Self.prompt(100), generatedTokensMax: 100))
    var request = GenerationRequest(
      tenant: "a", prompt: Self.prompt(100, seed: 1), generatedTokensMax: 100)
    request.deadline = 4
    let late = try engine.scheduler.submit(request)
    #expect(engine.scheduler.nextDeadline == 4)
    for _ in 0..<3 { engine.step() }
    #expect(engine.scheduler.availablePageCount == 50)
    engine.scheduler.cancel(cancelled)
    #expect(engine.scheduler.availablePageCount == 57)
    engine.step()
    #expect(engine.scheduler.availablePageCount == 64)
    #expect(engine.reasons[SequenceID(request: cancelled, choice: 0)] == .cancelled)
    #expect(engine.reasons[SequenceID(request: late, choice: 0)] == .deadline)
    #expect(engine.scheduler.nextDeadline == nil)
  }

  @Test func higherPriorityGoesFirstWithinATenant() throws {
    var configuration = Self.configuration()
    configuration.sequencesMax = 1
    let engine = try Engine(configuration)
    var low = GenerationRequest(tenant: "a", prompt: Self.prompt(4), generatedTokensMax: 5)
    low.priority = -1
    let first = try engine.scheduler.submit(low)
    engine.step()
    var high = low
    high.priority = 1
    let second = try engine.scheduler.submit(high)
    for _ in 0..<5 { engine.step() }
    #expect(engine.reasons[SequenceID(request: second, choice: 0)] == .length)
    // The lower one gave way with one token, and goes on from there.
    #expect(engine.tokens[SequenceID(request: first, choice: 0)]?.count == 1)
    for _ in 0..<4 { engine.step() }
    #expect(
      engine.tokens[SequenceID(request: first, choice: 0)]
        == FakeDecoder.alone(prompt: low.prompt, choice: 0, count: 5))
  }

  @Test func aReaderThatStallsHoldsUpNobodyElse() throws {
    let engine = try Engine(Self.configuration(pages: 8))
    let stalled = try engine.scheduler.submit(
      GenerationRequest(tenant: "a", prompt: Self.prompt(60), generatedTokensMax: 20))
    engine.step()
    engine.scheduler.pause(stalled)
    #expect(engine.step() == nil)
    // It keeps its pages until somebody needs them.
    #expect(engine.scheduler.availablePageCount == 4)
    let usage = try engine.run(
      GenerationRequest(tenant: "b", prompt: Self.prompt(100), generatedTokensMax: 20))
    #expect(usage.generatedTokens == 20)
    let id = SequenceID(request: stalled, choice: 0)
    #expect(engine.tokens[id]?.count == 1)
    engine.scheduler.resume(stalled)
    while engine.usages[stalled] == nil { engine.step() }
    #expect(
      engine.tokens[id] == FakeDecoder.alone(prompt: Self.prompt(60), choice: 0, count: 20))
  }

  @Test func choicesShareThePromptAndPartByCopying() throws {
    let engine = try Engine(Self.configuration())
    var request = GenerationRequest(tenant: "a", prompt: Self.prompt(40), generatedTokensMax: 4)
    request.choices = 3
    let id = try engine.scheduler.submit(request)
    let prompt = try #require(engine.step())
    #expect(prompt.entries.map(\.samples.count) == [3])
    #expect(engine.scheduler.availablePageCount == 61)
    let next = try #require(engine.step())
    // The last holder of the partly filled page keeps it.
    #expect(next.copies.map(\.positionCount) == [8, 8])
    #expect(engine.scheduler.availablePageCount == 59)
    while engine.usages[id] == nil { engine.step() }
    #expect(engine.usages[id]?.promptTokens == 40)
    #expect(engine.usages[id]?.generatedTokens == 12)
    for choice in 0..<3 {
      #expect(
        engine.tokens[SequenceID(request: id, choice: choice)]
          == FakeDecoder.alone(prompt: request.prompt, choice: choice, count: 4))
    }
  }

  @Test func configurationSaysWhatDoesNotFit() {
    var configuration = Self.configuration()
    configuration.tokensPerStepMax = 20
    #expect(
      throws: SchedulerError(
        .invalidArgument, "expected at least 24 tokens a step for 8 sequences, got 20")
    ) { _ = try Scheduler(configuration) }
  }
}
