import Crypto
import Protocols
import RPC
import Testing

@testable import AuthService

@Suite struct ServiceTests {
  private func check(_ key: String, _ client: Client) async throws -> MartletV1.CheckResponse {
    var request = MartletV1.CheckRequest()
    request.apiKey = key
    return try await client.unary("/martlet.v1.Auth/Check", request)
  }

  private func createKey(
    role: String = "", tenant: String = "", _ client: Client, as metadata: Metadata
  ) async throws -> MartletV1.CreateKeyResponse {
    var request = MartletV1.CreateKeyRequest()
    request.role = role
    request.tenant = tenant
    return try await client.unary("/martlet.v1.Keys/CreateKey", request, metadata: metadata)
  }

  @Test func aGatewayManagesAndChecksOnBehalfOfAnAdministrator() async throws {
    let fixture = try await ServiceFixture()
    let client = try fixture.client(.gateway)
    var tenant = MartletV1.CreateTenantRequest()
    tenant.name = "acme"
    tenant.quota = MartletV1.Quota()
    tenant.quota?.requestsPerSecond = 7
    let made: MartletV1.CreateTenantResponse = try await client.unary(
      "/martlet.v1.Tenants/CreateTenant", tenant, metadata: fixture.admin)
    #expect(made.tenant?.name == "acme")

    let created = try await createKey(
      role: "deploy", tenant: "acme", client, as: fixture.admin)
    let good = try await check(created.apiKey, client)
    #expect(good.verdict == .allowed)
    #expect(good.grant?.tenant == "acme")
    #expect(good.grant?.actions == [.infer, .deploy])
    #expect(good.grant?.modelPatterns == ["*"])
    #expect(good.grant?.quota?.requestsPerSecond == 7)
    #expect(good.keyID == created.key?.id)

    var revoke = MartletV1.RevokeKeyRequest()
    revoke.keyID = good.keyID
    let revoked: MartletV1.RevokeKeyResponse = try await client.unary(
      "/martlet.v1.Keys/RevokeKey", revoke, metadata: fixture.admin)
    #expect((revoked.key?.revokedAtMs ?? 0) > 0)
    let bad = try await check(created.apiKey, client)
    #expect(bad.verdict == .revoked)
    #expect(bad.grant == nil)
    #expect(bad.revision > good.revision)

    let audit: MartletV1.ListAuditResponse = try await client.unary(
      "/martlet.v1.Keys/ListAudit", MartletV1.ListAuditRequest(), metadata: fixture.admin)
    #expect(audit.entries.first?.action == "key.bootstrap")
    await fixture.server.drain()
  }

  @Test func peersOfOtherRolesGetNoConnection() async throws {
    let fixture = try await ServiceFixture()
    let client = try fixture.client(.auth)
    await expectStatus(.unavailable) { try await check(fixture.adminKey.secretText, client) }
    await fixture.server.drain()
  }

  /// A model service reports what was used, and that is all it may.
  @Test func aModelServiceMayReportAndNothingElse() async throws {
    let fixture = try await ServiceFixture()
    let client = try fixture.client(.model)
    await expectStatus(.permissionDenied) {
      try await check(fixture.adminKey.secretText, client)
    }
    await expectStatus(.permissionDenied) { try await createKey(client, as: fixture.admin) }
    await expectStatus(.permissionDenied) {
      let _: MartletV1.ListUsageResponse = try await client.unary(
        "/martlet.v1.Usage/ListUsage", MartletV1.ListUsageRequest(), metadata: fixture.admin)
    }
    let watch: ResponseStream<MartletV1.WatchEvent> = try await client.serverStreaming(
      "/martlet.v1.Auth/Watch", MartletV1.WatchRequest())
    await expectStatus(.permissionDenied) { for try await _ in watch {} }

    var report = MartletV1.ReportRequest()
    (report.reporter, report.sequence) = ("one", 1)
    var amount = MartletV1.UsageAmount()
    (amount.tenant, amount.keyID, amount.model) = ("system", fixture.adminKey.id, "llm")
    (amount.requests, amount.promptTokens, amount.generatedTokens) = (1, 20, 30)
    report.amounts = [amount]
    for _ in 0..<2 {
      let _: MartletV1.ReportResponse = try await client.unary(
        "/martlet.v1.Metering/Report", report)
    }
    let gateway = try fixture.client(.gateway)
    await expectStatus(.permissionDenied) {
      let _: MartletV1.ReportResponse = try await gateway.unary(
        "/martlet.v1.Metering/Report", report)
    }
    let listed: MartletV1.ListUsageResponse = try await gateway.unary(
      "/martlet.v1.Usage/ListUsage", MartletV1.ListUsageRequest(), metadata: fixture.admin)
    #expect(listed.usage.map(\.amount) == [amount])
    #expect(listed.usage.allSatisfy { $0.dayMs > 0 && $0.dayMs % 86_400_000 == 0 })
    await fixture.server.drain()
  }

