internal import Gateway
internal import Yams

/// The gateway's limits as a file of their own, `NAME: NUMBER` a line, for `martlet up --limits`.
enum LimitsFile {
  /// Reads a file and checks its names.
  static func read(_ path: String) throws(CommandFailure) -> [String: Double] {
    let text = String(decoding: try FileBytes.read(path), as: UTF8.self)
    let values: [String: Double]
    do {
      values = try YAMLDecoder().decode([String: Double].self, from: text)
    } catch {
      throw CommandFailure(
        .configuration, "'\(path)': expected lines of 'NAME: NUMBER' (docs/limits.md)")
    }
    var limits = GatewayLimits()
    try apply(values, to: &limits, "'\(path)'")
    return values
  }

  /// Sets limits by name. A name that nobody knows is a mistake worth telling.
  static func apply(
    _ values: [String: Double], to limits: inout GatewayLimits, _ place: String
  ) throws(CommandFailure) {
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      guard let setting = LimitSetting.named(name) else {
        let names = LimitSetting.all.map(\.name).joined(separator: ", ")
        throw CommandFailure(
          .configuration, "\(place): unknown limit '\(name)'; expected \(names)")
      }
      if let expected = setting.expected(insteadOf: value) {
        throw CommandFailure(
          .configuration, "\(place): limit '\(name)': expected \(expected), got \(value)")
      }
      setting.apply(value, to: &limits)
    }
  }
}
