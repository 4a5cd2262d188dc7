internal import Protocols
internal import RPC

/// martlet.v1.Tenants and martlet.v1.Keys.
extension AuthHandlers {
  func registerTenants(on server: Server) {
    server.unary("/martlet.v1.Tenants/CreateTenant") {
      (request: MartletV1.CreateTenantRequest, context: CallContext) in
      try await manage("CreateTenant", context) { identity, now in
        var response = MartletV1.CreateTenantResponse()
        response.tenant = MartletV1.Tenant(
          try await logic.createTenant(
            request.name, quota: request.quota.map(Quota.init) ?? Quota(), as: identity, now: now))
        return response
      }
    }
    server.unary("/martlet.v1.Tenants/ListTenants") {
      (_: MartletV1.ListTenantsRequest, context: CallContext) in
      try await manage("ListTenants", context) { identity, now in
        var response = MartletV1.ListTenantsResponse()
        response.tenants = try await logic.listTenants(as: identity, now: now)
          .map { MartletV1.Tenant($0) }
        return response
      }
    }
    server.unary("/martlet.v1.Tenants/DeleteTenant") {
      (request: MartletV1.DeleteTenantRequest, context: CallContext) in
      try await manage("DeleteTenant", context) { identity, now in
        try await logic.deleteTenant(request.name, as: identity, now: now)
        return MartletV1.DeleteTenantResponse()
      }
    }
    server.unary("/martlet.v1.Tenants/SetQuota") {
      (request: MartletV1.SetQuotaRequest, context: CallContext) in
      try await manage("SetQuota", context) { identity, now in
        var response = MartletV1.SetQuotaResponse()
        response.tenant = MartletV1.Tenant(
          try await logic.setQuota(
            request.quota.map(Quota.init) ?? Quota(), tenant: request.tenant, as: identity,
            now: now))
        return response
      }
    }
  }

  func registerKeys(on server: Server) {
    server.unary("/martlet.v1.Keys/CreateKey") {
      (request: MartletV1.CreateKeyRequest, context: CallContext) in
      try await manage("CreateKey", context) { identity, now in
        let new = try await logic.createKey(KeySpecification(request), as: identity, now: now)
        var response = MartletV1.CreateKeyResponse()
        response.key = MartletV1.Key(new.record)
        response.apiKey = new.key.secretText
        return response
      }
    }
    server.unary("/martlet.v1.Keys/ListKeys") {
      (request: MartletV1.ListKeysRequest, context: CallContext) in
      try await manage("ListKeys", context) { identity, now in
        var response = MartletV1.ListKeysResponse()
        response.keys = try await logic.listKeys(tenant: request.tenant, as: identity, now: now)
          .map { MartletV1.Key($0) }
        return response
      }
    }
    server.unary("/martlet.v1.Keys/RotateKey") {
      (request: MartletV1.RotateKeyRequest, context: CallContext) in
      try await manage("RotateKey", context) { identity, now in
        let new = try await logic.rotateKey(
          request.keyID, graceSeconds: request.graceSeconds, as: identity, now: now)
        var response = MartletV1.RotateKeyResponse()
        response.key = MartletV1.Key(new.record)
        response.apiKey = new.key.secretText
        return response
      }
    }
    server.unary("/martlet.v1.Keys/RevokeKey") {
      (request: MartletV1.RevokeKeyRequest, context: CallContext) in
      try await manage("RevokeKey", context) { identity, now in
        var response = MartletV1.RevokeKeyResponse()
        response.key = MartletV1.Key(
          try await logic.revokeKey(request.keyID, as: identity, now: now))
        return response
      }
    }
    server.unary("/martlet.v1.Keys/ListAudit") {
      (request: MartletV1.ListAuditRequest, context: CallContext) in
      try await manage("ListAudit", context) { identity, now in
        var response = MartletV1.ListAuditResponse()
        response.entries = try await logic.listAudit(
          tenant: request.tenant, after: request.afterSequence,
          limit: request.limit == 0 ? 100 : Int(request.limit), as: identity, now: now
        ).map { MartletV1.AuditEntry($0) }
        return response
      }
    }
  }
}
