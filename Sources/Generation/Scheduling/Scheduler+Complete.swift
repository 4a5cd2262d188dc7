extension Scheduler {
  /// The step has been computed. `samples` has exactly one for each sequence that the plan's entries
  /// list, except those of requests that have ended meanwhile. `now`, of the clock that `step` was
  /// given, tells how long it took; without one, later steps are what they would have been.
  public func complete(_ samples: [Sample], at now: Int64? = nil) {
    guard let inFlight else { preconditionFailure("no step is being computed") }
    self.inFlight = nil
    if let now { observe(inFlight, nanoseconds: now - stepStart) }
    for planned in inFlight where planned.sequence.place == .running {
      planned.sequence.computedCount += planned.positions.count
      publish(planned.sequence)
    }
    for planned in inFlight where planned.samples && planned.sequence.place == .running {
      fork(planned.sequence)
    }
    for sample in samples {
      guard let request = requests[sample.sequence.request] else { continue }
      let sequence = request.sequences[sample.sequence.choice]
      if sequence.place != .finished { accept(sample, sequence) }
    }
    for planned in inFlight {
      precondition(
        planned.sequence.place != .running || planned.sequence.pendingCount > 0,
        "no sample came for a sequence that was planned")
    }
  }

  /// Tells the prefix cache of the pages that are full now.
  private func publish(_ sequence: SequenceState) {
    while (sequence.publishedCount + 1) * PageCache.pageSize <= sequence.computedCount {
      let index = sequence.publishedCount
      let start = index * PageCache.pageSize
      let entry = cache.publish(
        page: sequence.pages[index], tenant: sequence.tenant.name,
        parent: sequence.publishedSerial,
        tokens: sequence.tokens[start..<start + PageCache.pageSize])
      sequence.pages[index] = entry.page
      sequence.publishedSerial = entry.serial
      sequence.publishedCount += 1
    }
  }

  /// The prompt of a request with several choices is computed: the others begin with its pages.
  private func fork(_ first: SequenceState) {
    let request = first.request
    while request.sequences.count < request.choiceCount {
      let id = SequenceID(request: request.id, choice: request.sequences.count)
      let next = SequenceState(id, of: request, tokens: first.tokens)
      next.chargedCount = first.chargedCount
      request.sequences.append(next)
      request.unfinishedCount += 1
      guard running.count < configuration.sequencesMax else {
        enqueue(next)
        continue
      }
      next.computedCount = first.computedCount
      next.pages = first.pages
      next.publishedCount = first.publishedCount
      next.publishedSerial = first.publishedSerial
      for page in next.pages { cache.retain(page) }
      next.tenant.pageCount += next.pages.count
      insertRunning(next)
    }
  }

  private func accept(_ sample: Sample, _ sequence: SequenceState) {
    guard let token = sample.token else { return finish(sequence, sample.finish ?? .failed) }
    sequence.tokens.append(token)
    sequence.request.usage.generatedTokens += 1
    counts.generatedTokens += 1
    events.append(.token(sequence.id, token))
    if let reason = sample.finish {
      finish(sequence, reason)
    } else if sequence.tokens.count - sequence.request.promptCount
      >= sequence.request.generatedTokensMax
    {
      finish(sequence, .length)
    }
  }

  /// Puts a sequence that holds nothing where it waits.
  func enqueue(_ sequence: SequenceState) {
    guard !sequence.request.isPaused else { return sequence.place = .parked }
    sequence.place = .waiting
    queue.push(sequence)
  }

  /// Takes a sequence's pages; it keeps its tokens.
  func preempt(_ sequence: SequenceState) {
    removeRunning(sequence)
    sequence.computedCount = 0
    sequence.publishedCount = 0
    sequence.publishedSerial = PrefixCache.root
    sequence.pagesWanted = 0
    counts.preemptions += 1
    enqueue(sequence)
  }

  private func removeRunning(_ sequence: SequenceState) {
    let last = running.removeLast()
    if last !== sequence {
      running[sequence.runningIndex] = last
      last.runningIndex = sequence.runningIndex
    }
    sequence.runningIndex = -1
    if !sequence.request.isPaused { sequence.tenant.runningCount -= 1 }
    sequence.tenant.pageCount -= sequence.pages.count
    cache.release(all: sequence.pages)
    sequence.pages = []
  }

  func end(_ id: RequestID, _ reason: FinishReason) {
    guard let request = requests[id] else { return }
    // Choices that have not begun.
    for choice in request.sequences.count..<request.choiceCount {
      events.append(.sequenceFinished(SequenceID(request: id, choice: choice), reason))
    }
    for sequence in request.sequences where sequence.place != .finished {
      finish(sequence, reason)
    }
  }

  private func finish(_ sequence: SequenceState, _ reason: FinishReason) {
    switch sequence.place {
    case .waiting: queue.remove(sequence)
    case .running: removeRunning(sequence)
    case .parked: break
    case .finished: return
    }
    sequence.place = .finished
    events.append(.sequenceFinished(sequence.id, reason))
    let request = sequence.request
    request.unfinishedCount -= 1
    guard request.unfinishedCount == 0 else { return }
    if request.hasDeadline { deadlines.remove(request.id) }
    requests[request.id] = nil
    queue.leave(request.tenant)
    events.append(.requestFinished(request.id, request.usage))
  }
}
