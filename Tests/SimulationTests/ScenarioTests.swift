import Testing

@testable import Simulation

/// Schedules made by hand: what the simulation has found once.
@Suite(.serialized) struct ScenarioTests {
  /// A plan without faults, with only these calls, a good key and roomy limits.
  private func plan(_ calls: [PlannedCall], faults: [Fault] = []) -> Plan {
    var plan = Plan(seed: 1)
    plan.gatewayLoopCount = 1
    plan.clientCount = 1
    plan.hasSmallLimits = false
    plan.keys = [Plan.KeyPlan(tenant: "tenant")]
    plan.faults = faults
    plan.calls = calls
    for index in calls.indices { plan.calls[index].number = index }
    return plan
  }

  /// Found by seed 46: five seconds after the service had answered, the gateway cut off whoever had
  /// not taken all of the answer by then.
  @Test func aSlowClientGetsItsWholeAnswer() {
    var plan = plan(
      [PlannedCall(kind: .inferLarge, at: .seconds(1), answerByteCount: 400_000)],
      faults: [
        Fault(
          at: .zero, duration: .seconds(120), target: .client, kind: .delay(.milliseconds(100)))
      ])
    plan.socketByteCount = 4 << 10
    plan.length = .seconds(40)
    let outcome = Simulation.run(seed: 1, plan: plan)
    #expect(outcome.violations.isEmpty)
    #expect(outcome.statuses == ["OK": 61], "the call and the probes")
  }
}
