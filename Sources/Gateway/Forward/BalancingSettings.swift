/// When an instance is taken out and when it comes back.
public struct BalancingSettings: Sendable {
  /// Failures in a row after which an instance is ejected.
  public var failuresMax = 5
  /// The first ejection lasts this long; each further one twice as long as the one before.
  public var ejectionMin = Duration.seconds(1)
  /// No ejection lasts longer.
  public var ejectionMax = Duration.seconds(30)
  /// The first wait before connecting again; it doubles with each failure.
  public var reconnectMin = Duration.milliseconds(100)
  /// No wait is longer.
  public var reconnectMax = Duration.seconds(5)
  /// False: a connected instance counts as fit, as services without the health protocol do.
  public var checksHealth = true
  /// How often a connected instance is asked about its health.
  public var healthInterval = Duration.seconds(2)
  /// An answer that takes longer counts as a failure.
  public var healthTimeout = Duration.seconds(2)
  /// Connections of one loop to one instance. Eight spread the calls of a busy loop over eight of
  /// the service's loops, and a thousand instances still need no more than 8,000 descriptors.
  public var connectionsPerInstanceMax = 8
  /// Calls open on one connection at which another is made, unless the peer allows fewer. Calls of
  /// one connection share its window and its lost packets; fewer of them a connection would cost
  /// more system calls and smaller writes.
  public var outstandingPerConnectionHigh = 256
  /// A connection beyond the first is given back after this long without a call: a handshake costs
  /// two milliseconds of work, an idle connection some tens of KiB on both sides.
  public var surplusIdleMax = Duration.seconds(30)
  /// How often a DNS name is resolved again.
  public var resolveInterval = Duration.seconds(5)

  /// The defaults.
  public init() {}
}
