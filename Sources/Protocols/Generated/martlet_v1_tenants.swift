// Generated from Proto/martlet/v1/tenants.proto by scripts/protoc-gen-martlet. Not edited.

internal import CProtobufC
internal import CProtocols

extension MartletV1 {
  /// `Tenant` of the protocol.
  public struct Tenant: ProtobufValue {
    /// 1–63 characters: a–z, 0–9 and `-`.
    public var name: String = ""
    /// `created_at_ms`.
    public var createdAtMs: Int64 = 0
    /// `quota`.
    public var quota: MartletV1.Quota?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `CreateTenantRequest` of the protocol.
  public struct CreateTenantRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// `quota`.
    public var quota: MartletV1.Quota?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `CreateTenantResponse` of the protocol.
  public struct CreateTenantResponse: ProtobufValue {
    /// `tenant`.
    public var tenant: MartletV1.Tenant?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ListTenantsRequest` of the protocol.
  public struct ListTenantsRequest: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ListTenantsResponse` of the protocol.
  public struct ListTenantsResponse: ProtobufValue {
    /// `tenants`.
    public var tenants: [MartletV1.Tenant] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// Deletes the tenant and revokes all of its keys.
  public struct DeleteTenantRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `DeleteTenantResponse` of the protocol.
  public struct DeleteTenantResponse: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `SetQuotaRequest` of the protocol.
  public struct SetQuotaRequest: ProtobufValue {
    /// `tenant`.
    public var tenant: String = ""
    /// `quota`.
    public var quota: MartletV1.Quota?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `SetQuotaResponse` of the protocol.
  public struct SetQuotaResponse: ProtobufValue {
    /// `tenant`.
    public var tenant: MartletV1.Tenant?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// A key without its secret.
  public struct Key: ProtobufValue {
    /// `id`.
    public var id: String = ""
    /// `tenant`.
    public var tenant: String = ""
    /// infer, deploy, manage or admin.
    public var role: String = ""
    /// `actions`.
    public var actions: [MartletV1.Action] = []
    /// `model_patterns`.
    public var modelPatterns: [String] = []
    /// `created_at_ms`.
    public var createdAtMs: Int64 = 0
    /// 0: does not expire.
    public var expiresAtMs: Int64 = 0
    /// 0: not revoked.
    public var revokedAtMs: Int64 = 0
    /// `label`.
    public var label: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `CreateKeyRequest` of the protocol.
  public struct CreateKeyRequest: ProtobufValue {
    /// Empty: the caller's own tenant.
    public var tenant: String = ""
    /// Empty: infer.
    public var role: String = ""
    /// Empty: every model of the tenant.
    public var modelPatterns: [String] = []
    /// 0: does not expire.
    public var expiresInSeconds: Int64 = 0
    /// `label`.
    public var label: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `CreateKeyResponse` of the protocol.
  public struct CreateKeyResponse: ProtobufValue {
    /// `key`.
    public var key: MartletV1.Key?
    /// The whole key (`mk_…`). It is stored nowhere and cannot be shown again.
    public var apiKey: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ListKeysRequest` of the protocol.
  public struct ListKeysRequest: ProtobufValue {
    /// Empty: the caller's own tenant.
    public var tenant: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ListKeysResponse` of the protocol.
  public struct ListKeysResponse: ProtobufValue {
    /// `keys`.
    public var keys: [MartletV1.Key] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// Makes a new key with the same rights; the old one goes on for `grace_seconds`.
  public struct RotateKeyRequest: ProtobufValue {
    /// `key_id`.
    public var keyID: String = ""
    /// `grace_seconds`.
    public var graceSeconds: Int64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `RotateKeyResponse` of the protocol.
  public struct RotateKeyResponse: ProtobufValue {
    /// `key`.
    public var key: MartletV1.Key?
    /// `api_key`.
    public var apiKey: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `RevokeKeyRequest` of the protocol.
  public struct RevokeKeyRequest: ProtobufValue {
    /// `key_id`.
    public var keyID: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `RevokeKeyResponse` of the protocol.
  public struct RevokeKeyResponse: ProtobufValue {
    /// `key`.
    public var key: MartletV1.Key?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `AuditEntry` of the protocol.
  public struct AuditEntry: ProtobufValue {
    /// `sequence`.
    public var sequence: UInt64 = 0
    /// `at_ms`.
    public var atMs: Int64 = 0
    /// `tenant`.
    public var tenant: String = ""
    /// The key that asked, or `system`.
    public var actor: String = ""
    /// e.g. key.create, key.revoke, tenant.delete.
    public var action: String = ""
    /// `subject`.
    public var subject: String = ""
    /// `outcome`.
    public var outcome: String = ""
    /// SHA-256 over the entry and its predecessor's hash.
    public var hash: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ListAuditRequest` of the protocol.
  public struct ListAuditRequest: ProtobufValue {
    /// Empty: the caller's own tenant.
    public var tenant: String = ""
    /// `after_sequence`.
    public var afterSequence: UInt64 = 0
    /// 0: 100. At most 1,000.
    public var limit: UInt32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ListAuditResponse` of the protocol.
  public struct ListAuditResponse: ProtobufValue {
    /// `entries`.
    public var entries: [MartletV1.AuditEntry] = []
    /// A message whose fields have their default values.
    public init() {}
  }
}

extension MartletV1.Tenant: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__Tenant>? {
    martlet__v1__tenant__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__Tenant>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    createdAtMs = c.pointee.created_at_ms
    if let value = c.pointee.quota {
      quota = try MartletV1.Quota(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__Tenant> {
    let c = arena.allocate(Martlet__V1__Tenant.self)
    martlet__v1__tenant__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.created_at_ms = createdAtMs
    c.pointee.quota = quota?.makeC(arena)
    return c
  }
}

extension MartletV1.CreateTenantRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__CreateTenantRequest>? {
    martlet__v1__create_tenant_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__CreateTenantRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    if let value = c.pointee.quota {
      quota = try MartletV1.Quota(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__CreateTenantRequest> {
    let c = arena.allocate(Martlet__V1__CreateTenantRequest.self)
    martlet__v1__create_tenant_request__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.quota = quota?.makeC(arena)
    return c
  }
}

extension MartletV1.CreateTenantResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__CreateTenantResponse>? {
    martlet__v1__create_tenant_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__CreateTenantResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.tenant {
      tenant = try MartletV1.Tenant(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__CreateTenantResponse> {
    let c = arena.allocate(Martlet__V1__CreateTenantResponse.self)
    martlet__v1__create_tenant_response__init(c)
    c.pointee.tenant = tenant?.makeC(arena)
    return c
  }
}

extension MartletV1.ListTenantsRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ListTenantsRequest>? {
    martlet__v1__list_tenants_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ListTenantsRequest>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ListTenantsRequest> {
    let c = arena.allocate(Martlet__V1__ListTenantsRequest.self)
    martlet__v1__list_tenants_request__init(c)
    return c
  }
}

extension MartletV1.ListTenantsResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ListTenantsResponse>? {
    martlet__v1__list_tenants_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ListTenantsResponse>) throws(ProtobufError) {
    self.init()
    tenants.reserveCapacity(c.pointee.n_tenants)
    for i in 0..<c.pointee.n_tenants {
      tenants.append(try MartletV1.Tenant(c: c.pointee.tenants[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ListTenantsResponse> {
    let c = arena.allocate(Martlet__V1__ListTenantsResponse.self)
    martlet__v1__list_tenants_response__init(c)
    c.pointee.n_tenants = tenants.count
    c.pointee.tenants = arena.array(tenants) { $0.makeC(arena) }
    return c
  }
}

extension MartletV1.DeleteTenantRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__DeleteTenantRequest>? {
    martlet__v1__delete_tenant_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__DeleteTenantRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__DeleteTenantRequest> {
    let c = arena.allocate(Martlet__V1__DeleteTenantRequest.self)
    martlet__v1__delete_tenant_request__init(c)
    c.pointee.name = arena.text(name)
    return c
  }
}

extension MartletV1.DeleteTenantResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__DeleteTenantResponse>? {
    martlet__v1__delete_tenant_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__DeleteTenantResponse>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__DeleteTenantResponse> {
    let c = arena.allocate(Martlet__V1__DeleteTenantResponse.self)
    martlet__v1__delete_tenant_response__init(c)
    return c
  }
}

extension MartletV1.SetQuotaRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__SetQuotaRequest>? {
    martlet__v1__set_quota_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__SetQuotaRequest>) throws(ProtobufError) {
    self.init()
    tenant = try utf8Text(c.pointee.tenant!)
    if let value = c.pointee.quota {
      quota = try MartletV1.Quota(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__SetQuotaRequest> {
    let c = arena.allocate(Martlet__V1__SetQuotaRequest.self)
    martlet__v1__set_quota_request__init(c)
    c.pointee.tenant = arena.text(tenant)
    c.pointee.quota = quota?.makeC(arena)
    return c
  }
}

extension MartletV1.SetQuotaResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__SetQuotaResponse>? {
    martlet__v1__set_quota_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__SetQuotaResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.tenant {
      tenant = try MartletV1.Tenant(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__SetQuotaResponse> {
    let c = arena.allocate(Martlet__V1__SetQuotaResponse.self)
    martlet__v1__set_quota_response__init(c)
    c.pointee.tenant = tenant?.makeC(arena)
    return c
  }
}

extension MartletV1.Key: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__Key>? {
    martlet__v1__key__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__Key>) throws(ProtobufError) {
    self.init()
    id = try utf8Text(c.pointee.id!)
    tenant = try utf8Text(c.pointee.tenant!)
    role = try utf8Text(c.pointee.role!)
    actions.reserveCapacity(c.pointee.n_actions)
    for i in 0..<c.pointee.n_actions {
      actions.append(MartletV1.Action(c: c.pointee.actions[i].rawValue))
    }
    modelPatterns.reserveCapacity(c.pointee.n_model_patterns)
    for i in 0..<c.pointee.n_model_patterns {
      modelPatterns.append(try utf8Text(c.pointee.model_patterns[i]!))
    }
    createdAtMs = c.pointee.created_at_ms
    expiresAtMs = c.pointee.expires_at_ms
    revokedAtMs = c.pointee.revoked_at_ms
    label = try utf8Text(c.pointee.label!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__Key> {
    let c = arena.allocate(Martlet__V1__Key.self)
    martlet__v1__key__init(c)
    c.pointee.id = arena.text(id)
    c.pointee.tenant = arena.text(tenant)
    c.pointee.role = arena.text(role)
    c.pointee.n_actions = actions.count
    c.pointee.actions = arena.array(actions) { Martlet__V1__Action(UInt32(bitPattern: $0.rawValue)) }
    c.pointee.n_model_patterns = modelPatterns.count
    c.pointee.model_patterns = arena.array(modelPatterns) { arena.text($0) }
    c.pointee.created_at_ms = createdAtMs
    c.pointee.expires_at_ms = expiresAtMs
    c.pointee.revoked_at_ms = revokedAtMs
    c.pointee.label = arena.text(label)
    return c
  }
}

extension MartletV1.CreateKeyRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__CreateKeyRequest>? {
    martlet__v1__create_key_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__CreateKeyRequest>) throws(ProtobufError) {
    self.init()
    tenant = try utf8Text(c.pointee.tenant!)
    role = try utf8Text(c.pointee.role!)
    modelPatterns.reserveCapacity(c.pointee.n_model_patterns)
    for i in 0..<c.pointee.n_model_patterns {
      modelPatterns.append(try utf8Text(c.pointee.model_patterns[i]!))
    }
    expiresInSeconds = c.pointee.expires_in_seconds
    label = try utf8Text(c.pointee.label!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__CreateKeyRequest> {
    let c = arena.allocate(Martlet__V1__CreateKeyRequest.self)
    martlet__v1__create_key_request__init(c)
    c.pointee.tenant = arena.text(tenant)
    c.pointee.role = arena.text(role)
    c.pointee.n_model_patterns = modelPatterns.count
    c.pointee.model_patterns = arena.array(modelPatterns) { arena.text($0) }
    c.pointee.expires_in_seconds = expiresInSeconds
    c.pointee.label = arena.text(label)
    return c
  }
}

extension MartletV1.CreateKeyResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__CreateKeyResponse>? {
    martlet__v1__create_key_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__CreateKeyResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.key {
      key = try MartletV1.Key(c: value)
    }
    apiKey = try utf8Text(c.pointee.api_key!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__CreateKeyResponse> {
    let c = arena.allocate(Martlet__V1__CreateKeyResponse.self)
    martlet__v1__create_key_response__init(c)
    c.pointee.key = key?.makeC(arena)
    c.pointee.api_key = arena.text(apiKey)
    return c
  }
}

extension MartletV1.ListKeysRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ListKeysRequest>? {
    martlet__v1__list_keys_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ListKeysRequest>) throws(ProtobufError) {
    self.init()
    tenant = try utf8Text(c.pointee.tenant!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ListKeysRequest> {
    let c = arena.allocate(Martlet__V1__ListKeysRequest.self)
    martlet__v1__list_keys_request__init(c)
    c.pointee.tenant = arena.text(tenant)
    return c
  }
}

extension MartletV1.ListKeysResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ListKeysResponse>? {
    martlet__v1__list_keys_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ListKeysResponse>) throws(ProtobufError) {
    self.init()
    keys.reserveCapacity(c.pointee.n_keys)
    for i in 0..<c.pointee.n_keys {
      keys.append(try MartletV1.Key(c: c.pointee.keys[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ListKeysResponse> {
    let c = arena.allocate(Martlet__V1__ListKeysResponse.self)
    martlet__v1__list_keys_response__init(c)
    c.pointee.n_keys = keys.count
    c.pointee.keys = arena.array(keys) { $0.makeC(arena) }
    return c
  }
}

extension MartletV1.RotateKeyRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__RotateKeyRequest>? {
    martlet__v1__rotate_key_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__RotateKeyRequest>) throws(ProtobufError) {
    self.init()
    keyID = try utf8Text(c.pointee.key_id!)
    graceSeconds = c.pointee.grace_seconds
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__RotateKeyRequest> {
    let c = arena.allocate(Martlet__V1__RotateKeyRequest.self)
    martlet__v1__rotate_key_request__init(c)
    c.pointee.key_id = arena.text(keyID)
    c.pointee.grace_seconds = graceSeconds
    return c
  }
}

extension MartletV1.RotateKeyResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__RotateKeyResponse>? {
    martlet__v1__rotate_key_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__RotateKeyResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.key {
      key = try MartletV1.Key(c: value)
    }
    apiKey = try utf8Text(c.pointee.api_key!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__RotateKeyResponse> {
    let c = arena.allocate(Martlet__V1__RotateKeyResponse.self)
    martlet__v1__rotate_key_response__init(c)
    c.pointee.key = key?.makeC(arena)
    c.pointee.api_key = arena.text(apiKey)
    return c
  }
}

extension MartletV1.RevokeKeyRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__RevokeKeyRequest>? {
    martlet__v1__revoke_key_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__RevokeKeyRequest>) throws(ProtobufError) {
    self.init()
    keyID = try utf8Text(c.pointee.key_id!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__RevokeKeyRequest> {
    let c = arena.allocate(Martlet__V1__RevokeKeyRequest.self)
    martlet__v1__revoke_key_request__init(c)
    c.pointee.key_id = arena.text(keyID)
    return c
  }
}

extension MartletV1.RevokeKeyResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__RevokeKeyResponse>? {
    martlet__v1__revoke_key_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__RevokeKeyResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.key {
      key = try MartletV1.Key(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__RevokeKeyResponse> {
    let c = arena.allocate(Martlet__V1__RevokeKeyResponse.self)
    martlet__v1__revoke_key_response__init(c)
    c.pointee.key = key?.makeC(arena)
    return c
  }
}

extension MartletV1.AuditEntry: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__AuditEntry>? {
    martlet__v1__audit_entry__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__AuditEntry>) throws(ProtobufError) {
    self.init()
    sequence = c.pointee.sequence
    atMs = c.pointee.at_ms
    tenant = try utf8Text(c.pointee.tenant!)
    actor = try utf8Text(c.pointee.actor!)
    action = try utf8Text(c.pointee.action!)
    subject = try utf8Text(c.pointee.subject!)
    outcome = try utf8Text(c.pointee.outcome!)
    hash = bytes(c.pointee.hash)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__AuditEntry> {
    let c = arena.allocate(Martlet__V1__AuditEntry.self)
    martlet__v1__audit_entry__init(c)
    c.pointee.sequence = sequence
    c.pointee.at_ms = atMs
    c.pointee.tenant = arena.text(tenant)
    c.pointee.actor = arena.text(actor)
    c.pointee.action = arena.text(action)
    c.pointee.subject = arena.text(subject)
    c.pointee.outcome = arena.text(outcome)
    c.pointee.hash = arena.bytes(hash)
    return c
  }
}

extension MartletV1.ListAuditRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ListAuditRequest>? {
    martlet__v1__list_audit_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ListAuditRequest>) throws(ProtobufError) {
    self.init()
    tenant = try utf8Text(c.pointee.tenant!)
    afterSequence = c.pointee.after_sequence
    limit = c.pointee.limit
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ListAuditRequest> {
    let c = arena.allocate(Martlet__V1__ListAuditRequest.self)
    martlet__v1__list_audit_request__init(c)
    c.pointee.tenant = arena.text(tenant)
    c.pointee.after_sequence = afterSequence
    c.pointee.limit = limit
    return c
  }
}

extension MartletV1.ListAuditResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ListAuditResponse>? {
    martlet__v1__list_audit_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ListAuditResponse>) throws(ProtobufError) {
    self.init()
    entries.reserveCapacity(c.pointee.n_entries)
    for i in 0..<c.pointee.n_entries {
      entries.append(try MartletV1.AuditEntry(c: c.pointee.entries[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ListAuditResponse> {
    let c = arena.allocate(Martlet__V1__ListAuditResponse.self)
    martlet__v1__list_audit_response__init(c)
    c.pointee.n_entries = entries.count
    c.pointee.entries = arena.array(entries) { $0.makeC(arena) }
    return c
  }
}
