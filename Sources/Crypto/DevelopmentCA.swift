internal import Glibc

/// A certificate authority for one machine or one test: `ca.pem` and `ca.key` in a directory.
///
/// It signs the certificates by which the roles know each other. Its key lies on the disk of
/// the machine that runs the product, so it proves nothing to anybody who has not chosen to trust
/// that machine; in production an operator brings certificates with the same names instead.
public final class DevelopmentCA {
  /// How long the authority is valid.
  static let validitySeconds: Int64 = 3650 * 86_400
  /// Start of validity before the time of issue, for machines whose clocks differ.
  static let backdatingSeconds: Int64 = 300

  /// The path of the authority's certificate, which clients trust.
  public let certificatePath: String
  let certificate: Certificate
  let key: PrivateKey

  private init(
    certificatePath: String, certificate: consuming Certificate, key: consuming PrivateKey
  ) {
    self.certificatePath = certificatePath
    self.certificate = certificate
    self.key = key
  }

  /// Loads the authority in `directory`, or creates the directory (mode 0700) and the authority.
  ///
  /// - Parameter now: seconds since 1970.
  public static func open(
    directory: String, now: Int64 = secondsSince1970()
  ) throws(CryptoError) -> DevelopmentCA {
    let lock = try DirectoryLock(directory)
    _ = lock
    let certificatePath = "\(directory)/ca.pem"
    let keyPath = "\(directory)/ca.key"
    if access(certificatePath, F_OK) == 0 {
      return try load(certificatePath: certificatePath, keyPath: keyPath, now: now)
    }
    // The key comes first: a crash between the two leaves no certificate that anybody trusts.
    let key = try PrivateKey.generate()
    let tag = String(decoding: Base62.encode(secureRandomBytes(4), width: 6), as: UTF8.self)
    let certificate = try CertificateSpecification(
      commonName: "Martlet development CA \(tag)", isAuthority: true,
      notBefore: now - backdatingSeconds, notAfter: now + validitySeconds
    ).sign(key: key, issuerKey: key, issuer: nil)
    try writeFileAtomically(keyPath, key.pem(), mode: 0o600)
    try writeFileAtomically(certificatePath, certificate.pem(), mode: 0o644)
    return DevelopmentCA(certificatePath: certificatePath, certificate: certificate, key: key)
  }

  private static func load(
    certificatePath: String, keyPath: String, now: Int64
  ) throws(CryptoError) -> DevelopmentCA {
    let certificate = try Certificate(contentsOf: certificatePath)
    let key = try PrivateKey(pem: readFile(keyPath, byteCountMax: 1 << 20), path: keyPath)
    guard certificate.belongs(to: key) else {
      throw CryptoError(
        code: .invalidCertificate,
        message: "'\(keyPath)' is not the key of '\(certificatePath)';"
          + " restore the right one or remove both to create a new authority")
    }
    guard certificate.notAfter > now else {
      throw CryptoError(
        code: .expired,
        message: "'\(certificatePath)' has expired; remove it and its key to create a new one")
    }
    return DevelopmentCA(certificatePath: certificatePath, certificate: certificate, key: key)
  }
}

/// The system's clock: whole seconds since 1970 (UTC).
public func secondsSince1970() -> Int64 {
  var now = timespec()
  clock_gettime(CLOCK_REALTIME, &now)
  return Int64(now.tv_sec)
}
