internal import Compute
internal import Crypto

/// Which processes one machine runs, and the configuration file of each.
struct UpPlan {
  var children: [Child] = []

  /// `limits` are the gateway's; see ``LimitsFile``.
  init(
    directory: DataDirectory, front: ListeningSocket, instances: Int, limits: [String: Double]?,
    nodeHost: String?,
    crossOrigins: [String]
  ) throws {
    let cores = ThreadBudget.coreCount
    let private_ = { () throws(CommandFailure) in
      try ListeningSocket(host: "127.0.0.1", port: 0)
    }
    // Descriptors that a child inherits: the service's own socket, then the operator's.
    let (service, operators) = ("fd:\(Child.firstSocket)", "fd:\(Child.firstSocket + 1)")

    let auth = try private_()
    try add(
      role: "auth", name: "auth", sockets: [auth, try private_()], directory,
      AuthFile(
        listen: service, operator: operators, identity: directory.identity(.auth),
        database: directory.database, adminKey: directory.adminKey))

    var models: [ListeningSocket] = []
    for i in 0..<instances {
      let socket = try private_()
      models.append(socket)
      try add(
        role: "model", name: "model-\(i)", sockets: [socket, try private_()], directory,
        ModelFile(
          listen: service, operator: operators, identity: directory.identity(.model),
          repository: directory.models, auth: [auth.address],
          threads: max(1, cores / (2 * instances)), training: .init(nodeHost: nodeHost)))
    }

    let identity = directory.identity(.gateway)
    try add(
      role: "gateway", name: "gateway", sockets: [front, try private_()], directory,
      GatewayFile(
        listen: service, operator: operators,
        tls: .init(certificate: identity.certificate, key: identity.key),
        identity: identity, auth: [auth.address], models: models.map(\.address),
        accessLog: "\(directory.logs)/access.jsonl", threads: max(1, cores / 2),
        crossOrigins: crossOrigins, limits: limits))
  }

  private mutating func add(
    role: String, name: String, sockets: [ListeningSocket], _ directory: DataDirectory,
    _ file: some RoleFile
  ) throws {
    let path = "\(directory.run)/\(name).yaml"
    try file.write(to: path)
    // People and tests find a role's addresses here, as its ports are chosen anew on every start.
    try FileBytes.write(
      Array("\(sockets[0].address)\n".utf8), to: "\(directory.run)/\(name).address")
    try FileBytes.write(
      Array("\(sockets[1].address)\n".utf8), to: "\(directory.run)/\(name).operator")
    children.append(
      Child(role: role, name: name, configurationPath: path, sockets: sockets))
  }
}
