internal import JSON

/// Values of config.json, with errors that name them. A model of several kinds of input has those of
/// its language in `text_config`.
struct FolderConfiguration: Sendable {
  private let objects: [JSONValue]
  private let path: String
  private let defaults: [String: JSONValue]

  init(_ root: JSONValue) { self.init([root], "config.json: ", [:]) }

  private init(_ objects: [JSONValue], _ path: String, _ defaults: [String: JSONValue]) {
    (self.objects, self.path, self.defaults) = (objects, path, defaults)
  }

  /// The values of the language model in it, and what is assumed of those that are left out.
  func language(assuming defaults: [String: JSONValue]) -> FolderConfiguration {
    let language = objects.compactMap { $0["text_config"] }
    return FolderConfiguration(language + objects, path, defaults)
  }

  /// A value; nil if it is null, or left out and nothing is assumed.
  subscript(_ key: String) -> JSONValue? {
    let value = objects.lazy.compactMap { $0[key] }.first ?? defaults[key]
    return value == .null ? nil : value
  }

  /// The values of an object.
  func object(_ key: String) throws(ModelError) -> FolderConfiguration? {
    guard let value = self[key] else { return nil }
    guard case .object = value else { throw wrong(key, "an object", value) }
    return FolderConfiguration([value], "\(path)\(key).", [:])
  }

  func number(_ key: String) throws(ModelError) -> Double? {
    guard let value = self[key] else { return nil }
    guard let number = value.number else { throw wrong(key, "a number", value) }
    return number
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(ModelError) -> Int? {
    guard let value = self[key] else { return nil }
    guard let number = value.number, let integer = Int(exactly: number), range.contains(integer)
    else {
      throw wrong(key, "a whole number from \(range.lowerBound) to \(range.upperBound)", value)
    }
    return integer
  }

  func bool(_ key: String) throws(ModelError) -> Bool? {
    guard let value = self[key] else { return nil }
    guard case .bool(let bool) = value else { throw wrong(key, "true or false", value) }
    return bool
  }

  func text(_ key: String) throws(ModelError) -> String? {
    guard let value = self[key] else { return nil }
    guard case .string(let text) = value else { throw wrong(key, "a text", value) }
    return text
  }

  /// A list of texts.
  func texts(_ key: String) throws(ModelError) -> [String]? {
    guard let value = self[key] else { return nil }
    guard case .array(let elements) = value else { throw wrong(key, "a list of texts", value) }
    var texts: [String] = []
    for element in elements {
      guard case .string(let text) = element else { throw wrong(key, "a list of texts", value) }
      texts.append(text)
    }
    return texts
  }

  /// A list of numbers, or one.
  func numbers(_ key: String) throws(ModelError) -> [Double]? {
    guard let value = self[key] else { return nil }
    if let number = value.number { return [number] }
    guard case .array(let elements) = value else { throw wrong(key, "a list of numbers", value) }
    let numbers = elements.compactMap(\.number)
    guard numbers.count == elements.count else { throw wrong(key, "a list of numbers", value) }
    return numbers
  }

  /// Refuses what changes a model's meaning and is not computed here.
  func require(_ key: String, _ expected: Bool) throws(ModelError) {
    guard let got = try bool(key), got != expected else { return }
    throw error(key, "expected \(expected), got \(got)")
  }

  /// What errors call a key.
  func name(_ key: String) -> String { path + key }

  func error(_ key: String, _ words: String) -> ModelError {
    ModelError(.badMetadata, "\(name(key)): \(words)")
  }

  func missing(_ key: String) -> ModelError {
    ModelError(.badMetadata, "\(name(key)) is missing")
  }

  private func wrong(_ key: String, _ expected: String, _ value: JSONValue) -> ModelError {
    let got: String =
      switch value {
      case .integer(let number): String(number)
      case .real(let number): String(number)
      case .string(let text): "\"\(text.prefix(40))\""
      case .bool(let bool): String(bool)
      default: value.kind
      }
    return error(key, "expected \(expected), got \(got)")
  }
}

extension JSONValue {
  /// Any number.
  var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }
}
