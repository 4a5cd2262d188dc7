internal import COpenSSL
internal import Glibc

/// What a person wants to know about a certificate of ours.
public struct CertificateSummary: Sendable, Hashable {
  /// Whom it names.
  public var subject: String
  /// SHA-256 of its DER, in hexadecimal digits.
  public var fingerprint: String
  /// The start of validity in seconds since 1970 (UTC).
  public var notBefore: Int64
  /// The end of validity in seconds since 1970 (UTC).
  public var notAfter: Int64

  init(_ certificate: OpaquePointer) {
    subject = subjectText(of: certificate)
    fingerprint = fingerprintText(of: certificate)
    notBefore = secondsSince1970(X509_get0_notBefore(certificate)) ?? .max
    notAfter = secondsSince1970(X509_get0_notAfter(certificate)) ?? .min
  }
}

/// A certificate's subject on one line, cut to a length that fits a log.
func subjectText(of certificate: OpaquePointer) -> String {
  var buffer = [CChar](repeating: 0, count: 256)
  X509_NAME_oneline(X509_get_subject_name(certificate), &buffer, Int32(buffer.count))
  return String(
    decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// SHA-256 over a certificate's DER, as tools print it but without colons.
func fingerprintText(of certificate: OpaquePointer) -> String {
  var digest = [UInt8](repeating: 0, count: 32)
  var count: UInt32 = 0
  guard X509_digest(certificate, EVP_sha256(), &digest, &count) == 1 else { return "" }
  let digits = Array("0123456789abcdef".utf8)
  return String(
    decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// Seconds since 1970 (UTC) of a time in a certificate or an OCSP response; nil if malformed.
func secondsSince1970(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
  var parts = tm()
  guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
  return Int64(timegm(&parts))
}
