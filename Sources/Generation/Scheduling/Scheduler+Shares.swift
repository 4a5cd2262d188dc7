/// How much of a step is whose: by the time that it takes, not by the number of tokens (decision 152).
extension Scheduler {
  /// Steps with parts of prompts after which one goes without, so that what next tokens take alone
  /// stays known.
  private static let mixedStepsMax = 64
  /// Of a prompt's part while it is not known how long anything takes.
  private static let unmeasuredUnitsMax = 32.0

  /// Those of the sequences with a next token that get it in this step, and the units of the tenant
  /// that has least of them.
  ///
  /// That tenant gets all of its tokens, in a step that takes no longer than `tenantStretchMax` times
  /// what they take alone; what fits beside them is shared evenly by the others, and each gets as much
  /// as the first at least. A tenant that is alone gets all of its tokens, however many. Next tokens of
  /// another model that wait bound the step, too.
  func share(_ ready: [SequenceState]) -> (planned: [SequenceState], lightest: Double) {
    guard !ready.isEmpty else { return ([], 0) }
    let byTenant = Dictionary(grouping: ready) { ObjectIdentifier($0.tenant) }
    let wanted = byTenant.values.map { $0.reduce(0) { $0 + units($1) } }.sorted()
    let lightest = wanted[0]
    var level = Double.infinity
    if wanted.count > 1 {
      let time = configuration.tenantStretchMax * times.generated.time(lightest)
      level = max(lightest, Self.level(of: times.generated.units(in: time), among: wanted))
    }
    if let time = timeBesideNeighbour {
      level = min(level, Self.level(of: times.generated.units(in: time), among: wanted))
    }
    guard level < wanted.last ?? 0 else { return (ready, lightest) }
    return (byTenant.values.flatMap { turns($0, level) }, min(lightest, level))
  }

  /// How long a step may take for the sake of another model's; nil: nobody else waits, or how long
  /// anything takes is not known yet.
  private var timeBesideNeighbour: Double? {
    guard times.isMeasured else { return nil }
    return neighbourTime.map { $0 * configuration.neighbourStretchMax }
  }

  private func units(_ sequence: SequenceState) -> Double {
    configuration.work.units(at: sequence.computedCount)
  }

  /// What each may have at most, so that all together have `total` (max-min fairness). `wanted` is in
  /// ascending order.
  static func level(of total: Double, among wanted: [Double]) -> Double {
    var rest = total
    for (index, own) in wanted.enumerated() {
      let each = rest / Double(wanted.count - index)
      guard own < each else { return each }
      rest -= own
    }
    return wanted.last ?? 0
  }

  /// Of one tenant's sequences those that have waited longest, as far as its share goes.
  private func turns(_ sequences: [SequenceState], _ level: Double) -> [SequenceState] {
    var rest = level
    var planned: [SequenceState] = []
    for sequence in sequences.sorted(by: {
      $0.plannedStep != $1.plannedStep ? $0.plannedStep < $1.plannedStep : $0.key < $1.key
    }) {
      let own = units(sequence)
      // Shares are multiples of what others have: rounding must not take one.
      guard planned.isEmpty || own <= rest * (1 + 1e-9) else { break }
      rest -= own
      planned.append(sequence)
    }
    return planned
  }

  /// Units of prompts for a step with so many units of next tokens.
  func promptUnits(beside units: Double, lightest: Double) -> Double {
    // One small part of a prompt tells how long others may be.
    if neighbourTime != nil, !times.isMeasured { return Self.unmeasuredUnitsMax }
    let neighbour = timeBesideNeighbour ?? .infinity
    // At least half as long as what every step takes: else a model would do little but begin.
    guard units > 0 else {
      return max(times.prompts.units(in: neighbour), times.prompts.base / 2 / times.prompts.slope)
    }
    guard mixedCount < Self.mixedStepsMax else { return 0 }
    let time = times.generated.time(units)
    let longest = min(
      configuration.promptStretchMax * times.generated.time(lightest), max(neighbour, time))
    return max(longest - time, configuration.promptShareMin * time) / times.prompt
  }

  /// How long the next tokens of the tenant that has least of them take alone, in nanoseconds; nil when
  /// nobody waits for one, or when it is not known yet. What another model's step should not exceed by
  /// far.
  public var nextTokensNanoseconds: Int64? {
    guard times.isMeasured else { return nil }
    var byTenant: [ObjectIdentifier: Double] = [:]
    for sequence in running where sequence.isActive && !sequence.isPrefilling {
      byTenant[ObjectIdentifier(sequence.tenant), default: 0] += units(sequence)
    }
    return byTenant.values.min().map { Int64(times.generated.time($0)) }
  }

  /// Learns from a step's time.
  func observe(_ step: [InFlight], nanoseconds: Int64) {
    var (generated, prompt) = (0.0, 0.0)
    for planned in step {
      let units = configuration.work.units(of: planned.positions)
      if planned.isPrompt { prompt += units } else { generated += units }
    }
    if generated > 0 { mixedCount = prompt > 0 ? mixedCount + 1 : 0 }
    // A large part takes less time a token than the small ones whose length is decided by what is learnt.
    guard !shortPrompts.isUsed else { return }
    times.observe(generated: generated, prompt: prompt, nanoseconds: nanoseconds)
  }
}
