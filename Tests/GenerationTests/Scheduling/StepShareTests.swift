import TestSupport
import Testing

@testable import Generation

/// What tenants do to each other's next tokens, in simulated time: the scheduler sees only how long
/// its steps took.
struct StepShareTests {
  /// A machine and a model: microseconds of a step, of a next token, of a prompt's token.
  struct Machine: CustomStringConvertible {
    var base, generated, prompt: Double
    var work = TokenWork()
    /// What the scheduler believes of it.
    var believed: TokenWork?
    var description: String { "\(base), \(generated), \(prompt), \(work.perPosition)" }

    static let all = [
      // SmolLM2-135M and Gemma 3 270M on two threads; one that computes slowly and reads fast; one
      // that does the opposite.
      Machine(base: 2_100, generated: 450, prompt: 550),
      Machine(base: 5_400, generated: 950, prompt: 800),
      Machine(base: 300, generated: 900, prompt: 900),
      Machine(base: 40_000, generated: 500, prompt: 400),
      Machine(base: 2_100, generated: 450, prompt: 550, work: attention),
      // Looking back is less work, or more, than the scheduler believes.
      Machine(
        base: 2_100, generated: 450, prompt: 550, work: work(1 / 3_000), believed: work(1 / 700)),
      Machine(base: 2_100, generated: 450, prompt: 550, work: work(1 / 400), believed: attention),
    ]
    static let attention = work(1.0 / 1_000)
    static func work(_ perPosition: Double) -> TokenWork {
      var work = TokenWork()
      work.perPosition = perPosition
      return work
    }
  }

  final class Engine {
    let scheduler: Scheduler
    private let machine: Machine
    private var random: SplitMix64
    private(set) var now: Int64 = 1
    /// When tokens came, in order.
    private(set) var times: [RequestID: [Int64]] = [:]
    /// Time that a tenant's tokens took, the step's own part shared by the tokens.
    private(set) var shares: [String: Double] = [:]
    private(set) var tenants: [RequestID: String] = [:]
    private(set) var finished: Set<RequestID> = []

    init(
      _ machine: Machine, seed: UInt64 = 20_261_127,
      change: (inout SchedulerConfiguration) -> Void = { _ in }
    ) throws {
      self.machine = machine
      random = SplitMix64(state: seed)
      var configuration = SchedulerConfiguration(pageCount: 8_192, contextMax: 8_192)
      configuration.work = machine.believed ?? machine.work
      change(&configuration)
      scheduler = try Scheduler(configuration)
    }

    @discardableResult
    func submit(_ tenant: String, prompt: Int, generate: Int) throws -> RequestID {
      // No two begin alike.
      let first = Int32(tenants.count + 1)
      let id = try scheduler.submit(
        GenerationRequest(
          tenant: tenant, prompt: [first] + SchedulerTests.prompt(prompt - 1),
          generatedTokensMax: generate))
      tenants[id] = tenant
      return id
    }

    /// - Parameter neighbour: another model's scheduler, whose steps run in between.
    func step(beside neighbour: Engine? = nil) {
      if let neighbour { now = max(now, neighbour.now) }
      guard
        let plan = scheduler.step(
          at: now, neighbour: neighbour?.scheduler.nextTokensNanoseconds)
      else { return }
      var own: [String: Double] = [:]
      for entry in plan.entries {
        let positions = entry.firstPosition..<entry.firstPosition + entry.tokens.count
        let time = entry.tokens.count == 1 ? machine.generated : machine.prompt
        own[tenants[entry.sequence.request]!, default: 0] +=
          time * machine.work.units(of: positions)
      }
      let tokens = own.values.reduce(0, +)
      let noise = Double.random(in: 0.9...1.1, using: &random)
      now += Int64((machine.base + tokens) * noise * 1_000)
      for (tenant, time) in own {
        shares[tenant, default: 0] += time + machine.base * time / tokens
      }
      scheduler.complete(
        plan.entries.flatMap(\.samples).map { Sample($0, token: 1) }, at: now)
      for event in scheduler.takeEvents() {
        switch event {
        case .token(let id, _): times[id.request, default: []].append(now)
        case .requestFinished(let id, _): finished.insert(id)
        case .sequenceFinished: break
        }
      }
    }

    /// Between a request's tokens, in microseconds, the shortest first.
    func intervals(_ id: RequestID) -> [Double] {
      let times = times[id] ?? []
      return zip(times, times.dropFirst()).map { Double($1 - $0) / 1_000 }.sorted()
    }
  }

  @Test(arguments: Machine.all)
  func nextTokensWaitLittleForAnothersPrompts(_ machine: Machine) throws {
    let engine = try Engine(machine)
    let stream = try engine.submit("one", prompt: 10, generate: 600)
    for _ in 0..<20 { engine.step() }
    var prompts = [try engine.submit("many", prompt: 4_000, generate: 1)]
    let start = engine.now
    while !engine.finished.contains(stream) {
      engine.step()
      if engine.finished.contains(prompts.last!) {
        prompts.append(try engine.submit("many", prompt: 4_000, generate: 1))
      }
    }
    let alone = machine.base + machine.generated * machine.work.units(at: 600)
    let intervals = engine.intervals(stream)
    // One in a hundred may be longer, while the times of steps are not known yet.
    #expect(intervals[intervals.count / 2] < 3.4 * alone)
    #expect(intervals[intervals.count * 99 / 100] < 4 * alone)
    // And prompts get what is left: half of the time at least.
    let time = Double(engine.now - start) / 1_000
    let share = (engine.shares["many"] ?? 0) / time
    #expect(share > 0.4, "\(share)")
  }

