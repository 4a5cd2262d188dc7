internal import EventLoop
internal import Gateway
internal import RPCWire
internal import TestSupport

/// One run of one schedule, from start to the last byte of memory given back.
public struct Simulation {
  /// What came of a run.
  public struct Outcome: Sendable {
    /// The schedule.
    public var seed: UInt64
    /// What must not have happened; empty for a good run.
    public var violations: [String] = []
    /// Equal for equal runs.
    public var digest: UInt64 = 0
    /// How many calls ended with each status.
    public var statuses: [String: Int] = [:]
    /// Turns of loops, and the simulated time.
    public var turnCount = 0
    /// The simulated time from start to end.
    public var time = Duration.zero
    /// The trace, when one was kept.
    public var trace: [String] = []
  }

  /// What happens to the trace.
  public enum Tracing: Sendable {
    case none, kept, printed
  }

  private let seed: UInt64
  private let world: World
  private let truth: Truth
  private let plan: Plan
  private let installation: Installation

  /// After the last fault everything must be well again within this: the longest ejection, a
  /// connection attempt into a cut link, the longest wait before the next one, and a health check.
  private static let recoveryMax = Duration.seconds(60)
  /// What only keep-alive finds dead is gone after this: a minute of silence, 20 s for the answer,
  /// and the sweep.
  private static let quiescenceMax = Duration.seconds(100)

  private init(seed: UInt64, plan: Plan, mutation: Mutation?, tracing: Tracing) {
    self.seed = seed
    self.plan = plan
    world = World(seed: seed)
    truth = Truth(world: world)
    if tracing != .none { world.trace = Trace(start: world.now, prints: tracing == .printed) }
    installation = Installation(world: world, truth: truth, plan: plan, mutation: mutation)
  }

  /// Runs the schedule of a seed.
  public static func run(
    seed: UInt64, mutation: Mutation? = nil, tracing: Tracing = .none
  ) -> Outcome {
    run(seed: seed, plan: Plan(seed: seed), mutation: mutation, tracing: tracing)
  }

  /// Runs a schedule made by hand; the seed decides the order of things.
  static func run(
    seed: UInt64, plan: Plan, mutation: Mutation? = nil, tracing: Tracing = .none
  ) -> Outcome {
    let simulation = Simulation(seed: seed, plan: plan, mutation: mutation, tracing: tracing)
    let start = simulation.world.now
    simulation.run()
    var outcome = Outcome(seed: seed, violations: simulation.truth.violations)
    outcome.digest = simulation.world.digest
    outcome.turnCount = simulation.world.turnCount
    outcome.time = simulation.world.now - start
    for call in simulation.truth.calls {
      outcome.statuses[call.status?.name ?? "OPEN", default: 0] += 1
    }
    outcome.trace = simulation.world.trace?.lines ?? []
    return outcome
  }

  private func run() {
    let monitor = Monitor(truth: truth, installation: installation)
    world.afterTurn = { monitor.turnEnded($0) }
    if !isWell(within: Plan.warmUp) { truth.violate("not everything is connected: \(state)") }
    begin()
    let end = world.now + plan.length + .milliseconds(1)
    world.run(until: end)
    world.run(until: world.now + .seconds(60)) { faultsAreOver }
    if !isWell(within: Self.recoveryMax) {
      truth.violate("not well \(Self.recoveryMax) after the last fault: \(state)")
    }
    world.run(until: world.now + Self.quiescenceMax) { installation.customer.openCount == 0 }
    Verdict(world: world, truth: truth, plan: plan, limits: installation.limits).judge()
    expectNothingLeft(monitor)
    probe()
    expectNothingLeft(monitor)
    stop()
  }

  // MARK: Faults and calls

