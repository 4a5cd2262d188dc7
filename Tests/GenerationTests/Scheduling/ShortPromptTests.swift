import TestSupport
import Testing

@testable import Generation

/// Short prompts beside their own tenant's streams, in simulated time.
struct ShortPromptTests {
  typealias Machine = StepShareTests.Machine
  typealias Engine = StepShareTests.Engine

  /// When the last of eight streams had its first token: one begins, the others come while its prompt is
  /// read. In microseconds.
  private func lastFirstToken(
    _ machine: Machine, _ lengths: [Int], seed: UInt64, isOn: Bool
  ) throws -> Double {
    let engine = try Engine(machine, seed: seed) { if !isOn { $0.shortPromptTokensMax = 0 } }
    try engine.submit("one", prompt: lengths[0], generate: 300)
    engine.step()
    for length in lengths.dropFirst() { try engine.submit("one", prompt: length, generate: 300) }
    while engine.times.count < lengths.count { engine.step() }
    return Double(engine.times.values.map { $0[0] }.max()! - 1) / 1_000
  }

  @Test(arguments: Machine.all)
  func streamsThatBeginTogetherWaitForPromptsOnly(_ machine: Machine) throws {
    for seed in 1...8 as ClosedRange<UInt64> {
      var random = SplitMix64(state: seed)
      let lengths = (0..<8).map { _ in Int.random(in: 30...70, using: &random) }
      let on = try lastFirstToken(machine, lengths, seed: seed, isOn: true)
      let off = try lastFirstToken(machine, lengths, seed: seed, isOn: false)
      // Two steps, with nothing but the prompts and a next token.
      let prompts = lengths.reduce(0) { $0 + machine.work.units(of: 0..<$1) }
      let least = 2 * machine.base + machine.prompt * prompts + machine.generated
      #expect(on < 1.15 * least, "seed \(seed): \(on), \(least)")
      #expect(on < (machine.base > 1_000 ? 0.8 : 1) * off, "seed \(seed): \(on), \(off)")
    }
  }

  /// A burst goes first; a flood has half of the time beyond what prompts get anyway.
  @Test(arguments: Machine.all)
  func aFloodOfShortPromptsLeavesTheStreamsHalf(_ machine: Machine) throws {
    let engine = try Engine(machine)
    let stream = try engine.submit("one", prompt: 10, generate: 600)
    for _ in 0..<20 { engine.step() }
    var open = Set<RequestID>()
    while !engine.finished.contains(stream) {
      open.subtract(engine.finished)
      while open.count < 12 { open.insert(try engine.submit("one", prompt: 50, generate: 1)) }
      engine.step()
    }
    let alone = machine.base + machine.generated * machine.work.units(at: 600)
    let intervals = engine.intervals(stream)
    #expect(engine.scheduler.counts.shortPromptSteps > 10)
    #expect(intervals[intervals.count / 2] < 3.4 * alone)
    // Three times for parts of prompts, and as much again for whole ones.
    #expect(intervals.reduce(0, +) < 7 * alone * Double(intervals.count))
    let longest = machine.base + machine.generated * 13 + machine.prompt * 520 * 1.7
    #expect(intervals.last! < 1.2 * longest)
  }

  @Test(arguments: Machine.all)
  func aLongPromptOfTheSameTenantComesToItsEnd(_ machine: Machine) throws {
    func time(isOn: Bool) throws -> Double {
      let engine = try Engine(machine) { if !isOn { $0.shortPromptTokensMax = 0 } }
      try engine.submit("one", prompt: 10, generate: 8_000)
      for _ in 0..<20 { engine.step() }
      let start = engine.now
      let long = try engine.submit("one", prompt: 2_000, generate: 1)
      var open = Set<RequestID>()
      while !engine.finished.contains(long) {
        open.subtract(engine.finished)
        while open.count < 4 { open.insert(try engine.submit("one", prompt: 100, generate: 1)) }
        engine.step()
      }
      return Double(engine.now - start)
    }
    let (on, off) = (try time(isOn: true), try time(isOn: false))
    #expect(on < 2.6 * off, "\(on / off)")
  }

  /// What a tenant does to its own streams, it does to nobody else's: everything is as without the rule.
  @Test(arguments: Machine.all)
  func anothersNextTokensWaitAsLittleAsEver(_ machine: Machine) throws {
    func times(isOn: Bool, seed: UInt64) throws -> [RequestID: [Int64]] {
      let engine = try Engine(machine, seed: seed) { if !isOn { $0.shortPromptTokensMax = 0 } }
      var random = SplitMix64(state: seed)
      let stream = try engine.submit("one", prompt: 10, generate: 300)
      for _ in 0..<4 { try engine.submit("many", prompt: 20, generate: 4_000) }
      var open = Set<RequestID>()
      while !engine.finished.contains(stream) {
        open.subtract(engine.finished)
        while open.count < 12 {
          let length = Int.random(in: 2...120, using: &random)
          open.insert(try engine.submit("many", prompt: length, generate: 1))
        }
        engine.step()
      }
      #expect(engine.scheduler.counts.shortPromptSteps == 0)
      return engine.times
    }
    for seed in 1...4 as ClosedRange<UInt64> {
      #expect(try times(isOn: true, seed: seed) == times(isOn: false, seed: seed), "seed \(seed)")
    }
  }

  @Test func nobodysPromptIsWholeBesideAnotherModelsNextTokens() throws {
    let (one, other) = (try Engine(Machine.all[0]), try Engine(Machine.all[1]))
    try one.submit("a", prompt: 10, generate: 400)
    try other.submit("b", prompt: 10, generate: 400)
    for _ in 0..<20 {
      one.step(beside: other)
      other.step(beside: one)
    }
    let before = one.scheduler.counts.shortPromptSteps
    for _ in 0..<8 { try one.submit("a", prompt: 50, generate: 10) }
    for _ in 0..<100 {
      one.step(beside: other)
      other.step(beside: one)
    }
    #expect(one.scheduler.counts.shortPromptSteps == before)
  }

  @Test func creditIsAllOrNothing() {
    var credit = ShortPromptCredit(unitsMax: 100)
    var answers = [credit.spend(10)]
    credit.begin(where: true)
    answers += [credit.spend(60), credit.spend(50), credit.spend(10)]
    // Closed until a step opens it; and after what did not fit, smaller ones do not overtake.
    #expect(answers == [false, true, false, false])
    #expect(credit.isUsed && credit.units == 40)
    credit.earn(1_000)
    #expect(credit.units == 100)
  }
}
