extension Scheduler {
  /// What is wrong with the pages' books, or nil: each page is free, idle or in use, and in use by
  /// exactly as many sequences as it has references. Takes time proportional to everything there is;
  /// for tests.
  func brokenInvariant() -> String? {
    var references = Array(repeating: UInt32(0), count: configuration.pageCount)
    for (index, sequence) in running.enumerated() {
      if sequence.runningIndex != index { return "a running sequence is not where it says" }
      if sequence.place != .running { return "a sequence holds pages but does not run" }
      if Set(sequence.pages).count != sequence.pages.count { return "a page is in a table twice" }
      let needed = PageCache.pageCount(positions: sequence.computedCount)
      if sequence.pages.count < needed { return "computed positions have no page" }
      for page in sequence.pages { references[Int(page)] += 1 }
    }
    if references != cache.pool.referenceCounts { return "references and page tables differ" }
    var isFree = Array(repeating: false, count: configuration.pageCount)
    for page in cache.pool.freePages {
      if isFree[Int(page)] { return "page \(page) is free twice" }
      isFree[Int(page)] = true
    }
    for page in 0..<Int32(configuration.pageCount) {
      let states = [
        isFree[Int(page)], references[Int(page)] > 0, cache.prefixes.isIdle(page: page),
      ]
      if states.count(where: \.self) != 1 { return "page \(page) is \(states)" }
      if isFree[Int(page)], cache.prefixes.contains(page: page) { return "page \(page) is cached" }
    }
    return brokenTenant()
  }

  private func brokenTenant() -> String? {
    var counts: [String: (requests: Int, running: Int, pages: Int, waiting: Int)] = [:]
    for request in requests.values {
      var own = counts[request.tenant.name] ?? (0, 0, 0, 0)
      own.requests += 1
      for sequence in request.sequences {
        if sequence.place == .waiting { own.waiting += 1 }
        if sequence.isActive { own.running += 1 }
        own.pages += sequence.pages.count
      }
      counts[request.tenant.name] = own
    }
    for (name, tenant) in queue.tenants {
      let expected = counts[name] ?? (0, 0, 0, 0)
      let got = (
        tenant.requestCount, tenant.runningCount, tenant.pageCount, tenant.waiting.count
      )
      if expected != got { return "a tenant has \(got) instead of \(expected)" }
    }
    return nil
  }
}
