/// How much of a step is whose: by the time that it takes, not by the number of tokens (decision 152).
extension Scheduler {
  /// Steps with parts of prompts after which one goes without, so that what next tokens take alone
  /// stays known.
  private static let mixedStepsMax = 64

  /// Those of the sequences with a next token that get it in this step, and the units of the tenant
  /// that has least of them.
  ///
  /// That tenant gets all of its tokens, in a step that takes no longer than `tenantStretchMax` times
  /// what they take alone; what fits beside them is shared evenly by the others, and each gets as much
  /// as the first at least. A tenant that is alone gets all of its tokens, however many.
  func share(_ ready: [SequenceState]) -> (planned: [SequenceState], lightest: Double) {
    guard !ready.isEmpty else { return ([], 0) }
    let byTenant = Dictionary(grouping: ready) { ObjectIdentifier($0.tenant) }
    let wanted = byTenant.values.map { $0.reduce(0) { $0 + units($1) } }.sorted()
    let lightest = wanted[0]
    guard wanted.count > 1 else { return (ready, lightest) }
    let time = configuration.tenantStretchMax * times.time(generated: lightest)
    let level = max(
      lightest, Self.level(of: (time - times.base) / times.generated, among: wanted))
    return (byTenant.values.flatMap { turns($0, level) }, lightest)
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
    guard units > 0 else { return .infinity }
    guard mixedCount < Self.mixedStepsMax else { return 0 }
    let time = times.time(generated: units)
    let most = max(
      configuration.promptStretchMax * times.time(generated: lightest) - time,
      configuration.promptShareMin * time)
    return most / times.prompt
  }

  /// Learns from a step's time.
  func observe(_ step: [InFlight], nanoseconds: Int64) {
    var (generated, prompt) = (0.0, 0.0)
    for planned in step {
      let units = configuration.work.units(of: planned.positions)
      if planned.isPrompt { prompt += units } else { generated += units }
    }
    if generated > 0 { mixedCount = prompt > 0 ? mixedCount + 1 : 0 }
    times.observe(generated: generated, prompt: prompt, nanoseconds: nanoseconds)
  }
}
