/// Runs a template's statements. Counts its steps, the bytes that it makes and how deep it is, and
/// stops at the limits. Expressions are in TemplateInterpreter+Expressions.
final class TemplateInterpreter {
  let limits: TemplateLimits
  /// What `strftime_now` tells.
  let now: CivilTime?
  private var steps = 0
  private(set) var line = 1
  private var depth = 0
  private var written: [UInt8] = []
  /// Scopes that hold a macro, which holds its scope: taken apart at the end.
  private var knots: [TemplateScope] = []

  init(limits: TemplateLimits, now: CivilTime?) {
    self.limits = limits
    self.now = now
  }

  private enum Flow { case next, breakLoop, continueLoop }

  /// The text of a template.
  func render(
    _ statements: [TemplateStatement], _ values: [String: TemplateValue]
  ) throws(TemplateError) -> [UInt8] {
    defer { for knot in knots { knot.values = [:] } }
    let scope = TemplateScope(nil)
    scope.values = values
    do throws(TemplateError) {
      _ = try run(statements, scope)
    } catch {
      var error = error
      if error.line == 0 { error.line = line }
      throw error
    }
    return written
  }

  /// Counts a step, and one for every eight bytes or values that it makes.
  func charge(_ size: Int = 0) throws(TemplateError) {
    steps += 1 + size / 8
    guard steps <= limits.stepsMax else {
      throw TemplateError(
        .limitReached, "expected at most \(limits.stepsMax) steps, got more")
    }
  }

  /// Runs `body` one level deeper.
  func nested<Result>(
    _ body: () throws(TemplateError) -> Result
  ) throws(TemplateError) -> Result {
    guard depth < limits.evaluationsMax else {
      throw TemplateError(
        .limitReached,
        "expected at most \(limits.evaluationsMax) evaluations in each other, got more")
    }
    depth += 1
    defer { depth -= 1 }
    return try body()
  }

  private func write(_ bytes: [UInt8]) throws(TemplateError) {
    try charge(bytes.count)
    guard written.count + bytes.count <= limits.outputByteCountMax else {
      throw TemplateError(
        .limitReached, "expected a text of at most \(limits.outputByteCountMax) bytes, got more")
    }
    written += bytes
  }

  /// What a value prints.
  func printed(_ value: TemplateValue) throws(TemplateError) -> [UInt8] {
    if case .text(let text) = value { return text }
    var writer = TemplateWriter(byteCountMax: limits.outputByteCountMax)
    writer.printed(value)
    try checkFull(writer)
    return writer.bytes
  }

  func checkFull(_ writer: TemplateWriter) throws(TemplateError) {
    try charge(writer.bytes.count)
    guard !writer.isFull else {
      throw TemplateError(
        .limitReached, "expected texts of at most \(limits.outputByteCountMax) bytes, got more")
    }
  }

  private func run(
    _ statements: [TemplateStatement], _ scope: TemplateScope
  ) throws(TemplateError) -> Flow {
    for statement in statements {
      line = statement.line
      try charge()
      let flow = try nested { () throws(TemplateError) in try run(statement, scope) }
      if flow != .next { return flow }
    }
    return .next
  }

  private func run(
    _ statement: TemplateStatement, _ scope: TemplateScope
  ) throws(TemplateError) -> Flow {
    // Every case has a function of its own: this one's frame is on the stack at every level.
    switch statement.kind {
    case .text(let text): try write(text)
    case .output(let expression): try output(expression, scope)
    case .condition(let branches): return try run(branches, scope)
    case .loop(let loop): try run(loop, scope)
    case .set(let target, let expression): try set(target, expression, scope)
    case .capture(let target, let suffixes, let body): try capture(target, suffixes, body, scope)
    case .macro(let macro):
      scope.values[macro.name] = .function(.macro(macro, scope))
      knots.append(scope)
    case .with(let values, let body): return try with(values, body, scope)
    case .block(let body): return try run(body, scope)
    case .breakLoop: return .breakLoop
    case .continueLoop: return .continueLoop
    }
    return .next
  }

  private func output(
    _ expression: TemplateExpression, _ scope: TemplateScope
  ) throws(TemplateError) {
    try write(printed(try value(expression, scope)))
  }

  private func set(
    _ target: TemplateTarget, _ expression: TemplateExpression, _ scope: TemplateScope
  ) throws(TemplateError) {
    try assign(try value(expression, scope), to: target, scope)
  }

