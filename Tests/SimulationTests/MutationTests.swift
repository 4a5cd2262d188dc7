import Simulation
import Testing

/// The checks find what they are for: each mutation makes the product wrong in one way.
@Suite(.serialized) struct MutationTests {
  @Test(arguments: [
    (Mutation.unsafeRetry, "must be done once"),
    (.lostRevocation, "was revoked; expected at most"),
    (.sharedCache, "expected the answer"),
    (.foreverEjected, "after the last fault"),
    (.stuckHandler, "ended 0 times"),
    (.unboundedWindow, "bytes, expected at most"),
  ])
  func isFound(_ mutation: Mutation, _ violation: String) {
    for seed in UInt64(1)...60 {
      let outcome = Simulation.run(seed: seed, mutation: mutation)
      if outcome.violations.contains(where: { $0.contains(violation) }) { return }
    }
    Issue.record("no schedule of 60 found \(mutation)")
  }
}
