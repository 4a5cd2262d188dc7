internal import COpenSSL

/// Owns one X.509 certificate: reads its names and validity, checks it against its issuer.
public struct Certificate: ~Copyable {
  let pointer: OpaquePointer

  init(owning pointer: OpaquePointer) { self.pointer = pointer }

  deinit { X509_free(pointer) }

  /// Reads the first certificate of a PEM file.
  public init(contentsOf path: String) throws(CryptoError) {
    try self.init(pem: readFile(path, byteCountMax: 1 << 20), path: path)
  }

  init(pem: [UInt8], path: String) throws(CryptoError) {
    let bio = try MemoryBIO(reading: pem)
    guard let pointer = PEM_read_bio_X509(bio.pointer, nil, nil, nil) else {
      ERR_clear_error()
      throw CryptoError(code: .invalidCertificate, message: "'\(path)' holds no PEM certificate")
    }
    self.pointer = pointer
  }

  func pem() throws(CryptoError) -> [UInt8] {
    let bio = try MemoryBIO()
    guard PEM_write_bio_X509(bio.pointer, pointer) == 1 else {
      throw .library("PEM_write_bio_X509")
    }
    return bio.bytes
  }

  /// The end of validity in seconds since 1970 (UTC).
  public var notAfter: Int64 { Certificate.seconds(X509_get0_notAfter(pointer)) }

  /// The start of validity in seconds since 1970 (UTC).
  public var notBefore: Int64 { Certificate.seconds(X509_get0_notBefore(pointer)) }

  /// The URIs among the subject's alternative names.
  public var uniformResourceIdentifiers: [String] {
    guard
      let extension_ = X509_get_ext_d2i(pointer, NID_subject_alt_name, nil, nil)
    else { return [] }
    let names = OpaquePointer(extension_)
    defer { GENERAL_NAMES_free(names) }
    var identifiers: [String] = []
    for index in 0..<martlet_sk_general_name_count(names) {
      guard
        let name = martlet_sk_general_name(names, index),
        let text = martlet_general_name_uri(name),
        let start = ASN1_STRING_get0_data(text)
      else { continue }
      let bytes = UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(text)))
      identifiers.append(String(decoding: bytes, as: UTF8.self))
    }
    return identifiers
  }

  /// Whether the certificate names this DNS host exactly (wildcards and the subject's common
  /// name are ignored).
  public func names(dnsHost host: String) -> Bool {
    let flags = UInt32(X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)
    return X509_check_host(pointer, host, host.utf8.count, flags, nil) == 1
  }

  /// Whether the certificate names this IP address, written in the usual way.
  public func names(ipAddress address: String) -> Bool {
    X509_check_ip_asc(pointer, address, 0) == 1
  }

  /// Whether a chain of exactly this certificate and `authority` is valid at `now` (seconds
  /// since 1970) for `purpose`; the reason when it is not.
  public func verify(
    issuedBy authority: borrowing Certificate, purpose: Purpose, now: Int64
  ) throws(CryptoError) {
    guard let store = X509_STORE_new() else { throw .library("X509_STORE_new") }
    defer { X509_STORE_free(store) }
    guard let context = X509_STORE_CTX_new() else { throw .library("X509_STORE_CTX_new") }
    defer { X509_STORE_CTX_free(context) }
    guard
      X509_STORE_add_cert(store, authority.pointer) == 1,
      X509_STORE_CTX_init(context, store, pointer, nil) == 1,
      X509_STORE_CTX_set_purpose(context, purpose.identifier) == 1
    else { throw .library("the preparation of a certificate check") }
    X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context), Int(now))
    guard X509_verify_cert(context) == 1 else {
      ERR_clear_error()
      let error = X509_STORE_CTX_get_error(context)
      let expired = error == X509_V_ERR_CERT_HAS_EXPIRED
      throw CryptoError(
        code: expired ? .expired : .invalidCertificate,
        message: "the certificate does not verify against its authority: "
          + String(cString: X509_verify_cert_error_string(Int(error))))
    }
  }

  /// What a certificate is presented for.
  public enum Purpose: Sendable {
    /// Presented by a TLS server.
    case server
    /// Presented by a TLS client.
    case client

    fileprivate var identifier: Int32 {
      switch self {
      case .server: X509_PURPOSE_SSL_SERVER
      case .client: X509_PURPOSE_SSL_CLIENT
      }
    }
  }

  func belongs(to key: borrowing PrivateKey) -> Bool {
    let belongs = X509_check_private_key(pointer, key.pointer) == 1
    ERR_clear_error()
    return belongs
  }

  private static func seconds(_ time: OpaquePointer?) -> Int64 { seconds(time.map { .init($0) }) }

  private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
    // Counts from the epoch, so that no broken-down local time is involved.
    let epoch = ASN1_TIME_set(nil, 0)
    defer { ASN1_STRING_free(epoch) }
    var days: Int32 = 0
    var seconds: Int32 = 0
    guard ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return Int64.min }
    return Int64(days) * 86_400 + Int64(seconds)
  }
}
