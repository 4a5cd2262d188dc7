/// An HTTP/2 error code (RFC 9113 section 7), as carried by RST_STREAM and GOAWAY.
public struct HTTP2ErrorCode: RawRepresentable, Sendable, Hashable {
  /// The number on the wire.
  public let rawValue: UInt32

  /// A code by its number; unknown ones are kept.
  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// Not a failure.
  public static let noError = HTTP2ErrorCode(rawValue: 0)
  /// The peer broke the protocol.
  public static let protocolError = HTTP2ErrorCode(rawValue: 1)
  /// A fault of the sender of the code.
  public static let internalError = HTTP2ErrorCode(rawValue: 2)
  /// Flow control was ignored.
  public static let flowControlError = HTTP2ErrorCode(rawValue: 3)
  /// Our SETTINGS were not acknowledged in time.
  public static let settingsTimeout = HTTP2ErrorCode(rawValue: 4)
  /// A frame came on a stream that had ended.
  public static let streamClosed = HTTP2ErrorCode(rawValue: 5)
  /// The stream was not processed at all: safe to retry elsewhere.
  public static let refusedStream = HTTP2ErrorCode(rawValue: 7)
  /// The stream is no longer wanted.
  public static let cancel = HTTP2ErrorCode(rawValue: 8)
  /// The peer behaves abusively.
  public static let enhanceYourCalm = HTTP2ErrorCode(rawValue: 11)
}
