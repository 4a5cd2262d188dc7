/// How long the gateway believes what the auth service said.
public struct AuthenticationSettings: Sendable {
  /// A decision is confirmed after this, even when no change was reported.
  public var decisionLifetime = Duration.seconds(300)
  /// A refused key is asked about again after this.
  public var refusalLifetime = Duration.seconds(5)
  /// Known keys keep working for this long after the last sign of life from the auth service.
  public var outageGrace = Duration.seconds(600)
  /// When the watch has been down for longer, each decision is confirmed as often as this.
  public var watchOutageMax = Duration.seconds(5)
  /// A watch without an event or heartbeat for this long counts as broken.
  public var watchSilenceMax = Duration.seconds(15)
  /// The longest a Check may take.
  public var checkTimeout = Duration.seconds(2)
  /// After a failed Check, known keys are served without asking for this long.
  public var retryAfterFailure = Duration.milliseconds(500)
  /// Good keys remembered by each loop.
  public var decisionsMax = 65_536
  /// Refused keys remembered by each loop.
  public var refusalsMax = 4_096
  /// Checks under way at one time in each loop.
  public var checksMax = 1_024
  /// Requests that wait for one key.
  public var waitersPerCheckMax = 4_096
  /// Checks for one key whose answers were outdated on arrival.
  public var attemptsPerCheckMax = 4

  /// The defaults.
  public init() {}
}
