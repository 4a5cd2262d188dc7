extension TemplateInterpreter {
  func value(
    _ expression: TemplateExpression, _ scope: TemplateScope
  ) throws(TemplateError) -> TemplateValue {
    try charge()
    return try nested { () throws(TemplateError) in try evaluated(expression, scope) }
  }

  private func evaluated(
    _ expression: TemplateExpression, _ scope: TemplateScope
  ) throws(TemplateError) -> TemplateValue {
    switch expression {
    case .constant(let constant):
      switch constant {
      case .none: return .none
      case .bool(let flag): return .bool(flag)
      case .integer(let number): return .integer(number)
      case .real(let number): return .real(number)
      case .text(let text): return .text(text)
      }
    case .name(let name):
      if let value = scope.find(name) { return value }
      return TemplateGlobals.names.contains(name) ? .function(.global(name)) : .undefined(name)
    case .list(let expressions): return try list(try values(expressions, scope))
    case .dictionary(let members): return try dictionary(members, scope)
    case .chain(let first, let rest): return try chain(first, rest, scope)
    case .comparison(let first, let rest): return try comparison(first, rest, scope)
    case .and(let operands):
      var result = TemplateValue.none
      for operand in operands {
        result = try value(operand, scope)
        if !result.isTrue { break }
      }
      return result
    case .or(let operands):
      var result = TemplateValue.none
      for operand in operands {
        result = try value(operand, scope)
        if result.isTrue { break }
      }
      return result
    case .not(let operand): return .bool(!(try value(operand, scope).isTrue))
    case .negative(let operand): return try TemplateArithmetic.negated(try value(operand, scope))
    case .conditional(let condition, let then, let otherwise):
      if try value(condition, scope).isTrue { return try value(then, scope) }
      guard let otherwise else { return .undefined("the value of an 'if' without 'else'") }
      return try value(otherwise, scope)
    case .suffixed(let base, let suffixes): return try suffixed(base, suffixes, scope)
    }
  }

  private func values(
    _ expressions: [TemplateExpression], _ scope: TemplateScope
  ) throws(TemplateError) -> [TemplateValue] {
    var result: [TemplateValue] = []
    for expression in expressions { result.append(try value(expression, scope)) }
    return result
  }

  /// A list, unless it would lie too deep in others.
  func list(_ items: [TemplateValue]) throws(TemplateError) -> TemplateValue {
    try charge(items.count * 8)
    for item in items { try checkMember(item) }
    let list = TemplateList(items)
    guard list.depth <= TemplateValue.depthMax else { throw Self.tooDeep }
    return .list(list)
  }

  func dictionary(
    _ members: [(key: TemplateKey, value: TemplateValue)]
  ) throws(TemplateError) -> TemplateValue {
    try charge(members.count * 16)
    for member in members { try checkMember(member.value) }
    let dictionary = TemplateDictionary(members)
    guard dictionary.depth <= TemplateValue.depthMax else { throw Self.tooDeep }
    return .dictionary(dictionary)
  }

  private static var tooDeep: TemplateError {
    TemplateError(
      .limitReached, "expected at most \(TemplateValue.depthMax) values in each other, got more")
  }

  /// What changes stays out of what does not: nothing holds itself.
  private func checkMember(_ value: TemplateValue) throws(TemplateError) {
    switch value {
    case .namespace, .loop, .function:
      throw TemplateError(.unsupported, "expected plain values in a list, got \(value.kind)")
    default: return
    }
  }

  private func dictionary(
    _ members: [(key: TemplateExpression, value: TemplateExpression)], _ scope: TemplateScope
  ) throws(TemplateError) -> TemplateValue {
    var entries: [(key: TemplateKey, value: TemplateValue)] = []
    for member in members {
      let key = try value(member.key, scope)
      guard let known = key.key else {
        throw TemplateError(.invalidValue, "expected a text or a number as a key, got \(key.kind)")
      }
      entries.append((known, try value(member.value, scope)))
    }
    return try dictionary(entries)
  }

  private func chain(
    _ first: TemplateExpression,
    _ rest: [(sign: TemplateOperator, operand: TemplateExpression)], _ scope: TemplateScope
  ) throws(TemplateError) -> TemplateValue {
    var result = try value(first, scope)
    for part in rest {
      let operand = try value(part.operand, scope)
      if part.sign == .concatenate {
        result = .text(try joined(try printed(result), try printed(operand)))
        continue
      }
      switch (part.sign, result, operand) {
      case (.add, .text(let left), .text(let right)): result = .text(try joined(left, right))
      case (.add, .list(let left), .list(let right)): result = try list(left.items + right.items)
      case (.multiply, .text(let text), .integer(let count)),
        (.multiply, .integer(let count), .text(let text)):
        result = .text(try repeated(text, count))
      case (.modulo, .text(let format), _):
        result = .text(try formatted(format, operand))
      default: result = try TemplateArithmetic.applied(part.sign, result, operand)
      }
    }
    return result
  }

  func joined(_ left: [UInt8], _ right: [UInt8]) throws(TemplateError) -> [UInt8] {
    try checkSize(left.count + right.count)
    return left + right
  }

  /// Counts a text before it is made.
  func checkSize(_ byteCount: Int) throws(TemplateError) {
    try charge(byteCount)
    guard byteCount <= limits.outputByteCountMax else {
      throw TemplateError(
        .limitReached, "expected texts of at most \(limits.outputByteCountMax) bytes, got more")
    }
  }

  private func repeated(_ text: [UInt8], _ count: Int) throws(TemplateError) -> [UInt8] {
    let (size, overflows) = text.count.multipliedReportingOverflow(by: max(0, count))
    try checkSize(overflows ? limits.outputByteCountMax + 1 : size)
    return size == 0 ? [] : Array(repeatElement(text, count: count).joined())
  }

  /// `"%s of %d" % values`: the two conversions that templates use.
  private func formatted(
    _ format: [UInt8], _ value: TemplateValue
  ) throws(TemplateError) -> [UInt8] {
    var values = [value][...]
    if case .list(let list) = value { values = list.items[...] }
    var result: [UInt8] = []
    var index = 0
    while index < format.count {
      let byte = format[index]
      index += 1
      guard byte == UInt8(ascii: "%"), index < format.count else {
        result.append(byte)
        continue
      }
      let conversion = format[index]
      index += 1
      switch conversion {
      case UInt8(ascii: "%"): result.append(byte)
      case UInt8(ascii: "s"), UInt8(ascii: "d"):
        guard let next = values.popFirst() else {
          throw TemplateError(.invalidValue, "expected a value for each %, got fewer")
        }
        result = try joined(result, try printed(next))
      default: throw TemplateError(.unsupported, "expected %s, %d or %% in a format, got another")
      }
    }
    return result
  }

  private func comparison(
    _ first: TemplateExpression,
    _ rest: [(sign: TemplateComparison, operand: TemplateExpression)], _ scope: TemplateScope
  ) throws(TemplateError) -> TemplateValue {
    var left = try value(first, scope)
    for part in rest {
      let right = try value(part.operand, scope)
      guard try compare(left, part.sign, right) else { return .bool(false) }
      left = right
    }
    return .bool(true)
  }

  func compare(
    _ left: TemplateValue, _ comparison: TemplateComparison, _ right: TemplateValue
  ) throws(TemplateError) -> Bool {
    switch comparison {
    case .equal: return try equal(left, right)
    case .notEqual: return !(try equal(left, right))
    case .less: return try order(left, right) < 0
    case .lessOrEqual: return try order(left, right) <= 0
    case .greater: return try order(right, left) < 0
    case .greaterOrEqual: return try order(right, left) <= 0
    case .isIn: return try contains(right, left)
    case .isNotIn: return !(try contains(right, left))
    }
  }

  func equal(_ left: TemplateValue, _ right: TemplateValue) throws(TemplateError) -> Bool {
    try charge()
    switch (left, right) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.text(let left), .text(let right)):
      try charge(min(left.count, right.count))
      return left == right
    case (.list(let left), .list(let right)):
      guard left.items.count == right.items.count else { return false }
      for (one, other) in zip(left.items, right.items) {
        guard try equal(one, other) else { return false }
      }
      return true
    case (.dictionary(let left), .dictionary(let right)):
      guard left.count == right.count else { return false }
      for (key, value) in zip(left.keys, left.values) {
        guard let key = key.key, let other = right[key], try equal(value, other) else {
          return false
        }
      }
      return true
    case (.namespace(let left), .namespace(let right)): return left === right
    default:
      if let left = left.whole, let right = right.whole { return left == right }
      guard let left = left.number, let right = right.number else { return false }
      return left == right
    }
  }

  /// Below, at or above zero; only for numbers and for texts, and for lists of them.
  func order(_ left: TemplateValue, _ right: TemplateValue) throws(TemplateError) -> Int {
    try charge()
    if case .text(let left) = left, case .text(let right) = right {
      try charge(min(left.count, right.count))
      return left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
    }
    if case .list(let left) = left, case .list(let right) = right {
      for (one, other) in zip(left.items, right.items) {
        let order = try order(one, other)
        if order != 0 { return order }
      }
      return left.items.count - right.items.count
    }
    if let left = left.whole, let right = right.whole {
      return left < right ? -1 : left == right ? 0 : 1
    }
    guard let first = left.number, let second = right.number else {
      throw TemplateError(
        .invalidValue, "expected two numbers or two texts, got \(left.kind) and \(right.kind)")
    }
    return first < second ? -1 : first == second ? 0 : 1
  }

  private func contains(
    _ container: TemplateValue, _ value: TemplateValue
  ) throws(TemplateError) -> Bool {
    switch container {
    case .text(let text):
      guard case .text(let part) = value else {
        throw TemplateError(.invalidValue, "expected a text to look for, got \(value.kind)")
      }
      try charge(text.count)
      return TemplateText.find(part, in: text) != nil
    case .list(let list):
      for item in list.items { if try equal(item, value) { return true } }
      return false
    case .dictionary(let dictionary): return value.key.flatMap { dictionary[$0] } != nil
    case .undefined: return false
    case .namespace(let namespace):
      guard case .text(let name) = value else { return false }
      return namespace.members[String(decoding: name, as: UTF8.self)] != nil
    default:
      throw TemplateError(.invalidValue, "expected a list or a text, got \(container.kind)")
    }
  }

  /// What a loop or a filter goes through.
  func elements(of value: TemplateValue) throws(TemplateError) -> [TemplateValue] {
    switch value {
    case .list(let list): return list.items
    case .dictionary(let dictionary): return dictionary.keys
    case .undefined: return []
    case .text(let text):
      try charge(text.count * 8)
      return TemplateText.characters(text).map { .text($0) }
    default:
      throw TemplateError(.invalidValue, "expected a list or a text, got \(value.kind)")
    }
  }
}