  @Test func aPeerWithoutACertificateGetsNoConnection() async throws {
    let fixture = try await ServiceFixture()
    let client = try fixture.client(nil)
    await expectStatus(.unavailable) { try await check(fixture.adminKey.secretText, client) }
    await fixture.server.drain()
  }

  @Test func aManagementCallWithoutAnIdentityIsRefused() async throws {
    let fixture = try await ServiceFixture()
    let client = try fixture.client(.gateway)
    var twice = fixture.admin
    twice.add("x-martlet-key", "anotherkey00")
    let unknown = identity(tenant: "system", key: "nosuchkey000")
    let mismatched = identity(tenant: "acme", key: fixture.adminKey.id)
    for metadata in [Metadata(), ["x-martlet-tenant": "system"], twice, unknown, mismatched] {
      await expectStatus(.unauthenticated) { try await createKey(client, as: metadata) }
    }
    // What the gateway says about rights is not asked for: the store knows better.
    let manager = try await createKey(role: "infer", client, as: fixture.admin)
    var boastful = identity(tenant: "system", key: manager.key?.id ?? "")
    boastful.add("x-martlet-rights", "infer,deploy,keys,admin")
    await expectStatus(.permissionDenied) { try await createKey(client, as: boastful) }
    await fixture.server.drain()
  }

  @Test func badRequestsGetTheirStatusAndTheServiceGoesOn() async throws {
    let fixture = try await ServiceFixture()
    let client = try fixture.client(.gateway)
    await expectStatus(.invalidArgument) {
      try await createKey(role: "root", client, as: fixture.admin)
    }
    await expectStatus(.notFound) {
      try await createKey(tenant: "nobody", client, as: fixture.admin)
    }
    await expectStatus(.internalError) {
      try await client.unary("/martlet.v1.Auth/Check", [0x0A, 0xFF] as [UInt8])
    }
    await expectStatus(.unimplemented) {
      try await client.unary("/martlet.v1.Auth/Nothing", [] as [UInt8])
    }
    let large = String(repeating: "x", count: 1 << 19)
    await expectStatus(.resourceExhausted) { try await check(large, client) }
    #expect(try await check("mk_nonsense", client).verdict == .unknownKey)
    await fixture.server.drain()
  }

  @Test func aWatchTellsOfARevocationAndEndsWhenTheServiceStops() async throws {
    let fixture = try await ServiceFixture()
    let client = try fixture.client(.gateway)
    let created = try await createKey(client, as: fixture.admin)
    let stream: ResponseStream<MartletV1.WatchEvent> = try await client.serverStreaming(
      "/martlet.v1.Auth/Watch", MartletV1.WatchRequest())
    #expect(try await stream.next()?.change == .resync(true))
    var revoke = MartletV1.RevokeKeyRequest()
    revoke.keyID = created.key?.id ?? ""
    let _: MartletV1.RevokeKeyResponse = try await client.unary(
      "/martlet.v1.Keys/RevokeKey", revoke, metadata: fixture.admin)
    var event = try await stream.next()
    while event?.change == .heartbeat(true) { event = try await stream.next() }
    #expect(event?.change == .keyID(revoke.keyID))
    async let drained: Void = fixture.server.drain()
    await expectStatus(.unavailable) {
      while try await stream.next() != nil {}
    }
    await drained
  }

  @Test func healthIsOpenToAGatewayThatSpeaksForNobody() async throws {
    let fixture = try await ServiceFixture()
    let client = try fixture.client(.gateway)
    let answer: GRPCHealthV1.HealthCheckResponse = try await client.unary(
      "/grpc.health.v1.Health/Check", GRPCHealthV1.HealthCheckRequest())
    #expect(answer.status == .serving)
    await fixture.server.drain()
  }

  @Test func aSecondStartOnTheSameFilesKnowsTheSameKeys() async throws {
    let fixture = try await ServiceFixture()
    let created = try await createKey(try fixture.client(.gateway), as: fixture.admin)
    await fixture.server.drain()
    let second = try AuthServer(ServiceFixture.configuration(fixture.directory))
    try await second.start()
    let client = try fixture.client(.gateway, of: second)
    #expect(try await check(created.apiKey, client).verdict == .allowed)
    #expect(try await check(fixture.adminKey.secretText, client).verdict == .allowed)
    await second.drain()
  }
}
