internal import CNGHTTP2

/// Rules of RFC 9113 that libnghttp2 1.52 leaves to its user or takes less strictly.
extension HTTP2Session {
  private static let windowByteCountMax = Int(Int32.max)

  /// To be called before a SETTINGS frame is processed: the library does not tell afterwards
  /// which windows it could not change.
  func noteWindowsBeforeSettings() {
    var widest = 0
    var stream = firstStream
    while let current = stream {
      widest = max(
        widest,
        Int(nghttp2_session_get_stream_remote_window_size(session, current.pointee.id)))
      stream = current.pointee.next
    }
    let initial = nghttp2_session_get_remote_settings(
      session, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE)
    windowsBeforeSettings = (widest, Int(initial))
  }

  /// True when a new initial window lifts a stream's window over its maximum: a connection error
  /// (section 6.9.2), where the library resets the stream.
  func windowOverflows(_ settings: nghttp2_settings) -> Bool {
    guard streamCount > 0 else { return false }
    for index in 0..<settings.niv
    where settings.iv[index].settings_id == Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue) {
      let change = Int(settings.iv[index].value) - windowsBeforeSettings.initial
      if windowsBeforeSettings.widest + change > Self.windowByteCountMax { return true }
    }
    return false
  }

  /// A request is malformed when its `host` names somebody else than its authority (section 8.3.1):
  /// who looks at one field must not be fooled by the other.
  static func hostsAgree(_ block: HeaderBlock) -> Bool {
    guard let authority = block.first(":authority") else { return true }
    guard let host = block.first("host") else { return true }
    return authority.elementsEqual(host) { lowercased($0) == lowercased($1) }
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
  }
}