/// Numbers, as Python computes them, but within 64 bits.
enum TemplateArithmetic {
  static func negated(_ value: TemplateValue) throws(TemplateError) -> TemplateValue {
    if let number = value.whole { return try whole(0.subtractingReportingOverflow(number)) }
    guard let number = value.number else {
      throw TemplateError(.invalidValue, "expected a number, got \(value.kind)")
    }
    return .real(-number)
  }

  private static func whole(
    _ result: (partialValue: Int, overflow: Bool)
  ) throws(TemplateError) -> TemplateValue {
    guard !result.overflow else {
      throw TemplateError(.invalidValue, "expected whole numbers of at most 64 bits, got more")
    }
    return .integer(result.partialValue)
  }

  static func applied(
    _ sign: TemplateOperator, _ left: TemplateValue, _ right: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    if let left = left.whole, let right = right.whole {
      switch sign {
      case .add: return try whole(left.addingReportingOverflow(right))
      case .subtract: return try whole(left.subtractingReportingOverflow(right))
      case .multiply: return try whole(left.multipliedReportingOverflow(by: right))
      case .divideDown, .modulo:
        guard right != 0, !(left == .min && right == -1) else { throw division }
        let (quotient, remainder) = left.quotientAndRemainder(dividingBy: right)
        // Python rounds down, and a remainder has the divisor's sign.
        let rounds = remainder != 0 && (remainder < 0) != (right < 0)
        return .integer(
          sign == .modulo
            ? (rounds ? remainder + right : remainder) : (rounds ? quotient - 1 : quotient))
      case .power:
        guard right >= 0 else { break }
        var result = 1
        // Powers of -1, 0 and 1 repeat; of others, 64 overflow.
        for _ in 0..<(left.magnitude <= 1 ? min(right, 2 + right % 2) : min(right, 64)) {
          let (product, overflows) = result.multipliedReportingOverflow(by: left)
          guard !overflows else { return try whole((0, true)) }
          result = product
        }
        return .integer(result)
      case .divide, .concatenate: break
      }
    }
    guard let first = left.number, let second = right.number else {
      throw TemplateError(
        .invalidValue,
        "expected two numbers for '\(sign.rawValue)', got \(left.kind) and \(right.kind)")
    }
    switch sign {
    case .add: return .real(first + second)
    case .subtract: return .real(first - second)
    case .multiply: return .real(first * second)
    case .divide, .divideDown, .modulo:
      guard second != 0 else { throw division }
      if sign == .divide { return .real(first / second) }
      let quotient = (first / second).rounded(.down)
      return .real(sign == .divideDown ? quotient : first - quotient * second)
    case .power, .concatenate:
      throw TemplateError(.unsupported, "expected powers of whole numbers, got others")
    }
  }

  private static var division: TemplateError {
    TemplateError(.invalidValue, "expected a divisor other than zero")
  }
}
