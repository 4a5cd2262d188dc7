internal import Glibc
internal import Protocols

/// The metrics of a training over its epochs, as a drawing: a panel for each metric, with the
/// validation's curve (`val_…`) in the same one. An epoch that is trained again replaces what it gave
/// before.
struct LearningCurves {
  private var epochs: [Int: [String: Double]] = [:]
  private var names: [String] = []

  private static let panel = (width: 460.0, height: 300.0)
  private static let margin = (left: 64.0, right: 16.0, top: 40.0, bottom: 44.0)
  private static let trainingColor = "#1f6feb"
  private static let validationColor = "#d1600a"
  /// More panels than this make no drawing.
  private static let panelCountMax = 8

  /// Whether there is nothing to draw.
  var isEmpty: Bool { epochs.isEmpty }

  /// Takes the end of an epoch; other reports are left out.
  mutating func add(_ progress: MartletV1.TrainingProgress) {
    guard progress.endsEpoch else { return }
    epochs[Int(progress.epoch)] = Dictionary(
      progress.metrics.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    for metric in progress.metrics where !names.contains(metric.name) { names.append(metric.name) }
  }

  /// The drawing.
  func svg(title: String) -> String {
    let families = names.filter {
      !$0.hasPrefix("val_") || !names.contains(String($0.dropFirst(4)))
    }
    .prefix(Self.panelCountMax)
    let width = Self.panel.width * Double(max(1, families.count))
    let height = Self.panel.height
    var parts = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(Self.text(width))" height="\(Self.text(height))" \
      viewBox="0 0 \(Self.text(width)) \(Self.text(height))" font-family="sans-serif" font-size="12">
      <title>\(Self.escaped(title))</title>
      <rect width="100%" height="100%" fill="#ffffff"/>
      """
    ]
    for (index, name) in families.enumerated() {
      parts.append(
        "<g transform=\"translate(\(Self.text(Double(index) * Self.panel.width)) 0)\">")
      parts += draw(name)
      parts.append("</g>")
    }
    return (parts + ["</svg>", ""]).joined(separator: "\n")
  }

  private func points(_ name: String) -> [(x: Double, y: Double)] {
    epochs.keys.sorted().compactMap { epoch in
      epochs[epoch]?[name].flatMap { $0.isFinite ? (Double(epoch), $0) : nil }
    }
  }

  private func draw(_ name: String) -> [String] {
    let curves = [
      (name, Self.trainingColor), ("val_" + name, Self.validationColor),
    ].map { (name: $0.0, color: $0.1, points: points($0.0)) }.filter { !$0.points.isEmpty }
    let title =
      "<text x=\"\(Self.text(Self.margin.left))\" y=\"22\" font-size=\"14\">"
      + "\(Self.escaped(name))</text>"
    guard !curves.isEmpty else {
      return [title, "<text x=\"64\" y=\"60\" fill=\"#666666\">no finite values</text>"]
    }
    let all = curves.flatMap(\.points)
    let x = Axis(
      all.map(\.x), whole: true, from: Self.margin.left,
      to: Self.panel.width - Self.margin.right)
    let y = Axis(
      all.map(\.y), whole: false, from: Self.panel.height - Self.margin.bottom,
      to: Self.margin.top)
    var parts = [title] + grid(x, y)
    for (index, curve) in curves.enumerated() {
      let path = curve.points.map { "\(Self.text(x.place($0.x))),\(Self.text(y.place($0.y)))" }
      parts.append(
        "<polyline fill=\"none\" stroke=\"\(curve.color)\" stroke-width=\"2\" points=\""
          + path.joined(separator: " ") + "\"/>")
      if curve.points.count <= 60 {
        parts += curve.points.map {
          "<circle cx=\"\(Self.text(x.place($0.x)))\" cy=\"\(Self.text(y.place($0.y)))\" r=\"2.5\" "
            + "fill=\"\(curve.color)\"/>"
        }
      }
      let place = Self.panel.width - Self.margin.right
      parts.append(
        "<text x=\"\(Self.text(place))\" y=\"\(Self.text(14 + 14 * Double(index)))\" "
          + "text-anchor=\"end\" fill=\"\(curve.color)\">\(Self.escaped(curve.name))</text>")
    }
    return parts
  }

  private func grid(_ x: Axis, _ y: Axis) -> [String] {
    let (left, right) = (
      Self.text(Self.margin.left), Self.text(Self.panel.width - Self.margin.right)
    )
    let (top, bottom) = (
      Self.text(Self.margin.top), Self.text(Self.panel.height - Self.margin.bottom)
    )
    var parts: [String] = []
    for tick in y.ticks {
      let place = Self.text(y.place(tick))
      parts.append(
        "<path d=\"M\(left) \(place)H\(right)\" stroke=\"#e4e4e4\"/>"
          + "<text x=\"\(Self.text(Self.margin.left - 8))\" y=\"\(place)\" dy=\"4\" "
          + "text-anchor=\"end\" fill=\"#444444\">\(y.label(tick))</text>")
    }
    for tick in x.ticks {
      let place = Self.text(x.place(tick))
      parts.append(
        "<path d=\"M\(place) \(bottom)v5\" stroke=\"#444444\"/>"
          + "<text x=\"\(place)\" y=\"\(Self.text(Self.panel.height - Self.margin.bottom + 18))\" "
          + "text-anchor=\"middle\" fill=\"#444444\">\(x.label(tick))</text>")
    }
    parts.append(
      "<path d=\"M\(left) \(top)V\(bottom)H\(right)\" fill=\"none\" stroke=\"#444444\"/>")
    parts.append(
      "<text x=\"\(Self.text((Self.margin.left + Self.panel.width - Self.margin.right) / 2))\" "
        + "y=\"\(Self.text(Self.panel.height - 8))\" text-anchor=\"middle\" fill=\"#444444\">epoch</text>"
    )
    return parts
  }

  private static func text(_ value: Double) -> String {
    value == value.rounded() ? String(Int(value)) : Output.fixed(value, 2)
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "<": result += "&lt;"
      case "&": result += "&amp;"
      default: result.append(character)
      }
    }
    return result
  }
}

/// Places values between two edges, with ticks at round ones.
struct Axis {
  private let low, high, step, start, end: Double

  private static let tickCount = 5.0

  /// An axis over finite values, at least one.
  init(_ values: [Double], whole: Bool, from start: Double, to end: Double) {
    var (low, high) = (values.min() ?? 0, values.max() ?? 1)
    if low == high {
      let room = whole ? 1 : max(abs(low) * 0.1, 1e-3)
      (low, high) = (low - room, high + room)
    }
    let raw = (high - low) / Self.tickCount
    let power = pow(10, floor(log10(raw)))
    let step = ([1, 2, 5, 10].first { $0 * power >= raw } ?? 10) * power
    self.step = whole ? max(1, step.rounded()) : step
    self.low = whole ? low : floor(low / self.step) * self.step
    self.high = whole ? high : ceil(high / self.step) * self.step
    (self.start, self.end) = (start, end)
  }

  /// Values worth a label.
  var ticks: [Double] {
    let first = ceil(low / step - 1e-9)
    let last = floor(high / step + 1e-9)
    guard last >= first, last - first < 20 else { return [low, high] }
    return stride(from: first, through: last, by: 1).map { $0 * step }
  }

  /// Where a value lies.
  func place(_ value: Double) -> Double { start + (value - low) / (high - low) * (end - start) }

  /// A tick as a text with as many digits as the step has.
  func label(_ tick: Double) -> String {
    let digits = max(0, Int(-floor(log10(step) + 1e-9)))
    return Output.fixed(abs(tick) < step / 2 ? 0 : tick, min(digits, 9))
  }
}
