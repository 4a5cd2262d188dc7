internal import Telemetry

/// What an operator can see of the auth service.
struct AuthMetrics: Sendable {
  private let metrics: Metrics
  /// Watches that are open.
  let watchers: Gauge
  /// 1 when the audit log was found to be broken at the start.
  let auditChainBroken: Gauge
  /// Calls that the store could not serve.
  let storeFailures: Counter
  /// Reports of usage that were counted.
  let usageReports: Counter

  init(_ metrics: Metrics) {
    self.metrics = metrics
    watchers = metrics.gauge("martlet_auth_watchers", help: "Open watches.")
    auditChainBroken = metrics.gauge(
      "martlet_auth_audit_chain_broken",
      help: "1 when the audit log was changed outside of the service.")
    storeFailures = metrics.counter(
      "martlet_auth_store_failures_total", help: "Calls that the store could not serve.")
    usageReports = metrics.counter(
      "martlet_auth_usage_reports_total", help: "Reports of usage that were counted.")
  }

  /// Keys judged, by verdict.
  func countCheck(_ verdict: String) {
    metrics.counter(
      "martlet_auth_checks_total", help: "Keys judged.", labels: ["verdict": verdict]
    ).add()
  }

  /// Management calls, by method and outcome.
  func countManagement(_ method: String, _ outcome: String) {
    metrics.counter(
      "martlet_auth_management_total", help: "Calls that manage tenants and keys.",
      labels: ["method": method, "outcome": outcome]
    ).add()
  }
}