  @Test(arguments: Machine.all)
  func oneStreamIsHalfAsFastBesideAHundredAtWorst(_ machine: Machine) throws {
    let engine = try Engine(machine)
    for _ in 0..<100 { try engine.submit("many", prompt: 20, generate: 400) }
    for _ in 0..<150 { engine.step() }
    let stream = try engine.submit("one", prompt: 10, generate: 100)
    while !engine.finished.contains(stream) { engine.step() }
    let alone = machine.base + machine.generated * machine.work.units(at: 110)
    let intervals = engine.intervals(stream)
    #expect(intervals[intervals.count / 2] < 3 * alone)
    #expect(intervals[intervals.count * 9 / 10] < 4 * alone)
  }

  /// Streams with long contexts are more work, and not more share.
  @Test func tenantsShareTimeWhateverTheNumberAndLengthOfTheirStreams() throws {
    let engine = try Engine(Machine.all[4])
    for _ in 0..<50 { try engine.submit("short", prompt: 50, generate: 2_000) }
    for _ in 0..<4 { try engine.submit("long", prompt: 4_000, generate: 2_000) }
    while engine.times.count < 54 { engine.step() }
    let before = engine.shares
    for _ in 0..<600 { engine.step() }
    let shares = ["short", "long"].map { engine.shares[$0]! - before[$0]! }
    // Four streams that wait for each other have one token each in a step; what they leave of twice
    // their time is the others'.
    #expect(shares[0] / shares[1] > 0.8 && shares[0] / shares[1] < 1.5, "\(shares)")
  }

  @Test(arguments: Machine.all)
  func aPromptIsReadBesideManyStreams(_ machine: Machine) throws {
    let engine = try Engine(machine)
    for index in 0..<60 {
      try engine.submit("tenant-\(index % 3)", prompt: 20, generate: 3_000)
    }
    for _ in 0..<150 { engine.step() }
    let before = engine.shares["late"] ?? 0
    let start = engine.now
    let late = try engine.submit("late", prompt: 3_000, generate: 1)
    while !engine.finished.contains(late) { engine.step() }
    let share = (engine.shares["late"]! - before) / (Double(engine.now - start) / 1_000)
    #expect(share > 0.2, "\(share)")
  }

  /// Two models on the same threads, whose steps take turns.
  @Test(arguments: Machine.all[1...])
  func nextTokensWaitLittleForAnotherModel(_ machine: Machine) throws {
    let (one, many) = (try Engine(Machine.all[0]), try Engine(machine))
    // Before anybody waits, long prompts are read in large parts.
    try many.submit("many", prompt: 6_000, generate: 1)
    while many.finished.isEmpty { many.step() }
    let stream = try one.submit("one", prompt: 10, generate: 600)
    for _ in 0..<20 { one.step(beside: many) }
    for _ in 0..<20 { try many.submit("many", prompt: 4_000, generate: 500) }
    while !one.finished.contains(stream) {
      many.step(beside: one)
      one.step(beside: many)
    }
    let alone = Machine.all[0].base + Machine.all[0].generated
    // What the other's step takes whatever is in it is longer than two of this one's: it gets half as
    // much again.
    let least = alone + 1.5 * machine.base
    let intervals = one.intervals(stream)
    #expect(intervals[intervals.count / 2] < max(3.3 * alone, 1.2 * least))
    #expect(intervals[intervals.count * 98 / 100] < max(4 * alone, 1.5 * least))
    #expect(many.shares["many"]! > 0)
  }

  @Test func everythingOfATenantThatIsAloneIsInEveryStep() throws {
    let engine = try Engine(Machine.all[0])
    for _ in 0..<40 { try engine.submit("only", prompt: 20, generate: 200) }
    while engine.times.count < 40 { engine.step() }
    let before = engine.times.values.map(\.count).reduce(0, +)
    for _ in 0..<50 { engine.step() }
    #expect(engine.times.values.map(\.count).reduce(0, +) - before == 40 * 50)
  }

  @Test func whatIsLeftIsSharedEvenly() {
    #expect(Scheduler.level(of: 9, among: [1, 2, 30]) == 6)
    #expect(Scheduler.level(of: 9, among: [4, 4, 4]) == 3)
    #expect(Scheduler.level(of: 90, among: [1, 2, 30]) == 30)
    #expect(Scheduler.level(of: 0.5, among: [1, 2]) == 0.25)
  }

  @Test(arguments: Machine.all)
  func timesOfStepsAreLearnt(_ machine: Machine) {
    var times = StepTimes()
    var random = SplitMix64(state: 7)
    for step in 0..<400 {
      let generated = Double(Int.random(in: 1...6, using: &random))
      let prompt = step % 2 == 0 ? 0 : Double(Int.random(in: 1...20, using: &random))
      let noise = Double.random(in: 0.9...1.1, using: &random)
      let exact = machine.base + machine.generated * generated + machine.prompt * prompt
      // Something else ran, once in a while.
      let surprise = step % 37 == 0 ? 20.0 : 1
      times.observe(
        generated: generated, prompt: prompt, nanoseconds: Int64(exact * noise * surprise * 1_000))
    }
    for generated in [1.0, 4] {
      let exact = (machine.base + machine.generated * generated) * 1_000
      #expect(abs(times.generated.time(generated) / exact - 1) < 0.4)
    }
    #expect(times.prompt > machine.prompt * 400 && times.prompt < machine.prompt * 2_500)
  }

  @Test func withoutAClockProportionsStay() {
    var times = StepTimes()
    let before = times.generated.time(3)
    times.observe(generated: 1, prompt: 9, nanoseconds: 0)
    #expect(times.generated.time(3) == before)
  }
}
