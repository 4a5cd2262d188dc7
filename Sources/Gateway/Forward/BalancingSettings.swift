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
  /// How often a DNS name is resolved again.
  public var resolveInterval = Duration.seconds(5)

  /// The defaults.
  public init() {}
}
