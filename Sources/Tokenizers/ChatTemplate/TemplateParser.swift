/// Makes statements of tokens. Expressions are in TemplateParser+Expressions.
struct TemplateParser {
  private let tokens: [TemplateToken]
  private var index = 0
  private var depth = 0
  private let depthMax: Int

  private init(_ tokens: [TemplateToken], depthMax: Int) {
    self.tokens = tokens
    self.depthMax = depthMax
  }

  static func statements(
    of source: String, limits: TemplateLimits
  ) throws(TemplateError) -> [TemplateStatement] {
    guard source.utf8.count <= limits.sourceByteCountMax else {
      throw TemplateError(
        .limitReached,
        "expected a template of at most \(limits.sourceByteCountMax) bytes, got \(source.utf8.count)"
      )
    }
    var parser = TemplateParser(
      try TemplateLexer.tokens(of: source), depthMax: limits.nestingMax)
    let (statements, ending) = try parser.body(until: [])
    guard ending == nil else { throw parser.unexpected("the end of the template") }
    return statements
  }

  var token: TemplateToken { tokens[index] }
  var following: TemplateToken { tokens[min(index + 1, tokens.count - 1)] }

  mutating func advance() {
    if index < tokens.count - 1 { index += 1 }
  }

  func error(_ message: String, _ code: TemplateError.Code = .syntax) -> TemplateError {
    TemplateError(code, message, line: token.line)
  }

  /// What came instead of what was expected.
  func unexpected(_ expectation: String) -> TemplateError {
    let got =
      switch token.kind {
      case .text: "text"
      case .beginOutput, .endOutput, .beginStatement, .endStatement: "a tag's begin or end"
      case .name(let name): "'\(name.prefix(64))'"
      case .string, .integer, .real: "a constant"
      case .sign(let sign): "'\(sign)'"
      case .end: "the end"
      }
    return error("expected \(expectation), got \(got)")
  }

  mutating func take(_ kind: TemplateToken.Kind) -> Bool {
    guard token.kind == kind else { return false }
    advance()
    return true
  }

  mutating func take(sign: String) -> Bool { take(.sign(sign)) }
  mutating func take(name: String) -> Bool { take(.name(name)) }

  mutating func expect(sign: String) throws(TemplateError) {
    guard take(sign: sign) else { throw unexpected("'\(sign)'") }
  }

  mutating func name() throws(TemplateError) -> String {
    guard case .name(let name) = token.kind else { throw unexpected("a name") }
    advance()
    return name
  }

  /// Runs `body` one level deeper.
  mutating func nested<Result>(
    _ body: (inout TemplateParser) throws(TemplateError) -> Result
  ) throws(TemplateError) -> Result {
    guard depth < depthMax else {
      throw error("expected at most \(depthMax) levels of nesting, got more", .limitReached)
    }
    depth += 1
    let result = try body(&self)
    depth -= 1
    return result
  }

  private mutating func endStatement() throws(TemplateError) {
    guard take(.endStatement) else { throw unexpected("the end of the statement") }
  }

  /// Statements up to one that begins with one of the names, which is taken, but not its rest; or up
  /// to the end.
  private mutating func body(
    until endings: Set<String>
  ) throws(TemplateError) -> ([TemplateStatement], ending: String?) {
    try nested { parser throws(TemplateError) in try parser.statements(until: endings) }
  }

  private mutating func statements(
    until endings: Set<String>
  ) throws(TemplateError) -> ([TemplateStatement], ending: String?) {
    var statements: [TemplateStatement] = []
    while true {
      let line = token.line
      switch token.kind {
      case .text(let text):
        advance()
        statements.append(TemplateStatement(kind: .text(text), line: line))
      case .beginOutput:
        advance()
        let value = try tuple()
        guard take(.endOutput) else { throw unexpected("'}}'") }
        statements.append(TemplateStatement(kind: .output(value), line: line))
      case .beginStatement:
        advance()
        let keyword = try name()
        if endings.contains(keyword) { return (statements, keyword) }
        statements.append(TemplateStatement(kind: try statement(keyword), line: line))
      default:
        guard token.kind == .end else { throw unexpected("a tag") }
        guard endings.isEmpty else {
          throw unexpected("'\(endings.sorted().joined(separator: "' or '"))'")
        }
        return (statements, nil)
      }
    }
  }

