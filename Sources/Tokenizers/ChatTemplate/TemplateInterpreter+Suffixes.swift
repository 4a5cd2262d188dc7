extension TemplateInterpreter {
  func suffixed(
    _ base: TemplateExpression, _ suffixes: [TemplateSuffix], _ scope: TemplateScope
  ) throws(TemplateError) -> TemplateValue {
    var result = try value(base, scope)
    for suffix in suffixes { result = try apply(suffix, to: result, scope) }
    return result
  }

  func apply(
    _ suffix: TemplateSuffix, to value: TemplateValue, _ scope: TemplateScope
  ) throws(TemplateError) -> TemplateValue {
    try charge()
    switch suffix {
    case .attribute(let name): return try attribute(name, of: value)
    case .element(let index): return try element(try self.value(index, scope), of: value)
    case .slice(let start, let end, let step):
      return try slice(
        value, try bound(start, scope), try bound(end, scope), try bound(step, scope) ?? 1)
    case .call(let arguments): return try call(value, try evaluated(arguments, scope))
    case .filter(let name, let arguments):
      return try filtered(value, name, try evaluated(arguments, scope))
    case .test(let name, let arguments, let isNegated):
      let result = try tested(value, name, try evaluated(arguments, scope))
      return .bool(result != isNegated)
    }
  }

  private func evaluated(
    _ arguments: TemplateArguments, _ scope: TemplateScope
  ) throws(TemplateError) -> TemplateCall {
    var call = TemplateCall()
    for argument in arguments.positional { call.positional.append(try value(argument, scope)) }
    for argument in arguments.named {
      call.named[argument.name] = try value(argument.value, scope)
    }
    return call
  }

  /// `value.name`: a method, or a member.
  func attribute(
    _ name: String, of value: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    // What Python keeps to itself.
    guard !name.hasPrefix("_") else {
      throw TemplateError(.unsupported, "expected a member, got '\(name.prefix(64))'")
    }
    switch value {
    case .dictionary(let dictionary):
      if TemplateMethods.ofDictionaries.contains(name) { return .function(.method(value, name)) }
      return dictionary[name] ?? .undefined(name)
    case .text:
      if TemplateMethods.ofTexts.contains(name) { return .function(.method(value, name)) }
      return .undefined(name)
    case .list:
      if TemplateMethods.ofLists.contains(name) { return .function(.method(value, name)) }
      return .undefined(name)
    case .namespace(let namespace): return namespace.members[name] ?? .undefined(name)
    case .loop(let loop): return try loopMember(name, loop)
    case .undefined: throw undefined(value)
    default: return .undefined(name)
    }
  }

  private func undefined(_ value: TemplateValue) -> TemplateError {
    TemplateError(.invalidValue, "expected a value, got \(value.kind)")
  }

  private func loopMember(
    _ name: String, _ loop: TemplateLoopState
  ) throws(TemplateError) -> TemplateValue {
    let index = loop.index
    let count = loop.items.count
    switch name {
    case "index": return .integer(index + 1)
    case "index0": return .integer(index)
    case "revindex": return .integer(count - index)
    case "revindex0": return .integer(count - index - 1)
    case "first": return .bool(index == 0)
    case "last": return .bool(index == count - 1)
    case "length": return .integer(count)
    // Of recursive loops, which there are none of.
    case "depth": return .integer(1)
    case "depth0": return .integer(0)
    case "previtem": return index == 0 ? .undefined(name) : loop.items[index - 1]
    case "nextitem": return index == count - 1 ? .undefined(name) : loop.items[index + 1]
    case "cycle", "changed": return .function(.method(.loop(loop), name))
    default: return .undefined(name)
    }
  }

  /// `value[index]`
  private func element(
    _ index: TemplateValue, of value: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    switch value {
    case .dictionary(let dictionary):
      if let found = index.key.flatMap({ dictionary[$0] }) { return found }
    case .list(let list):
      guard let place = index.whole else { break }
      let real = place < 0 ? place + list.items.count : place
      return list.items.indices.contains(real) ? list.items[real] : .undefined("an element")
    case .text(let text):
      guard let place = index.whole else { break }
      try charge(text.count)
      let characters = TemplateText.characters(text)
      let real = place < 0 ? place + characters.count : place
      return characters.indices.contains(real) ? .text(characters[real]) : .undefined("a character")
    case .undefined: throw undefined(value)
    default: break
    }
    guard case .text(let name) = index else { return .undefined("an element") }
    return try attribute(String(decoding: name, as: UTF8.self), of: value)
  }

  private func bound(
    _ expression: TemplateExpression?, _ scope: TemplateScope
  ) throws(TemplateError) -> Int? {
    guard let expression else { return nil }
    let bound = try value(expression, scope)
    if case .none = bound { return nil }
    guard let number = bound.whole else {
      throw TemplateError(.invalidValue, "expected a whole number as a bound, got \(bound.kind)")
    }
    return number
  }

  /// `value[start:end:step]`, as Python counts.
  private func slice(
    _ value: TemplateValue, _ start: Int?, _ end: Int?, _ step: Int
  ) throws(TemplateError) -> TemplateValue {
    guard step != 0 else { throw TemplateError(.invalidValue, "expected a step other than zero") }
    let items: [TemplateValue]
    switch value {
    case .list(let list): items = list.items
    case .text: items = try elements(of: value)
    default: throw TemplateError(.invalidValue, "expected a list or a text, got \(value.kind)")
    }
    let count = items.count
    func clamped(_ bound: Int?, _ standard: Int) -> Int {
      guard let bound else { return standard }
      let (lowest, highest) = step > 0 ? (0, count) : (-1, count - 1)
      let real = bound < 0 ? max(bound, -count - 1) + count : bound
      return min(max(real, lowest), highest)
    }
    var place = clamped(start, step > 0 ? 0 : count - 1)
    let last = clamped(end, step > 0 ? count : -1)
    var taken: [TemplateValue] = []
    while step > 0 ? place < last : place > last {
      taken.append(items[place])
      let (next, overflows) = place.addingReportingOverflow(step)
      if overflows { break }
      place = next
    }
    guard case .text = value else { return try list(taken) }
    var text: [UInt8] = []
    for case .text(let character) in taken { text += character }
    return .text(text)
  }

  private func call(
    _ value: TemplateValue, _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    guard case .function(let function) = value else {
      throw TemplateError(.invalidValue, "expected a function to call, got \(value.kind)")
    }
    switch function {
    case .macro(let macro, let scope): return try call(macro, scope, arguments)
    case .global(let name): return try global(name, arguments)
    case .method(let receiver, let name):
      switch receiver {
      case .text(let text): return try textMethod(text, name, arguments)
      case .dictionary(let dictionary):
        return try dictionaryMethod(dictionary, name, arguments)
      case .list(let list): return try listMethod(list, name, arguments)
      case .loop(let loop): return try loopMethod(loop, name, arguments)
      default: throw TemplateError(.unsupported, "expected a method, got '\(name.prefix(64))'")
      }
    }
  }

  private func loopMethod(
    _ loop: TemplateLoopState, _ name: String, _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    if name == "cycle" {
      guard !arguments.positional.isEmpty else {
        throw TemplateError(.invalidValue, "expected values to cycle through, got none")
      }
      return arguments.positional[loop.index % arguments.positional.count]
    }
    defer { loop.last = arguments.positional }
    guard let last = loop.last, last.count == arguments.positional.count else {
      return .bool(true)
    }
    for (one, other) in zip(last, arguments.positional) {
      if !(try equal(one, other)) { return .bool(true) }
    }
    return .bool(false)
  }
}

