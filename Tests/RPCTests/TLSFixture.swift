import Crypto
import Glibc
import RPC
import RPCWire

/// A development authority with certificates for some roles, in a directory of its own.
struct TLSFixture {
  let directory: String
  private let authority: DevelopmentCA

  init() throws {
    var template = Array("/tmp/martlet-rpc-XXXXXX".utf8CString)
    mkdtemp(&template)
    directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    authority = try DevelopmentCA.open(directory: directory)
  }

  func configuration(
    _ role: CertificateRole?, clients: TLSConfiguration.ClientCertificates = .none,
    serverName: String? = nil, expectedRole: String? = nil
  ) throws -> TLSConfiguration {
    let paths = try role.map { try authority.issue(role: $0, directory: directory) }
    return TLSConfiguration(
      certificateChain: paths?.certificateChain, privateKey: paths?.privateKey,
      trustRoots: authority.certificatePath, clientCertificates: clients, serverName: serverName,
      expectedRoles: expectedRole.map { [$0] } ?? [])
  }

  /// A new certificate and key for a role, in place of the old ones.
  func renew(_ role: CertificateRole) throws {
    unlink("\(directory)/\(role.rawValue).pem")
    try authority.issue(role: role, directory: directory)
  }
}