  /// A body up to the one word that ends it.
  private mutating func block(_ ending: String) throws(TemplateError) -> [TemplateStatement] {
    try endStatement()
    let (statements, _) = try body(until: [ending])
    // `{% endmacro name %}` repeats the name.
    if ending == "endmacro", case .name = token.kind { advance() }
    try endStatement()
    return statements
  }

  private mutating func statement(_ keyword: String) throws(TemplateError) -> TemplateStatement.Kind
  {
    switch keyword {
    case "if": return try condition()
    case "for": return try loop()
    case "set": return try set()
    case "macro": return try macro()
    case "with": return try with()
    case "generation": return .block(try block("endgeneration"))
    case "filter":
      var suffixes = [try filter()]
      while take(sign: "|") { suffixes.append(try filter()) }
      return .capture(nil, suffixes, try block("endfilter"))
    case "break", "continue":
      try endStatement()
      return keyword == "break" ? .breakLoop : .continueLoop
    case "extends", "include", "import", "from", "block", "call", "autoescape", "trans", "do":
      throw error("expected statements of chat templates, got '\(keyword)'", .unsupported)
    default: throw error("expected a statement, got '\(keyword.prefix(64))'")
    }
  }

  private mutating func condition() throws(TemplateError) -> TemplateStatement.Kind {
    var branches: [(condition: TemplateExpression?, body: [TemplateStatement])] = []
    var test: TemplateExpression? = try tuple()
    while true {
      try endStatement()
      let (statements, ending) = try body(
        until: test == nil ? ["endif"] : ["elif", "else", "endif"])
      branches.append((test, statements))
      if ending == "endif" { break }
      test = ending == "elif" ? try tuple() : nil
    }
    try endStatement()
    return .condition(branches)
  }

  private mutating func loop() throws(TemplateError) -> TemplateStatement.Kind {
    let target = try targetNames()
    guard take(name: "in") else { throw unexpected("'in'") }
    let list = try tuple(allowsCondition: false)
    let filter = take(name: "if") ? try expression() : nil
    if take(name: "recursive") {
      throw error("expected loops that are not recursive", .unsupported)
    }
    try endStatement()
    let (statements, ending) = try body(until: ["else", "endfor"])
    var otherwise: [TemplateStatement] = []
    if ending == "else" {
      try endStatement()
      otherwise = try body(until: ["endfor"]).0
    }
    try endStatement()
    return .loop(
      TemplateLoop(
        target: target, list: list, filter: filter, body: statements, otherwise: otherwise))
  }

  private mutating func targetNames() throws(TemplateError) -> TemplateTarget {
    let isBracketed = take(sign: "(")
    var names = [try name()]
    while take(sign: ",") {
      guard case .name(let next) = token.kind, next != "in" else { break }
      names.append(try name())
    }
    if isBracketed { try expect(sign: ")") }
    return names.count == 1 && !isBracketed ? .name(names[0]) : .names(names)
  }

  private mutating func set() throws(TemplateError) -> TemplateStatement.Kind {
    var target = try targetNames()
    if case .name(let name) = target, take(sign: ".") {
      target = .member(of: name, try self.name())
    }
    if take(sign: "=") {
      let value = try tuple()
      try endStatement()
      return .set(target, value)
    }
    var suffixes: [TemplateSuffix] = []
    while take(sign: "|") { suffixes.append(try filter()) }
    return .capture(target, suffixes, try block("endset"))
  }

  private mutating func macro() throws(TemplateError) -> TemplateStatement.Kind {
    let name = try name()
    try expect(sign: "(")
    var parameters: [(name: String, standard: TemplateExpression?)] = []
    while !take(sign: ")") {
      let parameter = try self.name()
      parameters.append((parameter, take(sign: "=") ? try expression() : nil))
      if !take(sign: ","), token.kind != .sign(")") { throw unexpected("',' or ')'") }
    }
    return .macro(
      TemplateMacro(name: name, parameters: parameters, body: try block("endmacro")))
  }

  private mutating func with() throws(TemplateError) -> TemplateStatement.Kind {
    var values: [(name: String, value: TemplateExpression)] = []
    while token.kind != .endStatement {
      let name = try name()
      try expect(sign: "=")
      values.append((name, try expression()))
      guard take(sign: ",") else { break }
    }
    return .with(values, try block("endwith"))
  }
}