/// Functions that every template has.
enum TemplateGlobals {
  static let names: Set<String> = [
    "range", "dict", "namespace", "raise_exception", "strftime_now",
  ]
  /// Numbers of one `range`: Jinja's sandbox has the same limit.
  static let rangeCountMax = 100_000
}

extension TemplateInterpreter {
  private func global(
    _ name: String, _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    switch name {
    case "range": return try range(arguments)
    case "namespace":
      let namespace = TemplateNamespace()
      if case .dictionary(let dictionary)? = arguments.positional.first {
        for (key, value) in zip(dictionary.keys, dictionary.values) {
          namespace.members[String(decoding: try printed(key), as: UTF8.self)] = value
        }
      }
      for (name, value) in arguments.named { namespace.members[name] = value }
      return .namespace(namespace)
    case "dict":
      var entries: [(key: TemplateKey, value: TemplateValue)] = []
      if case .dictionary(let dictionary)? = arguments.positional.first {
        for (key, value) in zip(dictionary.keys, dictionary.values) {
          if let key = key.key { entries.append((key, value)) }
        }
      }
      // Names come out of a dictionary of Swift's: in order of the alphabet.
      for (name, value) in arguments.named.sorted(by: { $0.key < $1.key }) {
        entries.append((.text(Array(name.utf8)), value))
      }
      return try dictionary(entries)
    case "raise_exception":
      let message = try printed(arguments[0, "message"] ?? .text(""))
      throw TemplateError(.raised, String(decoding: message.prefix(1_024), as: UTF8.self))
    case "strftime_now":
      guard case .text(let format)? = arguments[0, "format"] else {
        throw TemplateError(.invalidValue, "expected a format of time, got none")
      }
      guard let now else {
        throw TemplateError(.unsupported, "expected no use of the time, which is not known here")
      }
      try charge(format.count * 16)
      return .text(try now.formatted(format))
    default: throw TemplateError(.unsupported, "expected a function, got '\(name.prefix(64))'")
    }
  }

  private func range(_ arguments: TemplateCall) throws(TemplateError) -> TemplateValue {
    var numbers: [Int] = []
    for argument in arguments.positional {
      guard let number = argument.whole else {
        throw TemplateError(.invalidValue, "expected whole numbers, got \(argument.kind)")
      }
      numbers.append(number)
    }
    guard (1...3).contains(numbers.count), numbers.count < 3 || numbers[2] != 0 else {
      throw TemplateError(.invalidValue, "expected a beginning, an end and a step of a range")
    }
    let start = numbers.count == 1 ? 0 : numbers[0]
    let end = numbers.count == 1 ? numbers[0] : numbers[1]
    let step = numbers.count == 3 ? numbers[2] : 1
    var items: [TemplateValue] = []
    var place = start
    while step > 0 ? place < end : place > end {
      guard items.count < TemplateGlobals.rangeCountMax else {
        throw TemplateError(
          .limitReached, "expected ranges of at most \(TemplateGlobals.rangeCountMax) numbers")
      }
      items.append(.integer(place))
      let (next, overflows) = place.addingReportingOverflow(step)
      if overflows { break }
      place = next
    }
    return try list(items)
  }
}
