extension Scheduler {
  /// What to compute now, or nil when nothing can be: all requests are paused, or there are none.
  /// `complete` must follow before the next step.
  ///
  /// - Parameter neighbour: how many nanoseconds the next tokens of another model take, if some wait
  ///   until this step is computed (``nextTokensNanoseconds`` of that model's scheduler).
  public func step(at now: Int64, neighbour: Int64? = nil) -> StepPlan? {
    precondition(inFlight == nil, "a step is being computed: complete it first")
    while let first = deadlines.first, first.key.time <= now { end(first.element, .deadline) }
    stepNumber += 1
    shortPrompts.begin(where: false)
    neighbourTime = neighbour.map { Double($0) }
    var step = Step(budget: configuration.tokensPerStepMax)
    // First, so that a newcomer can take the place of what is not planned yet.
    admit()
    let lightest = planNextTokens(&step)
    planPrompts(&step, lightest: lightest)
    guard !step.plan.entries.isEmpty else { return nil }
    earnShortPrompts(besideNextTokens: step.units)
    counts.steps += 1
    stepStart = now
    inFlight = step.inFlight
    return step.plan
  }

  private struct Step {
    var plan = StepPlan()
    var budget: Int
    var inFlight: [InFlight] = []
    /// Of next tokens.
    var units = 0.0
  }

  /// The next token of every sequence that runs, the oldest first: when pages run out, others give
  /// way. Of tenants with more of them than their share, those that have waited longest. Returns the
  /// units of the tenant that has least of them; 0 when there are none.
  private func planNextTokens(_ step: inout Step) -> Double {
    let ready = running.filter { $0.isActive && !$0.isPrefilling }
    let (shared, lightest) = share(ready)
    // One of the first may have preempted one of the last. The budget is enough for all
    // (`SchedulerConfiguration.validate`).
    for sequence in shared.sorted(by: { $0.key < $1.key }) where sequence.place == .running {
      sequence.plannedStep = stepNumber
      guard let copy = makeWritable(sequence) else { continue }
      step.plan.copies += copy
      step.units += configuration.work.units(at: sequence.computedCount)
      plan(sequence, tokenCount: 1, &step)
    }
    return lightest
  }

  /// Parts of prompts, of the tenant that used least first: what fits into the step, or beside next
  /// tokens what they can be expected to wait for.
  private func planPrompts(_ step: inout Step, lightest: Double) {
    let prefilling = running.filter { $0.isActive && $0.isPrefilling }
      .sorted {
        $0.tenant.used != $1.tenant.used ? $0.tenant.used < $1.tenant.used : $0.key < $1.key
      }
    guard !prefilling.isEmpty else { return }
    var units = promptUnits(beside: step.units, lightest: lightest)
    guard units > 0 else { return }
    shortPrompts.begin(where: step.units > 0 && isAlone(prefilling[0].tenant))
    for sequence in prefilling where step.budget > 0 {
      let first = sequence.computedCount
      let fitting = configuration.work.count(from: first, units: units)
      // One token at least, so that even the longest prompt comes to its end.
      let isFirst = step.inFlight.allSatisfy { !$0.isPrompt }
      var count = min(sequence.pendingCount, step.budget, max(fitting, isFirst ? 1 : 0))
      if count < sequence.pendingCount, takesWhole(sequence, beyond: units, budget: step.budget) {
        count = sequence.pendingCount
      }
      guard count > 0 else {
        // A younger one that is short may go before a long one.
        if shortPrompts.isOpen { continue } else { return }
      }
      sequence.plannedStep = stepNumber
      units = max(units - configuration.work.units(of: first..<first + count), 0)
      plan(sequence, tokenCount: count, &step)
    }
  }

  private func plan(_ sequence: SequenceState, tokenCount: Int, _ step: inout Step) {
    let first = sequence.computedCount
    let end = first + tokenCount
    let pageCount = PageCache.pageCount(positions: end)
    let request = sequence.request
    var samples: [SequenceID] = []
    if end == sequence.tokens.count {
      // Choices begin together, after the prompt.
      let isStart = request.sequences.count < request.choiceCount
      samples =
        isStart
        ? (0..<request.choiceCount).map { SequenceID(request: request.id, choice: $0) }
        : [sequence.id]
    }
    step.plan.entries.append(
      StepPlan.Entry(
        sequence: sequence.id, tokens: Array(sequence.tokens[first..<end]), firstPosition: first,
        pages: Array(sequence.pages.prefix(pageCount)), samples: samples))
    step.inFlight.append(
      InFlight(
        sequence: sequence, positions: first..<end, isPrompt: sequence.isPrefilling,
        samples: !samples.isEmpty))
    step.budget -= tokenCount
    charge(sequence, first..<end)
  }

  /// Charges a tenant for positions that are computed for the first time.
  private func charge(_ sequence: SequenceState, _ positions: Range<Int>) {
    let new =
      max(
        positions.lowerBound, sequence.chargedCount)..<max(
        positions.upperBound, sequence.chargedCount)
    let parting = min(max(new.lowerBound, sequence.request.promptCount), new.upperBound)
    let work = configuration.work
    queue.charge(
      sequence.tenant,
      UInt64(
        work.units(of: new.lowerBound..<parting) * configuration.promptTokenCost
          + work.units(of: parting..<new.upperBound) * configuration.generatedTokenCost))
    sequence.chargedCount = new.upperBound
    counts.promptTokens += positions.count - (new.upperBound - parting)
  }

  /// Gives a sequence the page of its next position, alone. Returns the copy that this takes, if
  /// any; nil when the sequence had to give way itself.
  private func makeWritable(_ sequence: SequenceState) -> [StepPlan.Copy]? {
    let index = sequence.computedCount / PageCache.pageSize
    let filled = sequence.computedCount % PageCache.pageSize
    let isMissing = index == sequence.pages.count
    guard isMissing || cache.isShared(sequence.pages[index]) else { return [] }
    var taken = cache.take()
    while taken == nil {
      guard let victim = victim(besides: sequence) else { return nil }
      preempt(victim)
      if victim === sequence { return nil }
      taken = cache.take()
    }
    if isMissing {
      sequence.pages.append(taken!)
      sequence.tenant.pageCount += 1
      return []
    }
    // Choices share the prompt's last, partly filled page until they write to it.
    let shared = sequence.pages[index]
    // A victim may have been the other holder.
    guard cache.isShared(shared) else {
      cache.release(taken!)
      return []
    }
    cache.release(shared)
    sequence.pages[index] = taken!
    return [StepPlan.Copy(source: shared, destination: taken!, positionCount: filled)]
  }

  /// Who gives way to `sequence`, perhaps itself: the worst of those that are not planned yet.
  private func victim(besides sequence: SequenceState) -> SequenceState? {
    running.filter { $0 === sequence || $0.plannedStep != stepNumber }
      .max { Self.givesWay($1, before: $0) }
  }

  /// Paused ones first, then those of the tenant with the most pages, its lowest priority and of
  /// that the youngest.
  static func givesWay(_ a: SequenceState, before b: SequenceState) -> Bool {
    if a.request.isPaused != b.request.isPaused { return a.request.isPaused }
    if a.tenant !== b.tenant, a.tenant.pageCount != b.tenant.pageCount {
      return a.tenant.pageCount > b.tenant.pageCount
    }
    return b.key < a.key
  }
}
