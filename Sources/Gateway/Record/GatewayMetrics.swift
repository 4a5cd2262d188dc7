internal import RPC
internal import Synchronization
internal import Telemetry

/// The gateway's metrics. Handles of series that have labels are found by number, so that the
/// hot path never looks up a name; a series appears once it has been counted.
final class GatewayMetrics: Sendable {
  let registry: Metrics
  let cacheHits: Counter
  let cacheMisses: Counter
  let checksFailed: Counter
  let retries: Counter
  let openCalls: Gauge
  let bytesReceived: Counter
  let bytesSent: Counter
  private let rejected: [Refusal: Counter]

  init(shardCount: Int) {
    registry = Metrics(shardCount: shardCount)
    let lookups = "martlet_gateway_key_lookups_total"
    let help = "Keys looked up in the decision cache."
    cacheHits = registry.counter(lookups, help: help, labels: ["result": "hit"])
    cacheMisses = registry.counter(lookups, help: help, labels: ["result": "miss"])
    checksFailed = registry.counter(
      "martlet_gateway_checks_failed_total",
      help: "Questions to the auth service without an answer.")
    retries = registry.counter(
      "martlet_gateway_retries_total", help: "Calls that were sent to a second instance.")
    openCalls = registry.gauge("martlet_gateway_open_calls", help: "Calls open now.")
    bytesReceived = registry.counter(
      "martlet_gateway_received_bytes_total", help: "Body bytes received from clients.")
    bytesSent = registry.counter(
      "martlet_gateway_sent_bytes_total", help: "Body bytes sent to clients.")
    var rejected: [Refusal: Counter] = [:]
    for refusal in Refusal.allCases {
      rejected[refusal] = registry.counter(
        "martlet_gateway_rejected_total", help: "Calls the gateway itself refused, by reason.",
        labels: ["reason": refusal.rawValue])
    }
    self.rejected = rejected
  }

  func reject(_ refusal: Refusal, shard: Int) {
    rejected[refusal]?.add(shard: shard)
  }

  func requests(method: String, status: StatusCode) -> Counter {
    registry.counter(
      "martlet_gateway_requests_total", help: "Calls that ended, by method and gRPC status.",
      labels: ["method": method, "status": status.name])
  }

  func duration(method: String) -> Histogram {
    registry.histogram(
      "martlet_gateway_request_duration_seconds",
      help: "Time from a call's headers to its end, by method.", labels: ["method": method])
  }

  func upstreamsReady(service: String) -> Gauge {
    registry.gauge(
      "martlet_gateway_upstreams_ready",
      help: "Instances that calls go to, summed over event loops.", labels: ["service": service])
  }

  func upstreamConnections(service: String) -> Gauge {
    registry.gauge(
      "martlet_gateway_upstream_connections",
      help: "Connections to instances, summed over event loops.", labels: ["service": service])
  }

  func ejections(service: String) -> Counter {
    registry.counter(
      "martlet_gateway_ejections_total", help: "Instances taken out after failures.",
      labels: ["service": service])
  }
}

/// One loop's handles of the series by method and status.
struct MethodMetrics {
  private let metrics: GatewayMetrics
  private let names: [String]
  private var requests: [Counter?]
  private var durations: [Histogram?]

  /// `names` has one entry for each route, and a last one for methods that do not exist.
  init(_ metrics: GatewayMetrics, names: [String]) {
    self.metrics = metrics
    self.names = names
    requests = Array(repeating: nil, count: names.count * StatusCode.allCases.count)
    durations = Array(repeating: nil, count: names.count)
  }

  mutating func record(_ method: Int, _ status: StatusCode, nanoseconds: UInt64, shard: Int) {
    let index = method * StatusCode.allCases.count + Int(status.rawValue)
    if requests[index] == nil {
      requests[index] = metrics.requests(method: names[method], status: status)
    }
    requests[index]?.add(shard: shard)
    if durations[method] == nil {
      durations[method] = metrics.duration(method: names[method])
    }
    durations[method]?.observe(nanoseconds, shard: shard)
  }
}