  private func begin() {
    for fault in plan.faults {
      world.schedule(after: fault.at) { [installation] in installation.begin(fault) }
    }
    for call in plan.calls {
      let call = truth.add(call)
      world.schedule(after: call.plan.at) { [installation] in installation.customer.start(call) }
    }
    for (number, key) in plan.keys.enumerated() {
      guard let time = key.revokedAt else { continue }
      world.schedule(after: time) { [installation, truth] in
        truth.revoke(number)
        installation.auth.changed()
      }
    }
  }

  private var faultsAreOver: Bool {
    let services: [Service] = installation.models + [installation.auth]
    return services.allSatisfy { $0.process.state == .running && !$0.isDraining }
      && installation.gatewayProcess.state == .running
      && !truth.impairments.isActive(at: world.now) && installation.lastFaultEnd <= world.now
  }

  // MARK: Well again

  /// Every loop of the gateway reaches every instance, and hears about keys.
  private var isAllWell: Bool {
    installation.gateway.inspect().allSatisfy { loop in
      loop.isWatching && (loop.models + loop.auth).allSatisfy(\.isReady)
    }
  }

  private func isWell(within time: Duration) -> Bool {
    poll(time) { isAllWell }
  }

  private func poll(_ time: Duration, _ condition: () -> Bool) -> Bool {
    let limit = world.now + time
    while !condition() {
      if world.now >= limit { return false }
      world.run(until: min(limit, world.now + .milliseconds(250)))
    }
    return true
  }

  private var state: String {
    installation.gateway.inspect().map { loop in
      (loop.models + loop.auth).map {
        "\($0.endpoint) \($0.isReady ? "ready" : $0.isEjected ? "ejected" : "out")"
      }.joined(separator: ", ") + (loop.isWatching ? "" : ", not watching")
    }.joined(separator: "; ")
  }

  /// Calls after everything is well: all succeed, and each instance gets its share.
  private func probe() {
    let count = 60
    let before = installation.models.map(\.answeredCount)
    var probes: [Call] = []
    for index in 0..<count {
      var plan = PlannedCall(number: truth.calls.count)
      plan.timeout = .seconds(5)
      plan.requestByteCount = 10
      plan.answerByteCount = 10
      let call = truth.add(plan)
      probes.append(call)
      world.schedule(after: .milliseconds(index * 5)) { [installation] in
        installation.customer.start(call)
      }
    }
    world.run(until: world.now + .seconds(10)) { probes.allSatisfy { $0.endedAt != nil } }
    for call in probes where call.status != .ok {
      truth.violate(
        "when all was well, \(call.description) got \(call.status?.name ?? "nothing") \(call.message)"
      )
    }
    let shares = zip(installation.models, before).map { $0.answeredCount - $1 }
    // Two choices of two instances: a fair coin. Fewer than a fifth of 60 has odds of 1 in 10⁶.
    for (index, share) in shares.enumerated() where share < count / 5 {
      truth.violate("unfair: model\(index) got \(share) of \(count) calls")
    }
  }

  private func expectNothingLeft(_ monitor: Monitor) {
    if poll(Self.quiescenceMax, { monitor.leftovers() == nil }) { return }
    truth.violate("left over: \(monitor.leftovers() ?? "")")
  }

  // MARK: The end

  private func stop() {
    let gatewayLoops = installation.gateway.loops.map { WeakReference($0) }
    if !installation.drainGateway(until: world.now + .seconds(6)) {
      truth.violate("the gateway did not end within its drain time")
    }
    // Its loops have their last turn.
    world.run(until: world.now + .milliseconds(10))
    let open = installation.gatewayProcess.openDescriptorCount
    if open > 0 { truth.violate("the gateway ended with \(open) sockets open") }
    world.afterTurn = { _ in }
    installation.end()
    for loop in gatewayLoops where loop.object != nil {
      truth.violate("a loop of the gateway is still in memory after its end")
    }
  }
}

private struct WeakReference {
  weak var object: EventLoop?

  init(_ object: EventLoop) {
    self.object = object
  }
}