  private func run(
    _ branches: [(condition: TemplateExpression?, body: [TemplateStatement])],
    _ scope: TemplateScope
  ) throws(TemplateError) -> Flow {
    for branch in branches {
      if let condition = branch.condition, !(try value(condition, scope).isTrue) { continue }
      return try run(branch.body, scope)
    }
    return .next
  }

  private func capture(
    _ target: TemplateTarget?, _ suffixes: [TemplateSuffix], _ body: [TemplateStatement],
    _ scope: TemplateScope
  ) throws(TemplateError) {
    var text: TemplateValue = .text(try captured(body, TemplateScope(scope)))
    for suffix in suffixes { text = try apply(suffix, to: text, scope) }
    if let target { try assign(text, to: target, scope) } else { try write(printed(text)) }
  }

  private func with(
    _ values: [(name: String, value: TemplateExpression)], _ body: [TemplateStatement],
    _ scope: TemplateScope
  ) throws(TemplateError) -> Flow {
    let inner = TemplateScope(scope)
    for entry in values { inner.values[entry.name] = try value(entry.value, scope) }
    return try run(body, inner)
  }

  private func run(_ loop: TemplateLoop, _ scope: TemplateScope) throws(TemplateError) {
    var items = try elements(of: try value(loop.list, scope))
    if let filter = loop.filter {
      var kept: [TemplateValue] = []
      for item in items {
        let inner = TemplateScope(scope)
        try assign(item, to: loop.target, inner)
        if try value(filter, inner).isTrue { kept.append(item) }
      }
      items = kept
    }
    guard !items.isEmpty else {
      _ = try run(loop.otherwise, scope)
      return
    }
    let state = TemplateLoopState(items)
    for (index, item) in items.enumerated() {
      try charge()
      state.index = index
      let inner = TemplateScope(scope)
      inner.values["loop"] = .loop(state)
      try assign(item, to: loop.target, inner)
      if try run(loop.body, inner) == .breakLoop { break }
    }
  }

  /// The text of a body instead of writing it.
  private func captured(
    _ body: [TemplateStatement], _ scope: TemplateScope
  ) throws(TemplateError) -> [UInt8] {
    let outer = written
    written = []
    defer { written = outer }
    _ = try run(body, scope)
    return written
  }

  private func assign(
    _ value: TemplateValue, to target: TemplateTarget, _ scope: TemplateScope
  ) throws(TemplateError) {
    switch target {
    case .name(let name): scope.values[name] = value
    case .names(let names):
      let items = try elements(of: value)
      guard items.count == names.count else {
        throw TemplateError(
          .invalidValue, "expected \(names.count) values to give names to, got \(items.count)")
      }
      for (name, item) in zip(names, items) { scope.values[name] = item }
    case .member(let name, let member):
      guard case .namespace(let namespace)? = scope.find(name) else {
        throw TemplateError(.invalidValue, "expected '\(name.prefix(64))' to be a namespace")
      }
      namespace.members[member] = value
    }
  }

  /// Calls a macro: its parameters in a scope inside of that where it was made.
  func call(
    _ macro: TemplateMacro, _ parent: TemplateScope, _ arguments: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    let scope = TemplateScope(parent)
    guard arguments.positional.count <= macro.parameters.count else {
      throw TemplateError(
        .invalidValue,
        "expected at most \(macro.parameters.count) arguments of the macro, got \(arguments.positional.count)"
      )
    }
    if let unknown = arguments.named.keys.first(where: { name in
      !macro.parameters.contains { $0.name == name }
    }) {
      throw TemplateError(
        .invalidValue, "expected arguments of the macro, got '\(unknown.prefix(64))'")
    }
    for (index, parameter) in macro.parameters.enumerated() {
      if index < arguments.positional.count {
        scope.values[parameter.name] = arguments.positional[index]
      } else if let value = arguments.named[parameter.name] {
        scope.values[parameter.name] = value
      } else if let standard = parameter.standard {
        scope.values[parameter.name] = try value(standard, scope)
      } else {
        scope.values[parameter.name] = .undefined(parameter.name)
      }
    }
    let line = line
    defer { self.line = line }
    return .text(try captured(macro.body, scope))
  }
}

/// Evaluated arguments.
struct TemplateCall {
  var positional: [TemplateValue] = []
  var named: [String: TemplateValue] = [:]

  /// An argument by place, or by name.
  subscript(_ place: Int, _ name: String) -> TemplateValue? {
    place < positional.count ? positional[place] : named[name]
  }
}
