internal import Synchronization

/// A number of things in use, shared by all loops without a lock.
struct UseCounter: ~Copyable, Sendable {
  private let value = Atomic<Int>(0)

  var count: Int { value.load(ordering: .relaxed) }

  /// Adds `count` unless that makes more than `max`; 0 means no limit. What was added must be given
  /// back.
  func enter(_ count: Int = 1, max: Int) -> Bool {
    let total = value.wrappingAdd(count, ordering: .relaxed).newValue
    if max == 0 || total <= max { return true }
    leave(count)
    return false
  }

  func leave(_ count: Int = 1) {
    value.wrappingSubtract(count, ordering: .relaxed)
  }
}

/// What the calls of one key or tenant use together, over all loops.
final class Usage: Sendable {
  /// Tells keys apart, from 1 on; keys of a small installation have small numbers.
  let number: Int
  let requests = TokenBucket()
  let streams = UseCounter()
  let bytesInFlight = UseCounter()
  /// KiB that compressed messages became.
  let inflated = TokenBucket()

  init(number: Int = 0) {
    self.number = number
  }
}

/// The usage of each tenant and key that was let in. Looked up when a decision is made, not for
/// each request.
final class UsageRegistry: Sendable {
  private struct Table: Sendable {
    private var usages: [String: Usage] = [:]
    private var countAtSweep = UsageRegistry.sweepCountMin
    private var lastNumber = 0

    mutating func find(_ name: String) -> Usage {
      if let usage = usages[name] { return usage }
      if usages.count >= countAtSweep { sweep() }
      lastNumber += 1
      let usage = Usage(number: lastNumber)
      usages[name] = usage
      return usage
    }

    /// Forgets who is in no decision and no call any more: keys come and go for ever.
    private mutating func sweep() {
      for name in Array(usages.keys) {
        guard var usage = usages.removeValue(forKey: name) else { continue }
        if !isKnownUniquelyReferenced(&usage) { usages[name] = usage }
      }
      countAtSweep = max(UsageRegistry.sweepCountMin, usages.count * 2)
    }

    var count: Int { usages.count }
  }

  private static let sweepCountMin = 1_024

  private let tenants = Mutex(Table())
  private let keys = Mutex(Table())

  func tenant(_ name: String) -> Usage { tenants.withLock { $0.find(name) } }
  func key(_ id: String) -> Usage { keys.withLock { $0.find(id) } }

  var keyCount: Int { keys.withLock { $0.count } }
}
