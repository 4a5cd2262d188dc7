import Glibc
import Testing

@testable import Generation

/// MARTLET_SCHEDULER_SEEDS sets how many seeds are tried.
struct SchedulerSimulationTests {
  static let seeds = getenv("MARTLET_SCHEDULER_SEEDS").flatMap { UInt64(String(cString: $0)) } ?? 12

  @Test func twoThousandStreamsGiveWhatEachGivesAlone() throws {
    for seed in 1...max(1, Self.seeds / 12) {
      var options = SchedulerSimulation.Options()
      options.checkInterval = 16
      var simulation = try SchedulerSimulation(seed: seed, options: options)
      simulation.run()
      #expect(simulation.problems.isEmpty, "seed \(seed)")
      #expect(simulation.fairness > 0.95, "seed \(seed)")
      #expect(simulation.scheduler.counts.preemptions > 0, "seed \(seed)")
      #expect(simulation.scheduler.counts.cachedTokens > 0, "seed \(seed)")
      #expect(simulation.streams.count == 2_000)
      print(
        "scheduler seed \(seed): \(simulation.steps) steps, fairness \(simulation.fairness),",
        "\(simulation.scheduler.counts)")
    }
  }

  /// Hardly room for one sequence: everybody is preempted all the time.
  @Test func scarcePagesOnlyCostTime() throws {
    for seed in 1...Self.seeds {
      var options = SchedulerSimulation.Options()
      options.streams = 60
      options.tenants = 3
      options.pageCount = 10 + Int(seed % 7)
      options.contextMax = 160
      options.promptMax = 90
      options.sequencesMax = 6
      options.tokensPerStepMax = 22 + Int(seed % 40)
      var simulation = try SchedulerSimulation(seed: seed, options: options)
      simulation.run()
      #expect(simulation.problems.isEmpty, "seed \(seed)")
    }
  }

  /// Of a tenant that is alone, short prompts lengthen steps, and change no text.
  @Test func aTenantAloneGetsWhatEachStreamGivesAlone() throws {
    for seed in 1...Self.seeds {
      var options = SchedulerSimulation.Options()
      options.streams = 120
      options.tenants = 1 + Int(seed % 2)
      options.pageCount = 20 + 9 * Int(seed % 6)
      var simulation = try SchedulerSimulation(seed: seed, options: options)
      simulation.run()
      #expect(simulation.problems.isEmpty, "seed \(seed)")
      #expect(
        options.tenants > 1 || simulation.scheduler.counts.shortPromptSteps > 0, "seed \(seed)")
    }
  }
}
