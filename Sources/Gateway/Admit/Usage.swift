internal import Synchronization

/// What a tenant uses, over all loops.
final class TenantUsage: Sendable {
  let requests = TokenBucket()
}

/// What a key uses, over all loops.
final class KeyUsage: Sendable {
  /// Tells keys apart, from 1 on; keys of a small installation have small numbers.
  let number: Int
  private let openStreams = Atomic<Int>(0)

  init(number: Int) {
    self.number = number
  }

  /// False when `max` calls are open; 0 means no limit. Each success needs one ``leave()``.
  func enter(max: Int) -> Bool {
    let count = openStreams.wrappingAdd(1, ordering: .relaxed).newValue
    if max == 0 || count <= max { return true }
    openStreams.wrappingSubtract(1, ordering: .relaxed)
    return false
  }

  func leave() {
    openStreams.wrappingSubtract(1, ordering: .relaxed)
  }

  var count: Int { openStreams.load(ordering: .relaxed) }
}

/// The usage of each tenant and key that was let in. Looked up when a decision is made, not for
/// each request.
final class UsageRegistry: Sendable {
  private let tenants = Mutex<[String: TenantUsage]>([:])
  private let keys = Mutex<[String: KeyUsage]>([:])

  func tenant(_ name: String) -> TenantUsage {
    tenants.withLock { tenants in
      if let usage = tenants[name] { return usage }
      let usage = TenantUsage()
      tenants[name] = usage
      return usage
    }
  }

  func key(_ id: String) -> KeyUsage {
    keys.withLock { keys in
      if let usage = keys[id] { return usage }
      let usage = KeyUsage(number: keys.count + 1)
      keys[id] = usage
      return usage
    }
  }
}
