import Simulation
import Testing

/// A few schedules in the debug build; `make simulate` runs thousands of the release build.
@Suite(.serialized) struct SimulationTests {
  @Test func aSeedGivesTheSameRunAgain() {
    let runs = (0..<2).map { _ in Simulation.run(seed: 3, tracing: .kept) }
    #expect(runs[0].digest == runs[1].digest)
    #expect(runs[0].trace == runs[1].trace)
  }

  @Test(arguments: UInt64(1)...4)
  func aScheduleShowsNothingWrong(_ seed: UInt64) {
    let outcome = Simulation.run(seed: seed)
    #expect(outcome.violations.isEmpty, "repeat it with: make simulate SEED=\(seed)")
  }
}
