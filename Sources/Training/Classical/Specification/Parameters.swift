internal import JSON

/// The parameters of one estimator, as scikit-learn names them: each is asked for by name, type and
/// range, and whatever nobody asked for is refused at the end.
struct Parameters {
  private let owner: String
  private var values: [String: JSONValue] = [:]
  private var known: [String] = []

  /// `owner` is how sentences name what the parameters are of.
  init(_ value: JSONValue?, owner: String) throws(TrainingError) {
    self.owner = owner
    switch value {
    case nil, .null: break
    case .object(let members): for member in members { values[member.name] = member.value }
    case let other?:
      throw TrainingError(
        .specification, "\(owner): expected an object of parameters, got \(other.kind)")
    }
  }

  /// The value as it is; nil if it is left out or null.
  mutating func value(_ name: String) -> JSONValue? {
    known.append(name)
    guard let value = values[name], value != .null else { return nil }
    return value
  }

  /// Whether the specification says null, which for some parameters is not the default.
  func isNull(_ name: String) -> Bool { values[name] == .null }

  mutating func bool(_ name: String, default standard: Bool) throws(TrainingError) -> Bool {
    guard let value = value(name) else { return standard }
    guard case .bool(let bool) = value else { throw wrong(name, "true or false", value) }
    return bool
  }

  mutating func integer(
    _ name: String, default standard: Int, in range: ClosedRange<Int>
  ) throws(TrainingError) -> Int {
    try optionalInteger(name, in: range) ?? standard
  }

  mutating func optionalInteger(
    _ name: String, in range: ClosedRange<Int>
  ) throws(TrainingError) -> Int? {
    guard let value = value(name) else { return nil }
    guard case .integer(let integer) = value, range.contains(Int(integer)) else {
      throw wrong(name, "a whole number \(Self.describe(range))", value)
    }
    return Int(integer)
  }

  /// A number of at least `low`, or above it if `above` says so.
  mutating func number(
    _ name: String, default standard: Double, from low: Double = -.greatestFiniteMagnitude,
    above: Bool = false, to high: Double = .greatestFiniteMagnitude
  ) throws(TrainingError) -> Double {
    guard let value = value(name) else { return standard }
    guard let number = Self.number(value), number >= low, !above || number > low, number <= high
    else {
      var range = "a number"
      if low > -.greatestFiniteMagnitude { range += " \(above ? "above" : "of at least") \(low)" }
      if high < .greatestFiniteMagnitude { range += " and at most \(high)" }
      throw wrong(name, range, value)
    }
    return number
  }

  /// One of some words.
  mutating func choice(
    _ name: String, default standard: String, among words: [String]
  ) throws(TrainingError) -> String {
    guard let value = value(name) else { return standard }
    guard case .string(let word) = value, words.contains(word) else {
      throw wrong(name, Self.list(words.map { "\"\($0)\"" }), value)
    }
    return word
  }

  /// A parameter of scikit-learn's that only one value is supported of.
  mutating func only(_ name: String, _ allowed: JSONValue) throws(TrainingError) {
    known.append(name)
    guard let value = values[name], value != allowed else { return }
    throw wrong(name, "\(Self.text(allowed)), the only value that is supported", value)
  }

  /// Parameters that change no result: they may be there.
  mutating func ignored(_ names: String...) { known += names }

  /// Refuses what nobody asked for.
  func finish() throws(TrainingError) {
    guard let stranger = values.keys.sorted().first(where: { !known.contains($0) }) else { return }
    throw TrainingError(
      .specification,
      "\(owner): unknown parameter '\(stranger)'; it has \(known.sorted().joined(separator: ", "))")
  }

  /// The error of a value that is not what was expected.
  func wrong(_ name: String, _ expected: String, _ got: JSONValue) -> TrainingError {
    TrainingError(
      .specification, "\(owner): '\(name)': expected \(expected), got \(Self.text(got))")
  }

  /// A number, whole or not.
  static func number(_ value: JSONValue) -> Double? {
    switch value {
    case .integer(let integer): Double(integer)
    case .unsigned(let integer): Double(integer)
    case .real(let real): real
    default: nil
    }
  }

  /// A value as people read it, cut to a line.
  static func text(_ value: JSONValue) -> String {
    let text = String(decoding: value.serialized(), as: UTF8.self)
    return text.count > 60 ? "\(text.prefix(57))..." : text
  }

  /// "a, b or c".
  static func list(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "nothing" }
    return "\(words.dropLast().joined(separator: ", ")) or \(last)"
  }

  private static func describe(_ range: ClosedRange<Int>) -> String {
    range.upperBound >= Int(Int32.max)
      ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
  }
}
