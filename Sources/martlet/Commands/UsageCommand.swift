internal import ArgumentParser
internal import Protocols

/// `martlet usage`: a manager's key for its own tenant, an administrator's for any.
struct UsageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "usage",
    abstract: "What keys have used of language models, by day.",
    discussion: """
      Requests, cancelled ones and those under way included, and the tokens of their prompts, those \
      of them that were cached, and those generated. Model services report every few seconds.
      """)
  @OptionGroup var options: ClientOptions
  @Option(help: "The tenant; default: that of the key in use.") var tenant = ""
  @Option(
    parsing: .unconditional, help: "How many days, today (UTC) included; 1 to 400.",
    transform: Number.whole) var days: Int = 30
  @Flag(help: "Print one JSON document.") var json = false

  private struct Row: Encodable {
    var day, tenant, key, model: String
    var requests, promptTokens, cachedTokens, generatedTokens: UInt64
  }

  func run() async throws {
    guard (1...400).contains(days) else {
      throw CommandFailure(.usage, "expected --days of 1 to 400, got \(days)")
    }
    var request = MartletV1.ListUsageRequest()
    request.tenant = tenant
    request.days = UInt32(days)
    let response: MartletV1.ListUsageResponse = try await options.connect().call(
      "/martlet.v1.Usage/ListUsage", request)
    let rows = response.usage.map { usage in
      let amount = usage.amount ?? .init()
      return Row(
        day: String(Output.date(usage.dayMs).prefix(10)), tenant: amount.tenant, key: amount.keyID,
        model: amount.model, requests: amount.requests, promptTokens: amount.promptTokens,
        cachedTokens: amount.cachedTokens, generatedTokens: amount.generatedTokens)
    }
    if json { return try Output.json(rows) }
    Output.table(
      ["DAY", "TENANT", "KEY", "MODEL", "REQUESTS", "PROMPT", "CACHED", "GENERATED"],
      rows.map {
        [
          $0.day, $0.tenant, $0.key, $0.model, "\($0.requests)", "\($0.promptTokens)",
          "\($0.cachedTokens)", "\($0.generatedTokens)",
        ]
      })
  }
}
