internal import JSON

/// The `config` of a layer, optimizer or other object in Keras's description, read with checks: what is
/// wrong is said with its place, what was expected and what was found. What nobody read is refused at the
/// end, so that no setting is silently without effect.
final class Configuration {
  /// What it configures, for errors: "layer 'conv2d' (Conv2D)".
  let place: String
  private let members: [JSONValue.Member]
  private var read: Set<String> = []

  /// What Keras writes about every object and what has no effect here.
  private static let ignored: Set<String> = [
    "name", "trainable", "dtype", "build_config", "registered_name", "module", "compile_config",
    "batch_shape", "batch_input_shape", "input_dtype", "ragged", "sparse", "optional",
    "is_legacy_optimizer", "jit_compile", "ema_momentum", "ema_overwrite_frequency",
  ]

  init(_ value: JSONValue?, place: String) throws(TrainingError) {
    self.place = place
    switch value {
    case nil, .null: members = []
    case .object(let members): self.members = members
    case .some(let other):
      throw TrainingError(
        .specification, "\(place): config must be an object, got \(other.kind)")
    }
  }

  /// A member; null is as if it were left out.
  subscript(_ key: String) -> JSONValue? {
    read.insert(key)
    guard let value = members.first(where: { $0.name == key })?.value, value != .null else {
      return nil
    }
    return value
  }

  func wrong(_ key: String, expected: String, _ found: JSONValue) -> TrainingError {
    let text = String(decoding: found.serialized().prefix(80), as: UTF8.self)
    return TrainingError(
      .specification, "\(place): \(key) must be \(expected), got \(text)")
  }

  func missing(_ key: String, expected: String) -> TrainingError {
    TrainingError(.specification, "\(place): \(key) is missing; expected \(expected)")
  }

  func int(_ key: String, in range: ClosedRange<Int>) throws(TrainingError) -> Int? {
    guard let value = self[key] else { return nil }
    let expected = "a whole number in \(range.lowerBound)...\(range.upperBound)"
    guard let number = value.wholeNumber, range.contains(number) else {
      throw wrong(key, expected: expected, value)
    }
    return number
  }

  /// A size that must be there.
  func size(_ key: String, in range: ClosedRange<Int> = 1...(1 << 24)) throws(TrainingError) -> Int
  {
    guard let value = try int(key, in: range) else {
      throw missing(key, expected: "a whole number in \(range.lowerBound)...\(range.upperBound)")
    }
    return value
  }

  /// One size for all of `count` dimensions, or one for each.
  func sizes(_ key: String, count: Int) throws(TrainingError) -> [Int]? {
    guard let value = self[key] else { return nil }
    let expected =
      count == 1 ? "a whole number in 1...4096" : "a whole number in 1...4096 or \(count) of them"
    var values: [Int] = []
    if let number = value.wholeNumber {
      values = [Int](repeating: number, count: count)
    } else if case .array(let list) = value {
      values = list.compactMap(\.wholeNumber)
      if values.count != list.count { throw wrong(key, expected: expected, value) }
    }
    guard values.count == count, values.allSatisfy({ (1...4096).contains($0) }) else {
      throw wrong(key, expected: expected, value)
    }
    return values
  }

  func number(
    _ key: String, in range: ClosedRange<Double> = -1e30...1e30
  ) throws(TrainingError) -> Double? {
    guard let value = self[key] else { return nil }
    guard let number = value.number, range.contains(number) else {
      throw wrong(key, expected: "a number in \(range.lowerBound)...\(range.upperBound)", value)
    }
    return number
  }

  func bool(_ key: String, default standard: Bool) throws(TrainingError) -> Bool {
    guard let value = self[key] else { return standard }
    guard case .bool(let flag) = value else { throw wrong(key, expected: "true or false", value) }
    return flag
  }

  func string(_ key: String) throws(TrainingError) -> String? {
    guard let value = self[key] else { return nil }
    guard case .string(let text) = value else { throw wrong(key, expected: "a text", value) }
    return text
  }

  func string(
    _ key: String, among allowed: [String], default standard: String
  ) throws(TrainingError) -> String {
    guard let value = self[key] else { return standard }
    guard case .string(let text) = value, allowed.contains(text) else {
      throw wrong(key, expected: allowed.map { "\"\($0)\"" }.joined(separator: " or "), value)
    }
    return text
  }

  /// Settings that exist in Keras and are only accepted as they are by default.
  func refuse(_ keys: String..., unless standard: JSONValue = .null) throws(TrainingError) {
    for key in keys {
      guard let value = self[key], value != standard else { continue }
      let text = String(decoding: standard.serialized(), as: UTF8.self)
      throw wrong(key, expected: "\(text) (nothing else is supported)", value)
    }
  }

  /// Refuses what nobody read.
  func finish() throws(TrainingError) {
    for member in members
    where !read.contains(member.name) && !Self.ignored.contains(member.name)
      && member.value != .null
    {
      let known = read.sorted().joined(separator: ", ")
      throw TrainingError(
        .specification, "\(place): '\(member.name)' is not known here; known are \(known)")
    }
  }
}

extension JSONValue {
  /// A number without fraction, however it is written.
  var wholeNumber: Int? {
    switch self {
    case .integer(let value): Int(value)
    case .real(let value) where value == value.rounded() && value.magnitude < 1e15: Int(value)
    default: nil
    }
  }

  /// Any number.
  var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }

  /// The text, if it is one.
  var text: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The elements, if it is a list.
  var list: [JSONValue]? {
    if case .array(let values) = self { values } else { nil }
  }
}

/// What Keras writes of an object: its class's name and its config. A text alone is the name.
struct KerasObject {
  let className: String
  let config: JSONValue?

  init(_ value: JSONValue, place: String) throws(TrainingError) {
    if let name = value.text {
      className = name
      config = nil
      return
    }
    guard let name = value["class_name"]?.text else {
      throw TrainingError(
        .specification,
        "\(place) must be a name or an object with class_name and config, got \(value.kind)")
    }
    className = name
    config = value["config"]
  }
}
