internal import Synchronization

/// The registry of one process: hands out counters, gauges and histograms, and sums them up when
/// it is scraped. Registering locks and allocates; using a handle does neither.
///
/// Names follow Prometheus: `martlet_gateway_requests_total`, units last and in base units.
/// Asking twice for the same name and labels gives the same series.
public final class Metrics: Sendable {
  enum Kind: String, Sendable {
    case counter, gauge, histogram
  }

  enum Value: Sendable {
    case counter(Counter)
    case gauge(Gauge)
    case measured(@Sendable () -> Double)
    case histogram(Histogram)
  }

  struct Series: Sendable {
    var labels: [(name: String, value: String)]
    var value: Value
  }

  struct Family: Sendable {
    var name: String
    var help: String
    var kind: Kind
    var series: [Series] = []
    var indices: [String: Int] = [:]
  }

  private struct State: Sendable {
    var families: [Family] = []
    var indices: [String: Int] = [:]
  }

  /// Series of one name before further label values are counted together as `other`: a peer
  /// must not be able to fill memory by making up names.
  public let seriesPerNameMax: Int
  /// Groups of cells that do not share cache lines: one for each loop.
  public let shardCount: Int

  private let state = Mutex(State())

  /// A registry without metrics.
  public init(shardCount: Int = 8, seriesPerNameMax: Int = 1_000) {
    precondition(shardCount > 0, "expected at least one shard, got \(shardCount)")
    self.shardCount = shardCount
    self.seriesPerNameMax = seriesPerNameMax
  }

  /// A number that only grows; its name ends in `_total`.
  public func counter(
    _ name: String, help: String, labels: KeyValuePairs<String, String> = [:]
  ) -> Counter {
    let value = register(name, help, .counter, labels) {
      .counter(Counter(cells: Cells(width: 1, shardCount: shardCount)))
    }
    guard case .counter(let counter) = value else { preconditionFailure("kind was checked") }
    return counter
  }

  /// A number that goes up and down.
  public func gauge(
    _ name: String, help: String, labels: KeyValuePairs<String, String> = [:]
  ) -> Gauge {
    let value = register(name, help, .gauge, labels) {
      .gauge(Gauge(cells: Cells(width: 1, shardCount: shardCount)))
    }
    guard case .gauge(let gauge) = value else {
      preconditionFailure("\(name) was registered as a measured gauge")
    }
    return gauge
  }

  /// A gauge whose value is asked for when it is scraped, on the scraper's thread.
  public func gauge(
    _ name: String, help: String, labels: KeyValuePairs<String, String> = [:],
    measure: @escaping @Sendable () -> Double
  ) {
    _ = register(name, help, .gauge, labels) { .measured(measure) }
  }

  /// Counts by size; see ``Histogram`` for the units.
  public func histogram(
    _ name: String, help: String, labels: KeyValuePairs<String, String> = [:],
    bounds: [UInt64] = Histogram.durationBounds, scale: Double = 1e-9
  ) -> Histogram {
    let value = register(name, help, .histogram, labels) {
      .histogram(Histogram(bounds: bounds, scale: scale, shardCount: shardCount))
    }
    guard case .histogram(let histogram) = value else {
      preconditionFailure("kind was checked")
    }
    return histogram
  }

  /// Everything in Prometheus' text format, version 0.0.4.
  public func render() -> [UInt8] {
    let families = state.withLock { $0.families }
    var text = PrometheusText()
    for family in families { text.append(family) }
    return text.bytes
  }

  private func register(
    _ name: String, _ help: String, _ kind: Kind, _ labels: KeyValuePairs<String, String>,
    _ make: () -> Value
  ) -> Value {
    PrometheusText.check(name: name, labels: labels)
    return state.withLock { state in
      let familyIndex: Int
      if let known = state.indices[name] {
        familyIndex = known
        precondition(
          state.families[known].kind == kind,
          "\(name): expected a \(state.families[known].kind.rawValue), got a \(kind.rawValue)")
      } else {
        familyIndex = state.families.count
        state.indices[name] = familyIndex
        state.families.append(Family(name: name, help: help, kind: kind))
      }
      var pairs = labels.map { (name: $0.key, value: $0.value) }
      let known = state.families[familyIndex].indices[Self.key(pairs)]
      if known == nil, state.families[familyIndex].series.count >= seriesPerNameMax {
        pairs = pairs.map { (name: $0.name, value: "other") }
      }
      let key = Self.key(pairs)
      if let index = state.families[familyIndex].indices[key] {
        return state.families[familyIndex].series[index].value
      }
      let value = make()
      state.families[familyIndex].indices[key] = state.families[familyIndex].series.count
      state.families[familyIndex].series.append(Series(labels: pairs, value: value))
      return value
    }
  }

  private static func key(_ labels: [(name: String, value: String)]) -> String {
    labels.map { "\($0.name)\u{0}\($0.value)" }.joined(separator: "\u{0}\u{0}")
  }
}
