/// A limit of an HTTP/2 session by the name under which it is counted and configured; the
/// numbers are in ``HTTP2Limits``.
public enum HTTP2Limit: String, Sendable, CaseIterable {
  /// Streams open at one time; one more is refused.
  case streams = "streams"
  /// A header list that is refused with its call.
  case headerList = "header_list"
  /// A header list that no honest client sends (HPACK bomb).
  case headerBlock = "header_block"
  /// CONTINUATION frames of one header block.
  case continuations = "continuations"
  /// RST_STREAM frames from the peer (rapid reset).
  case resetsReceived = "resets_received"
  /// RST_STREAM frames that the peer made us send (MadeYouReset).
  case resetsSent = "resets_sent"
  /// SETTINGS frames.
  case settings = "settings"
  /// PING frames.
  case pings = "pings"
  /// PRIORITY frames and frames of unknown types.
  case priorities = "priorities"
  /// DATA frames that carry nothing.
  case emptyData = "empty_data"
  /// WINDOW_UPDATE frames without DATA that explains them.
  case windowUpdates = "window_updates"
  /// Answers that the peer provokes and does not read.
  case controlQueue = "control_queue"

  /// False when only one stream pays for going past the limit.
  public var endsConnection: Bool {
    switch self {
    case .streams, .headerList: false
    default: true
    }
  }
}
