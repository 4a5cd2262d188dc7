/// Prometheus' text exposition format (version 0.0.4): one HELP and TYPE line per name, then a
/// line per series.
struct PrometheusText {
  private(set) var bytes: [UInt8] = []

  static func check(name: String, labels: KeyValuePairs<String, String>) {
    precondition(isName(name, colons: true), "'\(name)' is not a metric name")
    for (label, _) in labels {
      precondition(
        isName(label, colons: false) && !label.hasPrefix("__") && label != "le",
        "'\(label)' is not a label name")
    }
  }

  private static func isName(_ name: String, colons: Bool) -> Bool {
    guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
      case 0x3A: colons
      default: false
      }
    }
  }

  mutating func append(_ family: Metrics.Family) {
    append("# HELP ", family.name, " ")
    appendEscaped(family.help, quotes: false)
    append("\n# TYPE ", family.name, " ", family.kind.rawValue, "\n")
    for series in family.series { append(series, of: family.name) }
  }

  private mutating func append(_ series: Metrics.Series, of name: String) {
    switch series.value {
    case .counter(let counter): line(name, series.labels, "\(counter.value)")
    case .gauge(let gauge): line(name, series.labels, "\(gauge.value)")
    case .measured(let measure): line(name, series.labels, Self.text(measure()))
    case .histogram(let histogram): append(histogram, name, series.labels)
    }
  }

  private mutating func append(
    _ histogram: Histogram, _ name: String, _ labels: [(name: String, value: String)]
  ) {
    // Buckets are read once and summed here, so that a count never contradicts its buckets
    // while loops go on observing.
    var cumulative: UInt64 = 0
    for (index, bound) in histogram.bounds.enumerated() {
      cumulative &+= histogram.count(inBucket: index)
      let le = Self.text(Double(bound) * histogram.scale)
      line("\(name)_bucket", labels + [("le", le)], "\(cumulative)")
    }
    cumulative &+= histogram.count(inBucket: histogram.bounds.count)
    line("\(name)_bucket", labels + [("le", "+Inf")], "\(cumulative)")
    line("\(name)_sum", labels, Self.text(Double(histogram.sum) * histogram.scale))
    line("\(name)_count", labels, "\(cumulative)")
  }

  private mutating func line(
    _ name: String, _ labels: [(name: String, value: String)], _ value: String
  ) {
    append(name)
    if !labels.isEmpty {
      append("{")
      for (index, label) in labels.enumerated() {
        if index > 0 { append(",") }
        append(label.name, "=\"")
        appendEscaped(label.value, quotes: true)
        append("\"")
      }
      append("}")
    }
    append(" ", value, "\n")
  }

  private static func text(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    // Scaled bounds such as 50_000 × 1e-9 pick up noise in the 17th digit; 15 are exact.
    let rounded = (value * 1e12).rounded() / 1e12
    return "\(abs(value) < 1e3 ? rounded : value)"
  }

  private mutating func append(_ parts: String...) {
    for part in parts { bytes.append(contentsOf: part.utf8) }
  }

  private mutating func appendEscaped(_ text: String, quotes: Bool) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): append("\\\\")
      case UInt8(ascii: "\n"): append("\\n")
      case UInt8(ascii: "\""): append(quotes ? "\\\"" : "\"")
      default: bytes.append(byte)
      }
    }
  }
}
