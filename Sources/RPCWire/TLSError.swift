internal import COpenSSL

/// Why TLS did not come about, to branch on and to count.
public enum TLSFailure: String, Sendable, Hashable, CaseIterable {
  /// Our own certificates, keys or settings cannot be used.
  case files
  /// The peer's certificate has ended.
  case expired
  /// The peer's certificate begins later.
  case notYetValid = "not_yet_valid"
  /// The peer's certificate comes from nobody we trust.
  case unknownAuthority = "unknown_authority"
  /// The peer signed its certificate itself.
  case selfSigned = "self_signed"
  /// The peer's certificate is not for what it is shown for (key usage, extended key usage).
  case wrongUsage = "wrong_usage"
  /// The peer's certificate names another host.
  case wrongName = "wrong_name"
  /// The peer's certificate names another role, or none.
  case wrongRole = "wrong_role"
  /// The peer showed no certificate.
  case missingCertificate = "no_certificate"
  /// The peer's certificate is wrong in another way.
  case invalidCertificate = "invalid_certificate"
  /// The peer ended the handshake with an alert: it does not like our certificate or settings.
  case refusedByPeer = "refused_by_peer"
  /// No version, suite or application protocol in common, or no TLS at all.
  case noCommonProtocol = "no_common_protocol"
  /// The handshake took too long.
  case timeout
  /// The handshake had to make room for others.
  case evicted
  /// The peer went away during the handshake.
  case closedByPeer = "closed_by_peer"
}

/// Certificates could not be loaded, or a handshake failed.
public struct TLSError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of failure.
  public var code: TLSFailure
  /// What was expected and what came.
  public var message: String

  /// An error with its sentence.
  public init(_ code: TLSFailure, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The sentence.
  public var description: String { message }

  /// OpenSSL's oldest queued reason; empties the queue.
  static func queuedReason() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0, let reason = ERR_reason_error_string(code) else { return "no reason given" }
    return String(cString: reason)
  }

  /// A handshake that ended for a reason in OpenSSL's queue.
  static func handshake() -> TLSError {
    let number = ERR_get_error()
    let reason = number == 0 ? nil : ERR_reason_error_string(number).map { String(cString: $0) }
    ERR_clear_error()
    let text = reason ?? "no reason given"
    let code = ERR_GET_REASON(number)
    if code == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE {
      return TLSError(.missingCertificate, "TLS handshake: expected a certificate, got none")
    }
    // Alerts of the peer are numbered from here on (ssl.h).
    if code >= SSL_AD_REASON_OFFSET {
      return TLSError(.refusedByPeer, "TLS handshake: refused by the peer: \(text)")
    }
    return TLSError(.noCommonProtocol, "TLS handshake: \(text)")
  }

  /// A certificate of the peer that did not verify, by OpenSSL's number.
  static func verification(_ result: Int) -> TLSError {
    let detail = String(cString: X509_verify_cert_error_string(result))
    return TLSError(
      failure(of: Int32(truncatingIfNeeded: result)),
      "TLS handshake: the peer's certificate was refused: \(detail)")
  }

  private static func failure(of result: Int32) -> TLSFailure {
    switch result {
    case X509_V_ERR_CERT_HAS_EXPIRED: .expired
    case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: .selfSigned
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
      X509_V_ERR_CERT_SIGNATURE_FAILURE:
      .unknownAuthority
    case X509_V_ERR_INVALID_PURPOSE, X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE: .wrongUsage
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: .wrongName
    default: .invalidCertificate
    }
  }
}
