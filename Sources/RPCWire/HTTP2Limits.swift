/// Limits of an HTTP/2 session, each against one way a peer can waste memory or time. What
/// exceeds a rate ends the connection with ENHANCE_YOUR_CALM. docs/limits.md lists them with
/// their configuration keys; ``HTTP2Limit`` has their names in metrics.
public struct HTTP2Limits: Sendable {
  /// Streams the peer may have open at one time. RFC 9113 advises 100 at least; clients that want
  /// more open a second connection.
  public var streamsMax: UInt32 = 100
  /// Bytes of a header list as RFC 9113 counts them: name + value + 32 for each field. gRPC's own
  /// servers allow 16 KiB.
  public var headerListByteCountMax = 16 << 10
  /// Fields of a header list. A gRPC request has about ten.
  public var headerFieldCountMax = 100
  /// Decoded bytes of a header list that end the connection instead of the call: four times what
  /// our SETTINGS announce. One byte on the wire may stand for 4 KiB, so decoding must stop.
  public var headerBlockByteCountMax = 64 << 10
  /// CONTINUATION frames after one HEADERS frame. The largest allowed header list fits one
  /// HEADERS frame; some senders cut earlier.
  public var continuationsMax = 8
  /// RST_STREAM frames a peer may send in one second on average (rapid reset, CVE-2023-44487).
  /// Each costs one request that was forwarded in vain.
  public var resetsReceivedPerSecondMax = 100
  /// How many of them may come at once: a client that cancels all it has under way, ten times.
  public var resetsReceivedBurstMax = 1_000
  /// RST_STREAM frames we may be made to send in one minute (MadeYouReset, CVE-2025-8671). Only
  /// broken frames provoke them; a correct client causes none.
  public var resetsSentPerMinuteMax = 100
  /// SETTINGS frames in one second. A client sends one at its start and hardly ever another.
  public var settingsPerSecondMax = 50
  /// PING frames in one second. gRPC clients measure bandwidth with a few.
  public var pingsPerSecondMax = 50
  /// PRIORITY and unknown frames in one second. Browsers send a few for each request.
  public var prioritiesPerSecondMax = 500
  /// DATA frames without a byte of payload and without END_STREAM, in one second. They carry
  /// nothing, so nobody needs them.
  public var emptyDataPerSecondMax = 100
  /// WINDOW_UPDATE frames in one second, beyond four for each DATA frame that we sent and each
  /// request that was opened.
  public var windowUpdatesPerSecondMax = 1_000
  /// SETTINGS and PING answers that may wait for a peer that does not read them.
  public var controlQueueMax = 1_000
  /// Bytes in flight towards us on one stream, which we must be ready to keep: 100 Mbit/s over
  /// 20 ms.
  public var streamWindowByteCount: Int32 = 256 << 10
  /// What of that a stream has at first. It gets the rest when a large message begins to come, so
  /// that a stream of small ones that nobody reads is held up after few of them. The default is all
  /// of it.
  public var streamWindowByteCountStart: Int32 = .max
  /// Bytes in flight towards us on the whole connection.
  public var connectionWindowByteCount: Int32 = 8 << 20

  /// The defaults.
  public init() {}
}
