internal import Protocols
internal import RPC
internal import Telemetry

/// martlet.v1.Metering, for model services, and martlet.v1.Usage.
extension AuthHandlers {
  func registerUsage(on server: Server) {
    server.unary("/martlet.v1.Metering/Report") {
      (request: MartletV1.ReportRequest, context: CallContext) in
      try require("model", context)
      let isNew = try await answering {
        try await logic.report(UsageReport(request), now: now())
      }
      metrics.usageReports.add(isNew ? 1 : 0)
      return MartletV1.ReportResponse()
    }
    server.unary("/martlet.v1.Usage/ListUsage") {
      (request: MartletV1.ListUsageRequest, context: CallContext) in
      try await manage("ListUsage", context) { identity, now in
        var response = MartletV1.ListUsageResponse()
        response.usage = try await logic.listUsage(
          tenant: request.tenant,
          days: request.days == 0 ? 30 : Int(request.days),
          as: identity, now: now
        ).map { MartletV1.DailyUsage($0) }
        return response
      }
    }
  }
}

extension UsageReport {
  fileprivate init(_ request: MartletV1.ReportRequest) {
    self.init(
      reporter: request.reporter, sequence: request.sequence,
      amounts: request.amounts.map {
        UsageAmount(
          tenant: $0.tenant, keyID: $0.keyID, model: $0.model, requests: $0.requests,
          promptTokens: $0.promptTokens, cachedTokens: $0.cachedTokens,
          generatedTokens: $0.generatedTokens)
      })
  }
}

extension MartletV1.DailyUsage {
  fileprivate init(_ usage: DailyUsage) {
    self.init()
    dayMs = usage.day.start.milliseconds
    var amount = MartletV1.UsageAmount()
    (amount.tenant, amount.keyID) = (usage.amount.tenant, usage.amount.keyID)
    amount.model = usage.amount.model
    amount.requests = usage.amount.requests
    amount.promptTokens = usage.amount.promptTokens
    amount.cachedTokens = usage.amount.cachedTokens
    amount.generatedTokens = usage.amount.generatedTokens
    self.amount = amount
  }
}
