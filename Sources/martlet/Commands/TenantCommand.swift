internal import ArgumentParser
internal import Protocols

/// `martlet tenant`: needs an administrator's key.
struct TenantCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenant", abstract: "Create, list and delete tenants (needs an admin key).",
    subcommands: [Create.self, List.self, Delete.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Create a tenant.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "1–63 characters: a–z, 0–9 and -.") var name: String
    @Option(help: "Requests per second its keys may make together; 0: the gateway's default.")
    var requestsPerSecond: UInt32 = 0

    func run() async throws {
      var request = MartletV1.CreateTenantRequest()
      request.name = name
      if requestsPerSecond > 0 {
        var quota = MartletV1.Quota()
        quota.requestsPerSecond = requestsPerSecond
        request.quota = quota
      }
      let response: MartletV1.CreateTenantResponse = try await options.connect().call(
        "/martlet.v1.Tenants/CreateTenant", request)
      print(response.tenant?.name ?? name)
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the tenants.")
    @OptionGroup var options: ClientOptions
    @Flag(help: "Print one JSON document.") var json = false

    private struct Row: Encodable {
      var name: String
      var createdAt: String
    }

    func run() async throws {
      let response: MartletV1.ListTenantsResponse = try await options.connect().call(
        "/martlet.v1.Tenants/ListTenants", MartletV1.ListTenantsRequest())
      let rows = response.tenants.map {
        Row(name: $0.name, createdAt: Output.date($0.createdAtMs))
      }
      if json { return try Output.json(rows) }
      Output.table(["TENANT", "CREATED"], rows.map { [$0.name, $0.createdAt] })
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Delete a tenant and revoke all of its keys.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The tenant.") var name: String

    func run() async throws {
      var request = MartletV1.DeleteTenantRequest()
      request.name = name
      let _: MartletV1.DeleteTenantResponse = try await options.connect().call(
        "/martlet.v1.Tenants/DeleteTenant", request)
    }
  }
}
