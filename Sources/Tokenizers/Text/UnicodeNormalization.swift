internal import CUTF8Proc
internal import Glibc

/// Unicode's normalization forms, by utf8proc: the standard library keeps its own to itself and has
/// no compatibility forms (decision 121).
enum UnicodeNormalization: Sendable {
  case nfc, nfd, nfkc, nfkd

  private var options: UInt32 {
    let form =
      switch self {
      case .nfc: UTF8PROC_COMPOSE.rawValue
      case .nfd: UTF8PROC_DECOMPOSE.rawValue
      case .nfkc: UTF8PROC_COMPOSE.rawValue | UTF8PROC_COMPAT.rawValue
      case .nfkd: UTF8PROC_DECOMPOSE.rawValue | UTF8PROC_COMPAT.rawValue
      }
    return form | UTF8PROC_STABLE.rawValue
  }

  /// The form of a text of UTF-8.
  func callAsFunction(_ text: [UInt8]) throws(TokenizerError) -> [UInt8] {
    if text.allSatisfy({ $0 < 0x80 }) { return text }
    var mapped: UnsafeMutablePointer<UInt8>?
    let count = utf8proc_map(
      text, text.count, &mapped, utf8proc_option_t(rawValue: options))
    guard count >= 0, let mapped else {
      throw TokenizerError(.invalidUTF8, "the text has no Unicode normalization form")
    }
    defer { free(mapped) }
    return Array(UnsafeBufferPointer(start: mapped, count: count))
  }
}
