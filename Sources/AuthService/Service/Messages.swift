internal import Protocols
internal import RPC

/// The logic's values as messages, and back.

extension MartletV1.CheckResponse {
  init(_ outcome: CheckOutcome) {
    self.init()
    revision = outcome.revision
    keyID = outcome.keyID ?? ""
    switch outcome.verdict {
    case .allowed(let allowed):
      verdict = .allowed
      grant = MartletV1.Grant(allowed)
    case .unknownKey: verdict = .unknownKey
    case .expired: verdict = .expired
    case .revoked: verdict = .revoked
    }
  }
}

extension CheckOutcome.Verdict {
  var metricLabel: String {
    switch self {
    case .allowed: "allowed"
    case .unknownKey: "unknown_key"
    case .expired: "expired"
    case .revoked: "revoked"
    }
  }
}

extension MartletV1.Grant {
  init(_ grant: Grant) {
    self.init()
    tenant = grant.key.tenant
    keyID = grant.key.id
    actions = grant.key.rights.actions
    modelPatterns = grant.key.modelPatterns.map(\.description)
    expiresAtMs = grant.key.expiresAt?.milliseconds ?? 0
    quota = MartletV1.Quota(grant.quota)
  }
}

extension Rights {
  var actions: [MartletV1.Action] {
    let pairs: [(Rights, MartletV1.Action)] = [
      (.infer, .infer), (.deploy, .deploy), (.keys, .keys), (.admin, .admin),
    ]
    return pairs.filter { contains($0.0) }.map(\.1)
  }
}

extension MartletV1.Quota {
  init(_ quota: Quota) {
    self.init()
    requestsPerSecond = quota.requestsPerSecond
    requestsBurst = quota.requestsBurst
    streamsMax = quota.streamsMax
    bytesInFlightMax = quota.bytesInFlightMax
    messageBytesMax = quota.messageBytesMax
  }
}

extension Quota {
  init(_ message: MartletV1.Quota) {
    self.init()
    requestsPerSecond = message.requestsPerSecond
    requestsBurst = message.requestsBurst
    streamsMax = message.streamsMax
    bytesInFlightMax = message.bytesInFlightMax
    messageBytesMax = message.messageBytesMax
  }
}

extension MartletV1.WatchEvent {
  init(_ event: WatchedEvent) {
    self.init()
    revision = event.revision
    change =
      switch event.kind {
      case .change(.key(let id)): .keyID(id)
      case .change(.tenant(let name)): .tenant(name)
      case .resync: .resync(true)
      case .heartbeat: .heartbeat(true)
      }
  }
}

extension MartletV1.Tenant {
  init(_ tenant: Tenant) {
    self.init()
    name = tenant.name
    createdAtMs = tenant.createdAt.milliseconds
    quota = MartletV1.Quota(tenant.quota)
  }
}

extension MartletV1.Key {
  init(_ key: KeyRecord) {
    self.init()
    id = key.id
    tenant = key.tenant
    role = key.role.rawValue
    actions = key.rights.actions
    modelPatterns = key.modelPatterns.map(\.description)
    createdAtMs = key.createdAt.milliseconds
    expiresAtMs = key.expiresAt?.milliseconds ?? 0
    revokedAtMs = key.revokedAt?.milliseconds ?? 0
    label = key.label
  }
}

extension KeySpecification {
  init(_ request: MartletV1.CreateKeyRequest) throws(AuthError) {
    self.init()
    tenant = request.tenant
    if !request.role.isEmpty {
      guard let role = Role(rawValue: request.role) else {
        throw AuthError(
          code: .invalidArgument,
          message: "expected a role of \(Role.allCases.map(\.rawValue).joined(separator: ", ")),"
            + " got another one")
      }
      self.role = role
    }
    for pattern in request.modelPatterns { modelPatterns.append(try ModelPattern(pattern)) }
    lifetimeSeconds = request.expiresInSeconds == 0 ? nil : request.expiresInSeconds
    label = request.label
  }
}

extension MartletV1.AuditEntry {
  init(_ entry: AuditEntry) {
    self.init()
    sequence = entry.sequence
    atMs = entry.at.milliseconds
    tenant = entry.tenant
    actor = entry.actor
    action = entry.action
    subject = entry.subject
    outcome = entry.outcome
    hash = entry.hash
  }
}

extension RPCError {
  init(_ error: AuthError) {
    let code: StatusCode =
      switch error.code {
      case .invalidArgument: .invalidArgument
      case .unauthenticated: .unauthenticated
      case .permissionDenied: .permissionDenied
      case .notFound: .notFound
      case .alreadyExists: .alreadyExists
      case .failedPrecondition: .failedPrecondition
      case .resourceExhausted: .resourceExhausted
      case .damagedStore: .unavailable
      }
    self.init(code: code, message: error.message)
  }
}
