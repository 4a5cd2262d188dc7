internal import COpenSSL

/// A failure of a cryptographic operation or of the files that hold keys and certificates.
///
/// The message never contains key material.
public struct CryptoError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What a caller may branch on.
  public enum Code: String, Sendable {
    /// The sealed bytes, tag, or associated data do not belong together.
    case authenticationFailed
    /// An argument is outside what the operation takes.
    case invalidArgument
    /// A file could not be read, written, or locked.
    case file
    /// A certificate or key could not be parsed, or the two do not belong together.
    case invalidCertificate
    /// A certificate's validity is over.
    case expired
    /// libcrypto refused for another reason.
    case library
  }

  /// The kind of failure.
  public var code: Code
  /// A sentence that says what was expected and what was found.
  public var message: String

  /// An error of the given kind.
  public init(code: Code, message: String) {
    self.code = code
    self.message = message
  }

  /// The code and the sentence.
  public var description: String { "\(code.rawValue): \(message)" }

  /// libcrypto's latest reason for a failed operation; empties its thread-local queue.
  static func library(_ operation: String) -> CryptoError {
    var reason = "no reason given"
    let code = ERR_peek_last_error()
    if code != 0, let text = ERR_reason_error_string(code) {
      reason = String(cString: text)
    }
    ERR_clear_error()
    return CryptoError(code: .library, message: "\(operation) failed: \(reason)")
  }
}
