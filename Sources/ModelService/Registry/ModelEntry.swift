/// What this process knows about one model, and what follows from it. A value without locks,
/// threads or files: the registry feeds it what it read and what its loads brought.
struct ModelEntry<Loaded: Sendable>: Sendable {
  /// Where one version is.
  enum State: Sendable {
    /// Stored, not looked at yet.
    case idle
    /// The content with this stamp is being loaded.
    case loading(stamp: UInt64)
    case ready(Loaded)
    case failed(String)
  }

  struct Slot: Sendable {
    var stored: StoredVersion
    var state: State
    /// Content that was served under this number before and stays until the new one is ready.
    var previous: Loaded?

    var servable: Loaded? {
      if case .ready(let loaded) = state { return loaded }
      return previous
    }
  }

  /// What to do about a request for a version.
  enum Resolution {
    case serve(Loaded)
    /// Load this version, then ask again.
    case load(StoredVersion)
    /// Somebody loads this version: ask again when that ends.
    case wait(Int64)
    case missing
    case missingVersion
    /// There is such a model and nothing of it can be served.
    case unavailable(String)
  }

  /// The repository's generation this knowledge is from.
  private(set) var generation: UInt64 = 0
  private(set) var exists = false
  private(set) var isUnloaded = false
  private(set) var slots: [Int64: Slot] = [:]
  /// Served by policy, ascending.
  private(set) var served: [Int64] = []
  /// May stand in while none of those can be loaded, ascending.
  private(set) var substitutes: [Int64] = []

  /// Takes in what the repository holds. Older news than what is known is ignored.
  mutating func reconcile(
    _ stored: StoredModel?, served: [Int64], substitutes: [Int64], generation: UInt64
  ) {
    guard generation >= self.generation else { return }
    self.generation = generation
    exists = stored != nil
    isUnloaded = stored?.isUnloaded ?? false
    self.served = served
    self.substitutes = substitutes
    let versions = stored?.versions ?? []
    let numbers = Set(versions.map(\.number))
    slots = slots.filter { numbers.contains($0.key) }
    for version in versions {
      guard var slot = slots[version.number] else {
        slots[version.number] = Slot(stored: version, state: .idle)
        continue
      }
      if slot.stored.stamp != version.stamp {
        if case .ready(let loaded) = slot.state { slot.previous = loaded }
        slot.state = .idle
      }
      slot.stored = version
      slots[version.number] = slot
    }
    if isUnloaded {
      for number in slots.keys {
        slots[number]?.state = .idle
        slots[number]?.previous = nil
      }
    }
    retire()
  }

  /// What a request for a version (nil: the newest) gets.
  func resolve(_ wanted: Int64?) -> Resolution {
    guard exists else { return .missing }
    guard !isUnloaded else { return .unavailable("has no available versions") }
    if let wanted {
      guard served.contains(wanted), let slot = slots[wanted] else { return .missingVersion }
      switch slot.state {
      case .ready(let loaded): return .serve(loaded)
      case .idle: return .load(slot.stored)
      case .loading: return .wait(wanted)
      case .failed(let reason):
        if let previous = slot.previous { return .serve(previous) }
        return .unavailable("version \(wanted) is not at ready state: \(reason)")
      }
    }
    // The usual case, without making a list.
    if let newest = served.last, case .ready(let loaded)? = slots[newest]?.state {
      return .serve(loaded)
    }
    var reason: String?
    for number in served.reversed() + substitutes.reversed() {
      guard let slot = slots[number] else { continue }
      switch slot.state {
      case .ready(let loaded): return .serve(loaded)
      case .idle: return .load(slot.stored)
      case .loading: return .wait(number)
      case .failed(let text):
        if let previous = slot.previous { return .serve(previous) }
        reason = reason ?? "version \(number): \(text)"
      }
    }
    return .unavailable(
      "has no available versions" + (reason.map { " (\($0))" } ?? ""))
  }

  /// A load begins, as `resolve` asked.
  mutating func began(_ version: StoredVersion) {
    slots[version.number]?.state = .loading(stamp: version.stamp)
  }

  /// A load ended. Its result only counts for the content that it read.
  mutating func finished(_ version: StoredVersion, _ result: Result<Loaded, LoadFailure>) {
    guard var slot = slots[version.number], !isUnloaded else { return }
    // When the content changed meanwhile, `reconcile` has said so, and another load may be under
    // way already.
    guard slot.stored.stamp == version.stamp else { return }
    switch result {
    case .success(let loaded):
      slot.state = .ready(loaded)
      slot.previous = nil
    case .failure(let failure): slot.state = .failed(failure.reason)
    }
    slots[version.number] = slot
    retire()
  }

  /// An explicit load tries again what failed.
  mutating func forgetFailures() {
    for (number, slot) in slots {
      if case .failed = slot.state { slots[number]?.state = .idle }
    }
  }

  /// Lets go of versions that are no longer wanted, once those that are can serve.
  private mutating func retire() {
    let isServing = served.contains { slots[$0]?.servable != nil }
    guard isServing || served.isEmpty else { return }
    for (number, slot) in slots where !served.contains(number) {
      if case .loading = slot.state { continue }
      slots[number]?.state = .idle
      slots[number]?.previous = nil
    }
  }

  /// Everything held in memory.
  var loaded: [Loaded] {
    slots.values.flatMap { slot -> [Loaded] in
      var all: [Loaded] = []
      if case .ready(let loaded) = slot.state { all.append(loaded) }
      if let previous = slot.previous { all.append(previous) }
      return all
    }
  }
}

/// Why a version could not be loaded: a sentence for its owner.
struct LoadFailure: Error, Sendable, Equatable {
  var reason: String
  /// The repository or the machine is at fault rather than the model.
  var isTransient = false
}
