internal import ModelFormats

/// What a file says about its model, under GGUF's keys. Folders of Hugging Face say it under other
/// names; an architecture translates them, so that everything behind it reads one vocabulary.
public struct ModelMetadata: Sendable {
  /// A value; arrays only of numbers.
  public enum Value: Sendable, Equatable {
    case number(Double), bool(Bool), string(String), numbers([Double])
  }

  /// `general.architecture`: "llama", "gemma3", ...
  public var architecture: String
  /// All values by key.
  public var values: [String: Value]
  /// What the model's file calls a key of the architecture's own, where that is no GGUF file.
  var sourceNames: [String: String] = [:]

  /// By its parts.
  public init(architecture: String, values: [String: Value] = [:]) {
    (self.architecture, self.values) = (architecture, values)
  }

  /// A value of the architecture's own keys: `KEY` stands for `ARCHITECTURE.KEY`.
  public subscript(_ key: String) -> Value? {
    get { values[architecture + "." + key] }
    set { values[architecture + "." + key] = newValue }
  }

  /// What errors call a key.
  func name(_ key: String) -> String { sourceNames[key] ?? architecture + "." + key }

  /// A whole number within limits.
  func integer(_ key: String, in range: ClosedRange<Int>, default: Int? = nil)
    throws(ModelError) -> Int
  {
    guard let value = self[key] else {
      guard let `default` else { throw missing(key) }
      return `default`
    }
    let integer: Int? = if case .number(let number) = value { Int(exactly: number) } else { nil }
    guard let integer, range.contains(integer) else {
      throw ModelError(
        .badMetadata,
        "\(name(key)): expected a whole number from \(range.lowerBound) to "
          + "\(range.upperBound), got \(integer.map(String.init) ?? value.text)")
    }
    return integer
  }

  /// A number above zero that is one in single precision too.
  func positive(_ key: String, default: Double? = nil) throws(ModelError) -> Double {
    guard let value = self[key] else {
      guard let `default` else { throw missing(key) }
      return `default`
    }
    guard case .number(let number) = value, number >= 1e-30, number <= 1e30 else {
      throw ModelError(
        .badMetadata,
        "\(name(key)): expected a number from 1e-30 to 1e30, got \(value.text)")
    }
    return number
  }

  /// A number above zero that is one in single precision too; nil if it is absent or zero.
  func optionalPositive(_ key: String) throws(ModelError) -> Double? {
    guard let value = self[key], value != .number(0) else { return nil }
    return try positive(key)
  }

  /// As many numbers as wanted, or nil.
  func numbers(_ key: String, count: Int) throws(ModelError) -> [Double]? {
    guard let value = self[key] else { return nil }
    guard case .numbers(let numbers) = value, numbers.count == count else {
      throw ModelError(
        .badMetadata, "\(name(key)): expected \(count) numbers, got \(value.text)")
    }
    return numbers
  }

  /// For each layer whether it sees a window, where that is listed and no rule.
  func listedLayers(_ count: Int) throws(ModelError) -> [Bool]? {
    guard case .numbers? = self["attention.sliding_window_pattern"] else { return nil }
    return try numbers("attention.sliding_window_pattern", count: count)?.map { $0 != 0 }
  }

  /// A text, or nil.
  func string(_ key: String) -> String? {
    guard case .string(let text)? = self[key] else { return nil }
    return text
  }

  /// Which elements are a pair, where a folder of Hugging Face differs from GGUF.
  var rotaryPairs: RotaryConfiguration.Pairs? {
    string("rope.pairs") == "halves" ? .halves : nil
  }

  private func missing(_ key: String) -> ModelError {
    ModelError(.badMetadata, "\(name(key)) is missing")
  }
}

extension ModelMetadata.Value {
  /// For errors: short, whatever it is.
  var text: String {
    switch self {
    case .number(let number): String(number)
    case .bool(let bool): String(bool)
    case .string(let string): "\"\(string.prefix(40))\""
    case .numbers(let numbers): "\(numbers.count) numbers"
    }
  }
}

extension ModelMetadata {
  /// What a GGUF file says, without its vocabulary.
  init(_ file: GGUFFile) throws(ModelError) {
    guard let architecture = file.metadata["general.architecture"]?.string else {
      throw ModelError(.badMetadata, "general.architecture is missing: not a model's file")
    }
    self.init(architecture: architecture)
    for (key, value) in file.metadata where !key.hasPrefix("tokenizer.") {
      values[key] =
        if let bool = value.bool {
          .bool(bool)
        } else if let number = value.double {
          .number(number)
        } else if let string = value.string {
          .string(string)
        } else if let array = value.array, array.count <= 65_536, let numbers = array.floats {
          .numbers(numbers.map(Double.init))
        } else if let array = value.array, array.count <= 65_536, let bools = array.bools {
          .numbers(bools.map { $0 ? 1 : 0 })
        } else {
          nil
        }
    }
  }
}
