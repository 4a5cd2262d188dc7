/// Limits of an HTTP/2 session, each against one way a peer can waste memory or time. What
/// exceeds a rate ends the connection with ENHANCE_YOUR_CALM.
public struct HTTP2Limits: Sendable {
  /// Streams the peer may have open at one time.
  public var streamsMax: UInt32 = 100
  /// Bytes of a header list as RFC 9113 counts them: name + value + 32 for each field.
  public var headerListByteCountMax = 16 << 10
  /// Fields of a header list.
  public var headerFieldCountMax = 100
  /// CONTINUATION frames after one HEADERS frame.
  public var continuationsMax = 8
  /// RST_STREAM frames a peer may send in one second (rapid reset, CVE-2023-44487).
  public var resetsReceivedPerSecondMax = 100
  /// RST_STREAM frames we may be made to send in one minute (MadeYouReset, CVE-2025-8671).
  public var resetsSentPerMinuteMax = 100
  /// SETTINGS frames in one second.
  public var settingsPerSecondMax = 50
  /// PING frames in one second.
  public var pingsPerSecondMax = 50
  /// PRIORITY and unknown frames in one second.
  public var prioritiesPerSecondMax = 500
  /// DATA frames without a byte and without END_STREAM, in one second.
  public var emptyDataPerSecondMax = 100
  /// Bytes in flight towards us on one stream.
  public var streamWindowByteCount: Int32 = 512 << 10
  /// Bytes in flight towards us on the whole connection.
  public var connectionWindowByteCount: Int32 = 8 << 20

  /// The defaults.
  public init() {}
}
