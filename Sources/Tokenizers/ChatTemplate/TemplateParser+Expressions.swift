extension TemplateParser {
  /// An expression, or several as a list.
  mutating func tuple(allowsCondition: Bool = true) throws(TemplateError) -> TemplateExpression {
    let first = try element(allowsCondition)
    guard token.kind == .sign(",") else { return first }
    var elements = [first]
    while take(sign: ",") {
      switch token.kind {
      case .endOutput, .endStatement, .sign(")"): return .list(elements)
      default: elements.append(try element(allowsCondition))
      }
    }
    return .list(elements)
  }

  private mutating func element(_ allowsCondition: Bool) throws(TemplateError) -> TemplateExpression
  {
    if allowsCondition { return try expression() }
    return try nested { parser throws(TemplateError) in try parser.disjunction() }
  }

  mutating func expression() throws(TemplateError) -> TemplateExpression {
    try nested { parser throws(TemplateError) in
      var result = try parser.disjunction()
      // A condition's condition is a whole one, its other value may have a condition again.
      guard parser.take(name: "if") else { return result }
      let condition = try parser.disjunction()
      let otherwise = parser.take(name: "else") ? try parser.expression() : nil
      result = .conditional(condition: condition, then: result, otherwise: otherwise)
      return result
    }
  }

  private mutating func disjunction() throws(TemplateError) -> TemplateExpression {
    var operands = [try conjunction()]
    while take(name: "or") { operands.append(try conjunction()) }
    return operands.count == 1 ? operands[0] : .or(operands)
  }

  private mutating func conjunction() throws(TemplateError) -> TemplateExpression {
    var operands = [try negation()]
    while take(name: "and") { operands.append(try negation()) }
    return operands.count == 1 ? operands[0] : .and(operands)
  }

  private mutating func negation() throws(TemplateError) -> TemplateExpression {
    var isNegated = false
    var hasNegation = false
    while take(name: "not") {
      isNegated.toggle()
      hasNegation = true
    }
    let operand = try comparison()
    if isNegated { return .not(operand) }
    return hasNegation ? .not(.not(operand)) : operand
  }

  private mutating func comparison() throws(TemplateError) -> TemplateExpression {
    let first = try sum()
    var rest: [(sign: TemplateComparison, operand: TemplateExpression)] = []
    while let next = takeComparison() { rest.append((next, try sum())) }
    return rest.isEmpty ? first : .comparison(first, rest)
  }

  private mutating func takeComparison() -> TemplateComparison? {
    switch token.kind {
    case .sign(let sign):
      guard let comparison = TemplateComparison(rawValue: sign) else { return nil }
      advance()
      return comparison
    case .name("in"):
      advance()
      return .isIn
    case .name("not"):
      guard following.kind == .name("in") else { return nil }
      advance()
      advance()
      return .isNotIn
    default: return nil
    }
  }

  private mutating func sum() throws(TemplateError) -> TemplateExpression {
    try chain(["+", "-"]) { parser throws(TemplateError) in
      try parser.chain(["~"]) { parser throws(TemplateError) in
        try parser.chain(["*", "/", "//", "%"]) { parser throws(TemplateError) in
          try parser.chain(["**"]) { parser throws(TemplateError) in try parser.unary() }
        }
      }
    }
  }

  private mutating func chain(
    _ signs: [String],
    _ operand: (inout TemplateParser) throws(TemplateError) -> TemplateExpression
  ) throws(TemplateError) -> TemplateExpression {
    let first = try operand(&self)
    var rest: [(sign: TemplateOperator, operand: TemplateExpression)] = []
    while case .sign(let sign) = token.kind, signs.contains(sign),
      let found = TemplateOperator(rawValue: sign)
    {
      advance()
      rest.append((found, try operand(&self)))
    }
    return rest.isEmpty ? first : .chain(first, rest)
  }

  private mutating func unary() throws(TemplateError) -> TemplateExpression {
    try suffixed(try signed(), allowsTests: true)
  }

  /// A sign binds closer than filters and tests, but not than members.
  private mutating func signed() throws(TemplateError) -> TemplateExpression {
    if take(sign: "-") {
      return .negative(try nested { parser throws(TemplateError) in try parser.signed() })
    }
    if take(sign: "+") {
      return try nested { parser throws(TemplateError) in try parser.signed() }
    }
    return try suffixed(try primary(), allowsTests: false)
  }

  private mutating func suffixed(
    _ base: TemplateExpression, allowsTests: Bool
  ) throws(TemplateError) -> TemplateExpression {
    var suffixes: [TemplateSuffix] = []
    while true {
      if take(sign: ".") {
        if case .integer(let number) = token.kind {
          advance()
          suffixes.append(.element(.constant(.integer(number))))
        } else {
          suffixes.append(.attribute(try name()))
        }
      } else if take(sign: "[") {
        suffixes.append(try subscripted())
      } else if token.kind == .sign("(") {
        suffixes.append(.call(try arguments()))
      } else if allowsTests, take(sign: "|") {
        suffixes.append(try filter())
      } else if allowsTests, take(name: "is") {
        suffixes.append(try test())
      } else {
        return suffixes.isEmpty ? base : .suffixed(base, suffixes)
      }
    }
  }

  private mutating func subscripted() throws(TemplateError) -> TemplateSuffix {
    var parts: [TemplateExpression?] = [nil]
    while !take(sign: "]") {
      if take(sign: ":") {
        guard parts.count < 3 else { throw unexpected("']'") }
        parts.append(nil)
      } else {
        guard parts[parts.count - 1] == nil else { throw unexpected("']'") }
        parts[parts.count - 1] = try expression()
      }
    }
    if parts.count == 1 {
      guard let element = parts[0] else { throw unexpected("an index") }
      return .element(element)
    }
    return .slice(parts[0], parts[1], parts.count > 2 ? parts[2] : nil)
  }

  /// `(a, b, name=c)`
  private mutating func arguments() throws(TemplateError) -> TemplateArguments {
    try expect(sign: "(")
    var arguments = TemplateArguments()
    while !take(sign: ")") {
      if token.kind == .sign("*") || token.kind == .sign("**") {
        throw error("expected arguments one by one, got a list of them", .unsupported)
      }
      if case .name(let name) = token.kind, following.kind == .sign("=") {
        advance()
        advance()
        arguments.named.append((name, try expression()))
      } else {
        guard arguments.named.isEmpty else { throw unexpected("a named argument") }
        arguments.positional.append(try expression())
      }
      if !take(sign: ","), token.kind != .sign(")") { throw unexpected("',' or ')'") }
    }
    return arguments
  }

  /// A filter's name and arguments.
  mutating func filter() throws(TemplateError) -> TemplateSuffix {
    let name = try name()
    return .filter(name, token.kind == .sign("(") ? try arguments() : TemplateArguments())
  }

  private mutating func test() throws(TemplateError) -> TemplateSuffix {
    let isNegated = take(name: "not")
    let name = try name()
    var arguments = TemplateArguments()
    switch token.kind {
    case .sign("("): arguments = try self.arguments()
    case .name(let next) where ["else", "or", "and", "if", "is", "in", "not"].contains(next): break
    case .name, .string, .integer, .real, .sign("["), .sign("{"):
      arguments.positional = [
        try nested { parser throws(TemplateError) in
          try parser.suffixed(try parser.primary(), allowsTests: false)
        }
      ]
    default: break
    }
    return .test(name, arguments, isNegated: isNegated)
  }

  private mutating func primary() throws(TemplateError) -> TemplateExpression {
    let kind = token.kind
    switch kind {
    case .name(let name):
      advance()
      switch name {
      case "true", "True": return .constant(.bool(true))
      case "false", "False": return .constant(.bool(false))
      case "none", "None": return .constant(.none)
      default: return .name(name)
      }
    case .string(var text):
      advance()
      while case .string(let more) = token.kind {
        text += more
        advance()
      }
      return .constant(.text(text))
    case .integer(let number):
      advance()
      return .constant(.integer(number))
    case .real(let number):
      advance()
      return .constant(.real(number))
    case .sign("("):
      advance()
      if take(sign: ")") { return .list([]) }
      let inner = try tuple()
      try expect(sign: ")")
      return inner
    case .sign("["):
      advance()
      var elements: [TemplateExpression] = []
      while !take(sign: "]") {
        elements.append(try expression())
        if !take(sign: ","), token.kind != .sign("]") { throw unexpected("',' or ']'") }
      }
      return .list(elements)
    case .sign("{"):
      advance()
      var members: [(key: TemplateExpression, value: TemplateExpression)] = []
      while !take(sign: "}") {
        let key = try expression()
        try expect(sign: ":")
        members.append((key, try expression()))
        if !take(sign: ","), token.kind != .sign("}") { throw unexpected("',' or '}'") }
      }
      return .dictionary(members)
    default: throw unexpected("an expression")
    }
  }
}
