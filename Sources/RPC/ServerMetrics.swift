internal import RPCWire
public import Telemetry

/// What a server counts about its connections, and how often each limit was hit. Counting does not
/// lock.
public final class ServerMetrics: Sendable {
  private let opened: Counter
  private let closed: [ConnectionEnd.Reason: Counter]
  private let limits: [ServerLimit: Counter]
  private let http2Limits: [HTTP2Limit: Counter]

  /// Registers the series, so that all of them show from the start.
  public init(_ registry: Metrics) {
    opened = registry.counter(
      "martlet_rpc_connections_total", help: "Connections accepted.")
    closed = Dictionary(
      uniqueKeysWithValues: ConnectionEnd.Reason.all.map { reason in
        (
          reason,
          registry.counter(
            "martlet_rpc_connections_closed_total", help: "Connections that ended, by reason.",
            labels: ["reason": reason.label])
        )
      })
    func limit(_ name: String) -> Counter {
      registry.counter(
        "martlet_rpc_limit_total", help: "How often a limit was hit, by limit (docs/limits.md).",
        labels: ["limit": name])
    }
    limits = Dictionary(
      uniqueKeysWithValues: ServerLimit.allCases.map { ($0, limit($0.rawValue)) })
    http2Limits = Dictionary(
      uniqueKeysWithValues: HTTP2Limit.allCases.map { ($0, limit($0.rawValue)) })
  }

  func connectionOpened(shard: Int) {
    opened.add(shard: shard)
  }

  func connectionClosed(_ reason: ConnectionEnd.Reason, shard: Int) {
    closed[reason]?.add(shard: shard)
    if case .limit(let limit) = reason { exceeded(limit, shard: shard) }
  }

  func exceeded(_ limit: ServerLimit, shard: Int) {
    limits[limit]?.add(shard: shard)
  }

  func exceeded(_ limit: HTTP2Limit, shard: Int) {
    http2Limits[limit]?.add(shard: shard)
  }
}
