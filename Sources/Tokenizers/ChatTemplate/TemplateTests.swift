extension TemplateInterpreter {
  /// `value is name(arguments)`
  func tested(
    _ value: TemplateValue, _ name: String, _ call: TemplateCall
  ) throws(TemplateError) -> Bool {
    switch name {
    case "defined": return !value.isUndefined
    case "undefined": return value.isUndefined
    case "none": if case .none = value { return true } else { return false }
    case "true": if case .bool(true) = value { return true } else { return false }
    case "false": if case .bool(false) = value { return true } else { return false }
    case "boolean": if case .bool = value { return true } else { return false }
    case "string": if case .text = value { return true } else { return false }
    case "integer": if case .integer = value { return true } else { return false }
    case "float": if case .real = value { return true } else { return false }
    case "number": return value.number != nil
    case "callable": if case .function = value { return true } else { return false }
    case "mapping": if case .dictionary = value { return true } else { return false }
    case "iterable", "sequence":
      switch value {
      case .list, .dictionary, .text, .undefined: return true
      default: return false
      }
    case "odd", "even", "divisibleby":
      guard let number = value.whole else {
        throw TemplateError(.invalidValue, "expected a whole number, got \(value.kind)")
      }
      guard name == "divisibleby" else { return (number % 2 == 0) == (name == "even") }
      guard let divisor = call[0, "num"]?.whole, divisor != 0 else {
        throw TemplateError(.invalidValue, "expected a divisor other than zero")
      }
      return divisor == -1 || number % divisor == 0
    case "lower", "upper":
      return TemplateText.satisfies(try printed(value), "is" + name)
    case "sameas": return try same(value, call[0, "other"] ?? .none)
    default:
      guard let comparison = Self.comparisons[name] else {
        throw TemplateError(
          .unsupported, "expected the tests of chat templates, got '\(name.prefix(64))'")
      }
      return try compare(value, comparison, call.positional.first ?? .none)
    }
  }

  private static let comparisons: [String: TemplateComparison] = [
    "eq": .equal, "equalto": .equal, "ne": .notEqual, "lt": .less, "lessthan": .less,
    "le": .lessOrEqual, "gt": .greater, "greaterthan": .greater, "ge": .greaterOrEqual, "in": .isIn,
  ]

  /// The same one: for values that do not change, an equal one of the same kind.
  private func same(_ value: TemplateValue, _ other: TemplateValue) throws(TemplateError) -> Bool {
    switch (value, other) {
    case (.list(let left), .list(let right)): left === right
    case (.dictionary(let left), .dictionary(let right)): left === right
    case (.bool, .bool), (.integer, .integer), (.real, .real), (.text, .text), (.none, .none):
      try equal(value, other)
    default: false
    }
  }
}
