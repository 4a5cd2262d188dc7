/// What a watcher is told.
public struct WatchedEvent: Equatable, Sendable {
  /// What happened.
  public enum Kind: Equatable, Sendable {
    /// A change made decisions out of date.
    case change(Change)
    /// The changes since the watcher's revision are not known: everything is out of date.
    case resync
    /// Nothing happened, but the watcher is still being told.
    case heartbeat
  }

  /// The watcher knows everything up to here. Never falls.
  public var revision: UInt64
  /// What happened.
  public var kind: Kind
}

/// Changes in order, until the process stops. For one reader; resumed elsewhere by the last
/// revision.
public struct ChangeFeed: AsyncSequence, Sendable {
  let store: any TenantStore
  let signal: ChangeSignal
  let revision: UInt64

  /// Reads the feed with `for try await`.
  public func makeAsyncIterator() -> Iterator {
    Iterator(store: store, signal: signal, revision: revision)
  }

  /// See ``makeAsyncIterator()``.
  public struct Iterator: AsyncIteratorProtocol {
    static let batchCount = 256

    let store: any TenantStore
    let signal: ChangeSignal
    var revision: UInt64
    private var hasBegun = false
    private var pending: ArraySlice<NumberedChange> = []
    private var seen = ChangeSignal.Position()

    init(store: any TenantStore, signal: ChangeSignal, revision: UInt64) {
      self.store = store
      self.signal = signal
      self.revision = revision
    }

    /// The next event; waits for one. Nil when watching has ended. Throws when the store cannot be
    /// read or the task is cancelled.
    public mutating func next() async throws -> WatchedEvent? {
      if !hasBegun {
        hasBegun = true
        seen = signal.position
        if revision == 0 { return try await resync() }
      }
      while true {
        if let event = nextPending() { return event }
        // Taken before reading: a change in between then wakes the wait below.
        let position = signal.position
        let after = revision
        let history = try await store.read { try $0.changes(after: after, limit: Self.batchCount) }
        switch history {
        case .forgotten(let current):
          revision = current
          return WatchedEvent(revision: current, kind: .resync)
        case .changes(let changes) where !changes.isEmpty:
          pending = changes[...]
        case .changes:
          if position.ticks != seen.ticks {
            seen = position
            return WatchedEvent(revision: revision, kind: .heartbeat)
          }
          seen = position
          if signal.isFinished { return nil }
          try await signal.wait(after: position)
        }
      }
    }

    private mutating func nextPending() -> WatchedEvent? {
      guard let change = pending.popFirst() else { return nil }
      revision = change.revision
      return WatchedEvent(revision: change.revision, kind: .change(change.change))
    }

    private mutating func resync() async throws -> WatchedEvent {
      revision = try await store.read { try $0.revision() }
      return WatchedEvent(revision: revision, kind: .resync)
    }
  }
}

extension AuthLogic {
  /// What changes after `revision`. With 0 the first event is a resync.
  public func watch(after revision: UInt64) -> ChangeFeed {
    ChangeFeed(store: store, signal: signal, revision: revision)
  }

  /// Makes every watcher look for changes of other processes and, finding none, tells it that the
  /// feed is alive. To be called at the interval in which gateways expect to hear something.
  public func tick() { signal.tick() }
}

extension AuthLogic {
  /// Ends every watch once it has told what it knows: the process is going to stop.
  public func finishWatching() { signal.finish() }
}
