internal import RPC

/// A limit as operators set it: `limits: {NAME: NUMBER}` in the gateway's configuration. The table
/// of docs/limits.md is this one, with reasons and metrics.
public struct LimitSetting: Sendable {
  /// The key. Its end says the unit: `Seconds`, `Bytes`, `PerSecond`; a count otherwise.
  public let name: String
  /// The default.
  public let initial: Double
  /// Less would let nobody in. 0 where that means none, or no limit.
  private var minimum = 0.0
  private var isWhole = true
  private let set: @Sendable (inout GatewayLimits, Double) -> Void

  /// What is expected instead of a value that the limit cannot have; nil when it can.
  public func expected(insteadOf value: Double) -> String? {
    if value.isFinite, value >= minimum, !isWhole || value == value.rounded() { return nil }
    let least = isWhole ? "\(Int(minimum))" : "\(minimum)"
    return "\(isWhole ? "a whole number" : "a number") of at least \(least)"
  }

  /// Sets a limit.
  public func apply(_ value: Double, to limits: inout GatewayLimits) {
    set(&limits, value)
  }

  /// Every limit there is.
  public static let all: [LimitSetting] =
    connections + http2
    // A connection's streams are HTTP/2's, and its bytes are those that are held.
    + use("connection", GatewayLimits().connection) { $1(&$0.connection) }.prefix(2)
    + use("key", GatewayLimits().key) { $1(&$0.key) }
    + use("tenant", GatewayLimits().tenant) { $1(&$0.tenant) } + gateway

  /// The setting of a name.
  public static func named(_ name: String) -> LimitSetting? {
    all.first { $0.name == name }
  }

  private static let connections: [LimitSetting] = [
    count("connections", \.server.connectionsMax),
    seconds("handshakeSeconds", \.server.handshakeTimeout),
    count("handshakesPerLoop", \.server.handshakesPerLoopMax),
    seconds("settingsSeconds", \.server.settingsTimeout),
    seconds("headersSeconds", \.server.headersTimeout),
    optionalSeconds("idleSeconds", \.server.idleTimeout),
    seconds("writeStallSeconds", \.server.writeStallTimeout),
    optionalSeconds("keepAliveSeconds", \.server.keepAliveInterval),
    seconds("keepAliveAnswerSeconds", \.server.keepAliveTimeout),
    optionalSeconds("connectionAgeSeconds", \.server.connectionAgeMax),
    seconds("connectionAgeGraceSeconds", \.server.connectionAgeGrace),
  ]

  private static let http2: [LimitSetting] = [
    count("streams", \.server.http2.streamsMax),
    count("headerListBytes", \.server.http2.headerListByteCountMax),
    count("headerFields", \.server.http2.headerFieldCountMax),
    count("headerBlockBytes", \.server.http2.headerBlockByteCountMax),
    count("continuations", \.server.http2.continuationsMax),
    count("resetsReceivedPerSecond", \.server.http2.resetsReceivedPerSecondMax),
    count("resetsReceivedBurst", \.server.http2.resetsReceivedBurstMax),
    count("resetsSentPerMinute", \.server.http2.resetsSentPerMinuteMax),
    count("settingsPerSecond", \.server.http2.settingsPerSecondMax),
    count("pingsPerSecond", \.server.http2.pingsPerSecondMax),
    count("prioritiesPerSecond", \.server.http2.prioritiesPerSecondMax),
    count("emptyDataPerSecond", \.server.http2.emptyDataPerSecondMax),
    count("windowUpdatesPerSecond", \.server.http2.windowUpdatesPerSecondMax),
    count("controlQueue", \.server.http2.controlQueueMax),
    count("streamWindowBytes", \.server.http2.streamWindowByteCount),
    count("connectionWindowBytes", \.server.http2.connectionWindowByteCount),
  ]

  /// What a scope's calls may use together; `change` reaches that part of the limits.
  private static func use(
    _ scope: String, _ initial: UseLimits,
    _ change: @escaping @Sendable (inout GatewayLimits, (inout UseLimits) -> Void) -> Void
  ) -> [LimitSetting] {
    [
      LimitSetting(
        name: "\(scope)RequestsPerSecond", initial: Double(initial.requestsPerSecond)
      ) { limits, value in change(&limits) { $0.requestsPerSecond = whole(value) } },
      LimitSetting(name: "\(scope)RequestsBurst", initial: Double(initial.requestsBurst)) {
        limits, value in change(&limits) { $0.requestsBurst = whole(value) }
      },
      LimitSetting(name: "\(scope)Streams", initial: Double(initial.streamsMax)) {
        limits, value in change(&limits) { $0.streamsMax = whole(value) }
      },
      LimitSetting(name: "\(scope)BytesInFlight", initial: Double(initial.bytesInFlightMax)) {
        limits, value in change(&limits) { $0.bytesInFlightMax = whole(value) }
      },
    ]
  }

  private static func whole<Number: FixedWidthInteger>(_ value: Double) -> Number {
    Number(clamping: Int64(max(0, min(value, 9e18))))
  }

  private static let gateway: [LimitSetting] = [
    count("calls", \.callsMax),
    count("heldBytes", \.heldByteCountMax),
    count("connectionHeldBytes", \.connectionHeldByteCountMax),
    count("strangerHeldBytes", \.strangerHeldByteCountMax),
    count("refusedCallsPerSecond", \.refusedCallsPerSecondMax),
    count("refusedCallsBurst", \.refusedCallsBurstMax, minimum: 0),
    count("badKeysPerSecond", \.badKeysPerSecondMax, minimum: 0),
    count("badKeysBurst", \.badKeysBurstMax, minimum: 0),
    count("messageBytes", \.messageByteCountMax),
    count("inflatedKilobytesPerSecond", \.inflatedKilobytesPerSecondMax),
    count("peekBytes", \.peekByteCountMax),
    count("retryBytes", \.retryByteCountMax, minimum: 0),
    count("jsonBytes", \.jsonByteCountMax),
    count("transferBytesPerSecond", \.transferBytesPerSecondMin),
    seconds("transferGraceSeconds", \.transferGrace),
  ]

  private static func count<Number: FixedWidthInteger & SendableMetatype>(
    _ name: String, _ path: any WritableKeyPath<GatewayLimits, Number> & Sendable,
    minimum: Double = 1
  ) -> LimitSetting {
    LimitSetting(
      name: name, initial: Double(GatewayLimits()[keyPath: path]), minimum: minimum
    ) {
      $0[keyPath: path] = whole($1)
    }
  }

  private static func seconds(
    _ name: String, _ path: any WritableKeyPath<GatewayLimits, Duration> & Sendable
  ) -> LimitSetting {
    LimitSetting(
      name: name, initial: GatewayLimits()[keyPath: path] / .seconds(1), minimum: 0.001,
      isWhole: false
    ) {
      $0[keyPath: path] = .seconds(max(0.001, min($1, 1e9)))
    }
  }

  /// 0 turns it off.
  private static func optionalSeconds(
    _ name: String, _ path: any WritableKeyPath<GatewayLimits, Duration?> & Sendable
  ) -> LimitSetting {
    LimitSetting(
      name: name, initial: GatewayLimits()[keyPath: path].map { $0 / .seconds(1) } ?? 0,
      isWhole: false
    ) {
      $0[keyPath: path] = $1 > 0 ? .seconds(min($1, 1e9)) : nil
    }
  }
}
