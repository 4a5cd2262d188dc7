internal import Protocols
internal import RPC
internal import Telemetry

/// What the auth service said about one key, prepared for use by many requests. Confined to one
/// loop.
final class Decision {
  /// The cache's: which key it is about, and where it stands.
  var digest = KeyDigest(0)
  var slot = 0

  let tenant: String
  let keyID: String
  let actions: ActionSet
  let models: ModelPatterns
  /// Milliseconds since 1970; 0: never.
  let expiresAtMilliseconds: Int64
  /// The store's revision that this was read at.
  let revision: UInt64
  /// Why the key is refused; nil when it is good.
  let refusal: Refusal?
  /// The identity metadata for services, ready to append.
  let identity: HeaderList
  /// The same for a key that is not among ``RecentKeys``.
  let rareIdentity: HeaderList
  /// The same for the access log.
  let logFields: JSONFields
  let quota: TenantQuota
  /// Shared with the other loops.
  let tenantUsage: Usage
  let keyUsage: Usage

  /// When the auth service last confirmed it.
  var validatedAt: MonotonicTime
  /// Set when the key changed: streams that run under it end.
  var isInvalidated = false
  /// For the cache's second-chance eviction.
  var wasUsed = true

  init(
    grant: MartletV1.Grant, revision: UInt64, usage: UsageRegistry, limits: GatewayLimits,
    now: MonotonicTime
  ) {
    tenant = grant.tenant
    keyID = grant.keyID
    actions = ActionSet(grant.actions)
    models = ModelPatterns(grant.modelPatterns)
    expiresAtMilliseconds = grant.expiresAtMs
    self.revision = revision
    refusal = nil
    quota = TenantQuota(grant.quota, limits)
    tenantUsage = usage.tenant(grant.tenant)
    keyUsage = usage.key(grant.keyID)
    validatedAt = now
    let (rights, patterns) = (actions.headerValue, models.headerValue)
    let matchesAll = models.matchesAll
    func identity(_ indexing: HeaderIndexing) -> HeaderList {
      var fields = HeaderList()
      fields.append("x-martlet-tenant", grant.tenant, indexing: indexing)
      fields.append("x-martlet-key", grant.keyID, indexing: indexing)
      // Few values of these exist for all keys together.
      fields.append("x-martlet-rights", rights)
      fields.append("x-martlet-models", patterns, indexing: matchesAll ? .usual : indexing)
      return fields
    }
    self.identity = identity(.usual)
    rareIdentity = identity(.nameOnly)
    logFields = JSONFields {
      $0.field("tenant", grant.tenant)
      $0.field("key", grant.keyID)
    }
  }

  init(refusal: Refusal, keyID: String, revision: UInt64, now: MonotonicTime) {
    tenant = ""
    self.keyID = keyID
    actions = []
    models = ModelPatterns([])
    expiresAtMilliseconds = 0
    self.revision = revision
    self.refusal = refusal
    identity = HeaderList()
    rareIdentity = HeaderList()
    logFields = JSONFields()
    quota = TenantQuota(nil, GatewayLimits())
    tenantUsage = Usage()
    keyUsage = Usage()
    validatedAt = now
  }

  func isExpired(_ wallMilliseconds: Int64) -> Bool {
    expiresAtMilliseconds != 0 && expiresAtMilliseconds <= wallMilliseconds
  }
}
