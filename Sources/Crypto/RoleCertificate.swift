internal import Glibc

/// A part of the product that proves who it is to the others by a certificate.
public enum CertificateRole: String, CaseIterable, Sendable {
  /// Terminates clients' TLS; the only one whose word about a caller's identity is believed.
  case gateway
  /// Keeps tenants and keys.
  case auth
  /// Serves models.
  case model

  /// The name by which the others recognise the role, in the certificate's URI.
  public var uniformResourceIdentifier: String { "spiffe://martlet/role/\(rawValue)" }
}

/// Where a role's certificate and its private key lie.
public struct RoleCertificatePaths: Equatable, Sendable {
  /// The certificate in PEM (mode 0644).
  public var certificateChain: String
  /// The private key in PEM (mode 0600).
  public var privateKey: String
}

extension DevelopmentCA {
  /// How long a role's certificate is valid: short, because it cannot be revoked, and long enough
  /// to be noticed when nothing renews it.
  static let roleValiditySeconds: Int64 = 90 * 86_400
  /// A certificate with less time left than this is replaced.
  static let renewalSeconds: Int64 = 30 * 86_400

  /// Makes sure that `directory` holds `ROLE.pem` and `ROLE.key`, signed by this authority.
  ///
  /// An existing pair stays when it is sound, names everything asked for, and has at least 30
  /// days left. `localhost`, 127.0.0.1 and ::1 are always named.
  ///
  /// - Parameters:
  ///   - dnsNames: further host names under which clients reach the role.
  ///   - ipAddresses: further addresses under which clients reach the role.
  ///   - now: seconds since 1970.
  @discardableResult
  public func issue(
    role: CertificateRole, dnsNames: [String] = [], ipAddresses: [String] = [],
    directory: String, now: Int64 = secondsSince1970()
  ) throws(CryptoError) -> RoleCertificatePaths {
    let hosts = (["localhost"] + dnsNames).uniqued()
    let addresses = (["127.0.0.1", "::1"] + ipAddresses).uniqued()
    for host in hosts where !isHostName(host) {
      throw CryptoError(
        code: .invalidArgument,
        message: "a DNS name has labels of letters, digits and '-', got '\(host)'")
    }
    for address in addresses where !isIPAddress(address) {
      throw CryptoError(
        code: .invalidArgument, message: "expected an IPv4 or IPv6 address, got '\(address)'")
    }
    let lock = try DirectoryLock(directory)
    _ = lock
    let paths = RoleCertificatePaths(
      certificateChain: "\(directory)/\(role.rawValue).pem",
      privateKey: "\(directory)/\(role.rawValue).key")
    if isSound(paths, role: role, hosts: hosts, addresses: addresses, now: now) { return paths }

    let names =
      hosts.map { "DNS:\($0)" } + addresses.map { "IP:\($0)" }
      + ["URI:\(role.uniformResourceIdentifier)"]
    let roleKey = try PrivateKey.generate()
    let roleCertificate = try CertificateSpecification(
      commonName: "martlet \(role.rawValue)", isAuthority: false,
      subjectAlternativeName: names.joined(separator: ","),
      notBefore: max(now - DevelopmentCA.backdatingSeconds, certificate.notBefore),
      notAfter: min(now + DevelopmentCA.roleValiditySeconds, certificate.notAfter)
    ).sign(key: roleKey, issuerKey: key, issuer: certificate.pointer)
    try writeFileAtomically(paths.privateKey, roleKey.pem(), mode: 0o600)
    try writeFileAtomically(paths.certificateChain, roleCertificate.pem(), mode: 0o644)
    return paths
  }

  private func isSound(
    _ paths: RoleCertificatePaths, role: CertificateRole, hosts: [String], addresses: [String],
    now: Int64
  ) -> Bool {
    do {
      let existing = try Certificate(contentsOf: paths.certificateChain)
      let existingKey = try PrivateKey(
        pem: readFile(paths.privateKey, byteCountMax: 1 << 20), path: paths.privateKey)
      try existing.verify(issuedBy: certificate, purpose: .server, now: now)
      let lastsLongEnough =
        existing.notAfter - now >= DevelopmentCA.renewalSeconds
        // Near the authority's own end nothing longer can be issued.
        || existing.notAfter == certificate.notAfter
      var namesAll = existing.uniformResourceIdentifiers == [role.uniformResourceIdentifier]
      for host in hosts { namesAll = namesAll && existing.names(dnsHost: host) }
      for address in addresses { namesAll = namesAll && existing.names(ipAddress: address) }
      return existing.belongs(to: existingKey) && lastsLongEnough && namesAll
    } catch {
      // Missing, damaged, or from another authority: all are cured by issuing anew.
      return false
    }
  }
}

/// Letters, digits and hyphens in dot-separated labels (RFC 1123 §2.1).
private func isHostName(_ name: String) -> Bool {
  let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
  return name.utf8.count <= 253
    && labels.allSatisfy { label in
      (1...63).contains(label.count) && label.first != UInt8(ascii: "-")
        && label.last != UInt8(ascii: "-")
        && label.allSatisfy { $0 == UInt8(ascii: "-") || Base62.isDigit($0) }
    }
}

private func isIPAddress(_ address: String) -> Bool {
  var storage = [UInt8](repeating: 0, count: 16)
  return inet_pton(AF_INET, address, &storage) == 1 || inet_pton(AF_INET6, address, &storage) == 1
}

extension Array where Element: Hashable {
  fileprivate func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
