internal import EventLoop
internal import RPCWire

/// Decides from what a server's connection shows whether it is given up, asked for a sign of
/// life, or relieved of memory that it does not use. Sans-I/O: told the time, answers an action.
struct ConnectionWatch {
  /// What the connection shows at one moment.
  struct Observation {
    /// Since when the peer takes no bytes.
    var blockedSince: MonotonicTime?
    /// When bytes last came.
    var lastReceived: MonotonicTime
    /// The peer's first SETTINGS came: TCP, TLS and preface are done.
    var hasShakenHands = false
    var hasAcknowledgedSettings = false
    /// When the header block began that is not complete yet.
    var headersSince: MonotonicTime?
    var callCount = 0
    /// False where the protocol has no PING: silence then means nothing.
    var answersPings = true
  }

  enum Action: Equatable {
    case none
    /// Idle for a moment: buffers can go until they are needed.
    case releaseMemory
    case sendPing
    /// Ask the peer to open no more calls; a refusal follows.
    case announce
    /// Say goodbye in order.
    case drain(ServerLimit)
    case close(ServerLimit)
  }

  private let limits: ServerLimits
  private let opened: MonotonicTime
  /// When the connection has become old; nil: never.
  private let agesAt: MonotonicTime?
  private var ageing = Ageing.young
  private var keepAlive: KeepAlive
  private(set) var lastCall: MonotonicTime
  /// `lastReceived` of the time memory was released.
  private var releasedAt: MonotonicTime?

  /// A connection that was busy a moment ago probably will be again.
  private static let releaseDelay = Duration.seconds(1)

  /// The steps of an old connection's end, each at least a check after the one before: who opened a
  /// call when the announcement was on its way is still served.
  private enum Ageing { case young, announced, drained }

  /// `ageMax` is this connection's own, see ``ConnectionAges``.
  init(_ limits: ServerLimits, ageMax: Duration? = nil, now: MonotonicTime) {
    self.limits = limits
    agesAt = ageMax.map { now + $0 }
    opened = now
    lastCall = now
    keepAlive = KeepAlive(
      interval: limits.keepAliveInterval, timeout: limits.keepAliveTimeout)
  }

  mutating func pingAcknowledged() {
    keepAlive.acknowledged()
  }

  /// To be called about once a second: timeouts need no finer clock.
  mutating func check(_ seen: Observation, now: MonotonicTime) -> Action {
    if let since = seen.blockedSince, now - since >= limits.writeStallTimeout {
      return .close(.writeStall)
    }
    guard seen.hasShakenHands else {
      return now - opened >= limits.handshakeTimeout ? .close(.handshake) : .none
    }
    if !seen.hasAcknowledgedSettings, now - opened >= limits.settingsTimeout {
      return .close(.settingsAcknowledgement)
    }
    if let since = seen.headersSince, now - since >= limits.headersTimeout {
      return .close(.headers)
    }
    if seen.callCount > 0 {
      lastCall = now
    } else if let idle = limits.idleTimeout, now - lastCall >= idle {
      return .drain(.idle)
    }
    if let agesAt, now >= agesAt {
      switch ageing {
      case .young:
        ageing = .announced
        return .announce
      case .announced:
        ageing = .drained
        return .drain(.connectionAge)
      case .drained:
        if now - agesAt >= limits.connectionAgeGrace { return .close(.connectionAge) }
      }
    }
    if seen.answersPings {
      switch keepAlive.check(now: now, lastReceived: seen.lastReceived) {
      case .sendPing: return .sendPing
      case .close: return .close(.keepAlive)
      case .none: break
      }
    }
    if seen.callCount == 0, releasedAt != seen.lastReceived,
      now - seen.lastReceived >= Self.releaseDelay
    {
      releasedAt = seen.lastReceived
      return .releaseMemory
    }
    return .none
  }
}
