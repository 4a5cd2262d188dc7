internal import COpenSSL

/// What goes into a certificate before it is signed.
struct CertificateSpecification {
  var commonName: String
  var isAuthority: Bool
  /// In the syntax of OpenSSL's configuration: `DNS:a,IP:127.0.0.1,URI:spiffe://…`; every name
  /// has been checked by the caller, so that no comma can smuggle in another.
  var subjectAlternativeName: String?
  /// Seconds since 1970.
  var notBefore: Int64
  /// Seconds since 1970.
  var notAfter: Int64

  /// A certificate for `key`'s public half, signed by `issuerKey`; self-signed without an issuer.
  func sign(
    key: borrowing PrivateKey, issuerKey: borrowing PrivateKey, issuer: OpaquePointer?
  ) throws(CryptoError) -> Certificate {
    guard let pointer = X509_new() else { throw .library("X509_new") }
    let certificate = Certificate(owning: pointer)
    let issuer = issuer ?? pointer
    guard
      X509_set_version(pointer, 2) == 1,  // 2 means version 3 (RFC 5280 §4.1.2.1)
      CertificateSpecification.setRandomSerial(pointer),
      ASN1_TIME_set(X509_getm_notBefore(pointer), Int(notBefore)) != nil,
      ASN1_TIME_set(X509_getm_notAfter(pointer), Int(notAfter)) != nil,
      setSubject(pointer),
      X509_set_issuer_name(pointer, X509_get_subject_name(issuer)) == 1,
      X509_set_pubkey(pointer, key.pointer) == 1
    else { throw .library("the filling of a certificate") }
    for (identifier, value) in extensions {
      guard martlet_add_extension(pointer, issuer, identifier, value) == 1 else {
        throw .library("the certificate extension \(String(cString: OBJ_nid2sn(identifier)))")
      }
    }
    guard X509_sign(pointer, issuerKey.pointer, EVP_sha256()) > 0 else {
      throw .library("X509_sign")
    }
    return certificate
  }

  private var extensions: [(identifier: Int32, value: String)] {
    var list: [(identifier: Int32, value: String)] = [(NID_subject_key_identifier, "hash")]
    if isAuthority {
      list.append((NID_basic_constraints, "critical,CA:TRUE,pathlen:0"))
      list.append((NID_key_usage, "critical,keyCertSign,cRLSign"))
    } else {
      list.append((NID_authority_key_identifier, "keyid:always"))
      list.append((NID_basic_constraints, "critical,CA:FALSE"))
      list.append((NID_key_usage, "critical,digitalSignature"))
      list.append((NID_ext_key_usage, "serverAuth,clientAuth"))
    }
    if let subjectAlternativeName {
      list.append((NID_subject_alt_name, subjectAlternativeName))
    }
    return list
  }

  private func setSubject(_ certificate: OpaquePointer) -> Bool {
    let name = X509_get_subject_name(certificate)
    let fields: [(name: String, value: String)] = [("O", "Martlet"), ("CN", commonName)]
    return fields.allSatisfy { field, value in
      X509_NAME_add_entry_by_txt(
        name, field, MBSTRING_UTF8, Array(value.utf8), Int32(value.utf8.count), -1, 0) == 1
    }
  }

  /// 127 random bits: positive and at most 20 octets (RFC 5280 §4.1.2.2).
  private static func setRandomSerial(_ certificate: OpaquePointer) -> Bool {
    var bytes = secureRandomBytes(16)
    bytes[0] = bytes[0] & 0x7F | 0x40
    guard let number = BN_bin2bn(bytes, Int32(bytes.count), nil) else { return false }
    defer { BN_free(number) }
    return BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
  }
}
