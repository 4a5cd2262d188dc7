internal import COpenSSL

/// What an authority says about the validity of our certificate (OCSP, RFC 6960), to be sent with
/// it. It is checked as far as a server can without the authority's certificate: that it is about
/// this certificate, says `good`, and until when.
struct StapledResponse: Sendable {
  let der: [UInt8]
  /// Seconds since 1970 (UTC).
  let thisUpdate: Int64
  /// Seconds since 1970 (UTC).
  let nextUpdate: Int64

  /// Authorities' clocks and ours may differ by this much.
  private static let clockSkewSeconds: Int64 = 300

  /// Reads a DER file for the certificate `leaf`.
  init(contentsOf path: String, leaf: OpaquePointer) throws(TLSError) {
    der = try readFile(path, byteCountMax: 64 << 10)
    let response = der.withUnsafeBufferPointer { bytes in
      var next = bytes.baseAddress
      return d2i_OCSP_RESPONSE(nil, &next, bytes.count)
    }
    ERR_clear_error()
    guard let response else { throw TLSError(.files, "'\(path)' is no OCSP response in DER") }
    defer { OCSP_RESPONSE_free(response) }
    let status = OCSP_response_status(response)
    guard status == OCSP_RESPONSE_STATUS_SUCCESSFUL,
      let basic = OCSP_response_get1_basic(response)
    else {
      throw TLSError(.files, "'\(path)' holds no answer, only the responder's status \(status)")
    }
    defer { OCSP_BASICRESP_free(basic) }
    guard let single = Self.answer(in: basic, about: leaf) else {
      throw TLSError(.files, "'\(path)' is about another certificate")
    }
    var reason: Int32 = 0
    var revoked: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
    var from: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
    var until: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
    guard
      OCSP_single_get0_status(single, &reason, &revoked, &from, &until) == V_OCSP_CERTSTATUS_GOOD
    else { throw TLSError(.files, "'\(path)' does not say that the certificate is good") }
    guard let from = secondsSince1970(from.map { .init($0) }),
      let until = secondsSince1970(until.map { .init($0) })
    else { throw TLSError(.files, "'\(path)' does not say until when it holds") }
    thisUpdate = from
    nextUpdate = until
  }

  private static func answer(in basic: OpaquePointer, about leaf: OpaquePointer) -> OpaquePointer? {
    for index in 0..<OCSP_resp_count(basic) {
      guard let single = OCSP_resp_get0(basic, index) else { continue }
      var serial: UnsafeMutablePointer<ASN1_INTEGER>?
      // The identifier also has digests of the issuer's name and key; the operator chose the file.
      OCSP_id_get0_info(
        nil, nil, nil, &serial, OCSP_SINGLERESP_get0_id(single))
      if let serial, ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(leaf)) == 0 { return single }
    }
    return nil
  }

  /// Whether clients would accept it at `now` (seconds since 1970).
  func isFresh(now: Int64) -> Bool {
    now >= thisUpdate - Self.clockSkewSeconds && now < nextUpdate
  }
}

/// The bytes of a file, through libcrypto, which reads our other files too.
func readFile(_ path: String, byteCountMax: Int) throws(TLSError) -> [UInt8] {
  guard let file = BIO_new_file(path, "rb") else {
    throw TLSError(.files, "'\(path)' cannot be read: \(TLSError.queuedReason())")
  }
  defer { BIO_free(file) }
  var bytes = [UInt8](repeating: 0, count: byteCountMax + 1)
  let count = BIO_read(file, &bytes, Int32(bytes.count))
  ERR_clear_error()
  guard count <= byteCountMax else {
    throw TLSError(.files, "'\(path)' has more than the expected \(byteCountMax) bytes at most")
  }
  return Array(bytes.prefix(Int(max(0, count))))
}
