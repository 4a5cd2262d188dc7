/// How much of short prompts may be read whole beside next tokens of their own tenant: a burst at once,
/// then as much as the steps in between took, so that streams have half of the time whatever comes.
struct ShortPromptCredit {
  /// Units of prompts (`TokenWork`).
  private(set) var units: Double
  let unitsMax: Double
  /// Whether this step may spend some, and whether it does.
  private(set) var isOpen = false
  private(set) var isUsed = false

  init(unitsMax: Double) { (units, self.unitsMax) = (unitsMax, unitsMax) }

  mutating func begin(where isOpen: Bool) { (self.isOpen, isUsed) = (isOpen, false) }

  /// Takes what lengthens the step, all or nothing. What does not fit closes the credit, so that smaller
  /// prompts do not overtake for ever.
  mutating func spend(_ wanted: Double) -> Bool {
    guard isOpen, wanted <= units else {
      isOpen = false
      return false
    }
    units -= wanted
    isUsed = true
    return true
  }

  mutating func earn(_ more: Double) { units = min(units + more, unitsMax) }
}

/// A tenant's short prompts go before its own next tokens (decision 176): of streams that begin together,
/// nobody waits for the first ones' texts. Where anybody else has something to do, everything is shared by
/// time as ever.
extension Scheduler {
  /// Whether nobody else waits, neither in this model nor in another.
  func isAlone(_ tenant: TenantState) -> Bool {
    neighbourTime == nil && queue.waitingCount == tenant.waiting.count
      && running.allSatisfy { !$0.isActive || $0.tenant === tenant }
  }

  /// Whether all that is left of a prompt is read in this step, of which `units` would fit.
  func takesWhole(_ sequence: SequenceState, beyond units: Double, budget: Int) -> Bool {
    let count = sequence.pendingCount
    guard shortPrompts.isOpen, count <= budget,
      sequence.tokens.count - sequence.cachedCount <= configuration.shortPromptTokensMax
    else { return false }
    let first = sequence.computedCount
    return shortPrompts.spend(configuration.work.units(of: first..<first + count) - units)
  }

  /// Steps that are as short as ever earn what they take.
  func earnShortPrompts(besideNextTokens units: Double) {
    if shortPrompts.isUsed {
      counts.shortPromptSteps += 1
    } else {
      shortPrompts.earn(
        units > 0 ? times.generated.time(units) / times.prompt : shortPrompts.unitsMax)
    }
  }
}
