/// An expression of a template. What may repeat without end, chains of operators and of suffixes, is a
/// list and not a tree, so that depth is bounded by nesting alone.
indirect enum TemplateExpression: Sendable {
  case constant(TemplateConstant)
  case name(String)
  case list([TemplateExpression])
  case dictionary([(key: TemplateExpression, value: TemplateExpression)])
  /// Operators of one precedence, from the left.
  case chain(TemplateExpression, [(sign: TemplateOperator, operand: TemplateExpression)])
  case comparison(TemplateExpression, [(sign: TemplateComparison, operand: TemplateExpression)])
  case and([TemplateExpression])
  case or([TemplateExpression])
  case not(TemplateExpression)
  case negative(TemplateExpression)
  case conditional(
    condition: TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
  case suffixed(TemplateExpression, [TemplateSuffix])
}

/// A literal.
enum TemplateConstant: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  case real(Double)
  case text([UInt8])
}

enum TemplateOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case concatenate = "~"
  case multiply = "*"
  case divide = "/"
  case divideDown = "//"
  case modulo = "%"
  case power = "**"
}

enum TemplateComparison: String, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case isIn = "in"
  case isNotIn = "not in"
}

/// What follows an expression.
enum TemplateSuffix: Sendable {
  case attribute(String)
  case element(TemplateExpression)
  case slice(TemplateExpression?, TemplateExpression?, TemplateExpression?)
  case call(TemplateArguments)
  case filter(String, TemplateArguments)
  case test(String, TemplateArguments, isNegated: Bool)
}

struct TemplateArguments: Sendable {
  var positional: [TemplateExpression] = []
  var named: [(name: String, value: TemplateExpression)] = []
}

/// What a value is given to.
enum TemplateTarget: Sendable {
  case name(String)
  /// A list is taken apart.
  case names([String])
  /// A member of a namespace.
  case member(of: String, String)
}

/// A statement of a template.
struct TemplateStatement: Sendable {
  indirect enum Kind: Sendable {
    case text([UInt8])
    case output(TemplateExpression)
    case condition([(condition: TemplateExpression?, body: [TemplateStatement])])
    case loop(TemplateLoop)
    case set(TemplateTarget, TemplateExpression)
    /// The text of a body, through filters.
    case capture(TemplateTarget?, [TemplateSuffix], [TemplateStatement])
    case macro(TemplateMacro)
    case with([(name: String, value: TemplateExpression)], [TemplateStatement])
    /// A body that is only marked.
    case block([TemplateStatement])
    case breakLoop
    case continueLoop
  }

  var kind: Kind
  var line: Int
}

struct TemplateLoop: Sendable {
  var target: TemplateTarget
  var list: TemplateExpression
  /// Which elements count.
  var filter: TemplateExpression?
  var body: [TemplateStatement]
  /// For a loop without elements.
  var otherwise: [TemplateStatement]
}

struct TemplateMacro: Sendable {
  var name: String
  var parameters: [(name: String, standard: TemplateExpression?)]
  var body: [TemplateStatement]
}
