extension Scheduler {
  /// Lets waiting sequences in, as long as there are tokens left in the step for them, or their
  /// tenant has no prompt under way.
  func admit() {
    var pending = 0
    for tenant in running.lazy.map(\.tenant) { tenant.prefillingCount = 0 }
    for sequence in running where sequence.isActive {
      pending += sequence.pendingCount
      if sequence.isPrefilling { sequence.tenant.prefillingCount += 1 }
    }
    while let tenant = queue.first {
      if tenant.runningCount == 0 { tenant.prefillingCount = 0 }
      guard pending < configuration.tokensPerStepMax || tenant.prefillingCount == 0 else { return }
      let sequence = sequence(tenant.waiting.first!.element)
      guard admit(sequence) else { return }
      pending += sequence.pendingCount
      tenant.prefillingCount += 1
    }
  }

  func sequence(_ id: SequenceID) -> SequenceState {
    requests[id.request]!.sequences[id.choice]
  }

  /// Gives a sequence the pages of all its tokens, cached ones where there are any. The strict
  /// order, without overtaking, means that a large one is not starved by small ones.
  private func admit(_ sequence: SequenceState) -> Bool {
    // Pages that a step or two of those that run may take: without them the newcomer would be
    // preempted at once.
    let reserve = min(running.count(where: \.isActive), configuration.pageCount / 8)
    let tenant = sequence.tenant
    let total = PageCache.pageCount(positions: sequence.tokens.count)
    var cached: [PrefixCache.Entry] = []
    var isMatched = false
    while true {
      let pages = sequence.pagesWanted + reserve
      let needsSlot = running.count >= configuration.sequencesMax
      if needsSlot || cache.availableCount < pages {
        guard makeRoom(for: sequence, pages: pages, slot: needsSlot) else { return false }
        // A victim may have been the only one to use a page that is wanted here.
        isMatched = false
      }
      guard !isMatched else { break }
      cached = cache.match(tenant: tenant.name, tokens: sequence.tokens)
      // Idle pages are wanted like new ones: they count as available until they are taken.
      sequence.pagesWanted = total - cached.count { cache.isInUse($0.page) }
      isMatched = true
    }
    for entry in cached { cache.retain(entry.page) }
    sequence.pages = cached.map(\.page)
    while sequence.pages.count < total { sequence.pages.append(cache.take()!) }
    start(sequence, cached: cached)
    return true
  }

  private func start(_ sequence: SequenceState, cached: [PrefixCache.Entry]) {
    let request = sequence.request
    let tenant = request.tenant
    queue.served(sequence)
    sequence.computedCount = cached.count * PageCache.pageSize
    sequence.cachedCount = sequence.computedCount
    sequence.publishedCount = cached.count
    sequence.publishedSerial = cached.last?.serial ?? PrefixCache.root
    sequence.chargedCount = max(sequence.chargedCount, sequence.computedCount)
    counts.cachedTokens += sequence.computedCount
    if !request.wasAdmitted {
      request.wasAdmitted = true
      request.usage.cachedTokens = sequence.computedCount
    }
    tenant.pageCount += sequence.pages.count
    insertRunning(sequence)
  }

  func insertRunning(_ sequence: SequenceState) {
    sequence.place = .running
    sequence.runningIndex = running.count
    running.append(sequence)
    if !sequence.request.isPaused { sequence.tenant.runningCount += 1 }
  }

  /// Preempts what has to give way to a waiting sequence: paused ones; lower priorities of the same
  /// tenant; sequences of a tenant that runs at least two more than this one does, so that neither
  /// has reason to take them back. Nothing, unless that is enough.
  private func makeRoom(for sequence: SequenceState, pages: Int, slot: Bool) -> Bool {
    var available = cache.availableCount
    var needsSlot = slot
    var counts: [ObjectIdentifier: Int] = [:]
    var victims: [SequenceState] = []
    let own = sequence.tenant
    for victim in running.sorted(by: Self.givesWay) {
      guard needsSlot || available < pages else { break }
      let tenant = victim.tenant
      let left = counts[ObjectIdentifier(tenant)] ?? tenant.runningCount
      let mayTake =
        victim.request.isPaused
        || (tenant === own
          ? victim.request.priority < sequence.request.priority : left >= own.runningCount + 2)
      guard mayTake else { continue }
      if !victim.request.isPaused { counts[ObjectIdentifier(tenant)] = left - 1 }
      // Shared pages may become available too, but only when all who share them are victims.
      available += victim.pages.count { !cache.isShared($0) }
      needsSlot = false
      victims.append(victim)
    }
    guard !needsSlot, available >= pages else { return false }
    victims.forEach(preempt)
    return true
  }
}
