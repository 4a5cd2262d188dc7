import Glibc
import Testing

@testable import Crypto

@Suite struct DevelopmentCATests {
  static let now: Int64 = 1_800_000_000
  static let day: Int64 = 86_400
  let directory = TemporaryDirectory()

  private func openAuthority(now: Int64 = now) throws -> DevelopmentCA {
    try DevelopmentCA.open(directory: "\(directory.path)/tls", now: now)
  }

  private func issue(
    _ role: CertificateRole, dnsNames: [String] = [], ipAddresses: [String] = [],
    now: Int64 = now
  ) throws -> RoleCertificatePaths {
    try openAuthority(now: now).issue(
      role: role, dnsNames: dnsNames, ipAddresses: ipAddresses,
      directory: "\(directory.path)/tls", now: now)
  }

  @Test func theAuthorityIsCreatedOnceAndValidForTenYears() throws {
    let first = try openAuthority()
    let content = try readFile(first.certificatePath, byteCountMax: 10_000)
    let second = try openAuthority(now: Self.now + 9 * 365 * Self.day)
    #expect(try readFile(second.certificatePath, byteCountMax: 10_000) == content)
    let notAfter = first.certificate.notAfter
    #expect(notAfter == Self.now + 3650 * Self.day)
  }

  @Test(arguments: CertificateRole.allCases)
  func aRolesCertificateNamesItAndVerifiesAsServerAndClient(role: CertificateRole) throws {
    let authority = try openAuthority()
    let paths = try issue(role, dnsNames: ["auth.internal"], ipAddresses: ["10.1.2.3"])
    let certificate = try Certificate(contentsOf: paths.certificateChain)
    let identifiers = certificate.uniformResourceIdentifiers
    #expect(identifiers == ["spiffe://martlet/role/\(role)"])
    for (host, expected) in [("localhost", true), ("auth.internal", true), ("b.internal", false)] {
      let isNamed = certificate.names(dnsHost: host)
      #expect(isNamed == expected, "\(host)")
    }
    for (address, expected) in [
      ("127.0.0.1", true), ("::1", true), ("10.1.2.3", true), ("1.1.1.1", false),
    ] {
      let isNamed = certificate.names(ipAddress: address)
      #expect(isNamed == expected, "\(address)")
    }
    for purpose in [Certificate.Purpose.server, .client] {
      try certificate.verify(
        issuedBy: authority.certificate, purpose: purpose, now: Self.now)
    }
  }

  @Test func privateKeysAreReadableByTheirOwnerOnly() throws {
    let previous = umask(0)
    defer { umask(previous) }
    _ = try issue(.auth)
    #expect(directory.mode("tls") == 0o700)
    #expect(directory.mode("tls/ca.key") == 0o600)
    #expect(directory.mode("tls/auth.key") == 0o600)
    #expect(directory.mode("tls/auth.pem") == 0o644)
  }

  @Test func aSoundCertificateIsKeptUntilThirtyDaysBeforeItsEnd() throws {
    let paths = try issue(.model)
    let original = try readFile(paths.certificateChain, byteCountMax: 10_000)
    _ = try issue(.model, now: Self.now + 60 * Self.day)
    #expect(try readFile(paths.certificateChain, byteCountMax: 10_000) == original)
    _ = try issue(.model, now: Self.now + 61 * Self.day)
    #expect(try readFile(paths.certificateChain, byteCountMax: 10_000) != original)
  }

  @Test func aCertificateThatLacksANameOrItsKeyIsReplaced() throws {
    let paths = try issue(.gateway)
    var previous = try readFile(paths.certificateChain, byteCountMax: 10_000)
    _ = try issue(.gateway, dnsNames: ["models.example"])
    var current = try readFile(paths.certificateChain, byteCountMax: 10_000)
    #expect(current != previous)
    unlink(paths.privateKey)
    previous = current
    _ = try issue(.gateway, dnsNames: ["models.example"])
    current = try readFile(paths.certificateChain, byteCountMax: 10_000)
    #expect(current != previous)
  }

  @Test func anotherAuthoritysCertificateDoesNotVerify() throws {
    let other = TemporaryDirectory()
    let stranger = try DevelopmentCA.open(directory: other.path, now: Self.now)
    let paths = try issue(.gateway)
    let certificate = try Certificate(contentsOf: paths.certificateChain)
    do {
      try certificate.verify(issuedBy: stranger.certificate, purpose: .client, now: Self.now)
      Issue.record("a stranger's certificate verified")
    } catch {
      #expect(error.code == .invalidCertificate)
    }
  }

  @Test func anExpiredCertificateDoesNotVerify() throws {
    let authority = try openAuthority()
    let paths = try issue(.gateway)
    let certificate = try Certificate(contentsOf: paths.certificateChain)
    do {
      try certificate.verify(
        issuedBy: authority.certificate, purpose: .server, now: Self.now + 366 * Self.day)
      Issue.record("an expired certificate verified")
    } catch {
      #expect(error.code == .expired)
    }
  }

  @Test func aDamagedOrForeignAuthorityIsAnErrorNotANewAuthority() throws {
    let authority = try openAuthority()
    let foreign = try PrivateKey.generate()
    try writeFileAtomically("\(directory.path)/tls/ca.key", foreign.pem(), mode: 0o600)
    let mismatch = #expect(throws: CryptoError.self) { try openAuthority() }
    #expect(mismatch?.code == .invalidCertificate)
    try writeFileAtomically(authority.certificatePath, Array("nonsense".utf8), mode: 0o644)
    let damage = #expect(throws: CryptoError.self) { try openAuthority() }
    #expect(damage?.code == .invalidCertificate)
  }

  @Test(arguments: ["a,DNS:evil", "-a", "a..b", "", "ä", "*.example", "a:b"])
  func aNameThatIsNoHostNameIsRefused(name: String) {
    #expect(throws: CryptoError.self) { try issue(.gateway, dnsNames: [name]) }
  }

  @Test func aTextThatIsNoAddressIsRefused() {
    #expect(throws: CryptoError.self) { try issue(.gateway, ipAddresses: ["1.2.3"]) }
  }

  /// A second implementation's opinion: the openssl program checks the same chain.
  @Test(.enabled(if: access("/usr/bin/openssl", X_OK) == 0))
  func theOpenSSLProgramVerifiesTheChainStrictly() throws {
    let now = secondsSince1970()
    let paths = try issue(.gateway, now: now)
    let status = system(
      "/usr/bin/openssl verify -x509_strict -purpose sslserver -verify_hostname localhost"
        + " -CAfile '\(directory.path)/tls/ca.pem' '\(paths.certificateChain)' >/dev/null")
    #expect(status == 0)
  }
}
