internal import COpenSSL

extension PeerIdentity {
  /// Reads what we use of a verified certificate.
  init(_ certificate: OpaquePointer) {
    subject = subjectText(of: certificate)
    fingerprint = fingerprintText(of: certificate)
    role = Self.role(of: certificate)
  }

  static func role(of certificate: OpaquePointer) -> String? {
    guard let raw = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else {
      return nil
    }
    let names = OpaquePointer(raw)
    defer { GENERAL_NAMES_free(names) }
    for index in 0..<martlet_sk_general_name_count(names) {
      guard let uri = martlet_general_name_uri(martlet_sk_general_name(names, index)) else {
        continue
      }
      let bytes = UnsafeBufferPointer(
        start: ASN1_STRING_get0_data(uri), count: Int(ASN1_STRING_length(uri)))
      let text = String(decoding: bytes, as: UTF8.self)
      if text.hasPrefix(rolePrefix) { return String(text.dropFirst(rolePrefix.count)) }
    }
    return nil
  }
}
