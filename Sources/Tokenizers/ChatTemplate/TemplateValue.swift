internal import JSON

/// A value that a template computes with. Lists and dictionaries do not change once they are made, as
/// in Jinja's immutable sandbox; only namespaces do.
enum TemplateValue {
  /// A name or a member that is not there. It may be tested and printed, nothing else.
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  case real(Double)
  case text([UInt8])
  case list(TemplateList)
  case dictionary(TemplateDictionary)
  case namespace(TemplateNamespace)
  case loop(TemplateLoopState)
  case function(TemplateFunction)

  static func text(_ text: String) -> TemplateValue { .text(Array(text.utf8)) }
  static func list(_ items: [TemplateValue]) -> TemplateValue { .list(TemplateList(items)) }
}

/// A list, with how deep lists and dictionaries in it lie in each other.
final class TemplateList {
  let items: [TemplateValue]
  let depth: Int

  init(_ items: [TemplateValue]) {
    self.items = items
    depth = 1 + (items.map(\.depth).max() ?? 0)
  }
}

/// Members in the order in which they were made.
final class TemplateDictionary {
  private(set) var keys: [TemplateValue] = []
  private(set) var values: [TemplateValue] = []
  private var places: [TemplateKey: Int] = [:]
  let depth: Int

  init(_ members: [(key: TemplateKey, value: TemplateValue)]) {
    depth = 1 + (members.map(\.value.depth).max() ?? 0)
    for member in members {
      if let place = places[member.key] {
        values[place] = member.value
      } else {
        places[member.key] = keys.count
        keys.append(member.key.value)
        values.append(member.value)
      }
    }
  }

  subscript(_ key: TemplateKey) -> TemplateValue? { places[key].map { values[$0] } }
  subscript(_ name: String) -> TemplateValue? { self[.text(Array(name.utf8))] }
  var count: Int { keys.count }
}

/// What a dictionary has members by.
enum TemplateKey: Hashable {
  case null
  case integer(Int)
  case real(Double)
  case text([UInt8])

  var value: TemplateValue {
    switch self {
    case .null: .none
    case .integer(let number): .integer(number)
    case .real(let number): .real(number)
    case .text(let text): .text(text)
    }
  }
}

/// What `namespace()` makes: members that statements set.
final class TemplateNamespace {
  var members: [String: TemplateValue] = [:]
}

/// What `loop` is inside of a loop.
final class TemplateLoopState {
  let items: [TemplateValue]
  var index = 0
  /// What `changed` was asked for last.
  var last: [TemplateValue]?

  init(_ items: [TemplateValue]) {
    self.items = items
  }
}

/// What may be called.
enum TemplateFunction {
  case global(String)
  /// A macro, and where it was made.
  case macro(TemplateMacro, TemplateScope)
  indirect case method(TemplateValue, String)
}

/// Names and their values, inside those of another.
final class TemplateScope {
  var values: [String: TemplateValue] = [:]
  let parent: TemplateScope?

  init(_ parent: TemplateScope?) {
    self.parent = parent
  }

  func find(_ name: String) -> TemplateValue? {
    var scope: TemplateScope? = self
    while let current = scope {
      if let value = current.values[name] { return value }
      scope = current.parent
    }
    return nil
  }
}

extension TemplateValue {
  /// Lists in lists; what compares or prints them recurs as deep.
  static let depthMax = 64

  var depth: Int {
    switch self {
    case .list(let list): list.depth
    case .dictionary(let dictionary): dictionary.depth
    default: 0
    }
  }

  /// A value of JSON.
  init(_ json: JSONValue) throws(TemplateError) {
    switch json {
    case .null, .elements: self = .none
    case .bool(let flag): self = .bool(flag)
    case .integer(let number): self = .integer(Int(number))
    case .unsigned(let number): self = .real(Double(number))
    case .real(let number): self = .real(number)
    case .string(let text): self = .text(text)
    case .array(let values):
      var items: [TemplateValue] = []
      for value in values { items.append(try TemplateValue(value)) }
      self = .list(items)
    case .object(let members):
      var entries: [(key: TemplateKey, value: TemplateValue)] = []
      for member in members {
        entries.append((.text(Array(member.name.utf8)), try TemplateValue(member.value)))
      }
      self = .dictionary(TemplateDictionary(entries))
    }
    guard depth <= Self.depthMax else {
      throw TemplateError(
        .limitReached, "expected at most \(Self.depthMax) values in each other, got more")
    }
  }

  /// What kind of value it is, for errors.
  var kind: String {
    switch self {
    case .undefined(let name): "'\(name.prefix(64))', which is not defined"
    case .none: "none"
    case .bool: "a boolean"
    case .integer, .real: "a number"
    case .text: "a text"
    case .list: "a list"
    case .dictionary: "a dictionary"
    case .namespace: "a namespace"
    case .loop: "a loop"
    case .function: "a function"
    }
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }

  /// What counts as true.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let flag): flag
    case .integer(let number): number != 0
    case .real(let number): number != 0
    case .text(let text): !text.isEmpty
    case .list(let list): !list.items.isEmpty
    case .dictionary(let dictionary): dictionary.count > 0
    case .namespace, .loop, .function: true
    }
  }

  /// A whole number: booleans count, as in Python.
  var whole: Int? {
    switch self {
    case .integer(let number): number
    case .bool(let flag): flag ? 1 : 0
    default: nil
    }
  }

  var number: Double? {
    if case .real(let number) = self { return number }
    return whole.map(Double.init)
  }

  /// What it is as a key; nil if it cannot be one.
  var key: TemplateKey? {
    switch self {
    case .none: .null
    case .bool(let flag): .integer(flag ? 1 : 0)
    case .integer(let number): .integer(number)
    case .real(let number): Int(exactly: number).map { .integer($0) } ?? .real(number)
    case .text(let text): .text(text)
    default: nil
    }
  }
}
