/// A function that a model brings along: nodes that stand for a call of it.
public struct GraphFunction: Sendable {
  /// The domain and name that calls use as operator.
  public var domain: String
  /// See `domain`.
  public var name: String
  /// Tells functions of one name apart.
  public var overload: String
  /// Names of the values a call gives, and of those it gets.
  public var inputs: [String]
  /// See `inputs`.
  public var outputs: [String]
  /// Values of attributes that a call leaves out.
  public var defaults: [String: Attribute]
  /// The body.
  public var nodes: [Node]
  /// The operator sets the body was written for.
  public var opsets: [String: Int]

  /// Makes a function.
  public init(
    domain: String = "", name: String = "", overload: String = "", inputs: [String] = [],
    outputs: [String] = [], defaults: [String: Attribute] = [:], nodes: [Node] = [],
    opsets: [String: Int] = [:]
  ) {
    self.domain = domain
    self.name = name
    self.overload = overload
    self.inputs = inputs
    self.outputs = outputs
    self.defaults = defaults
    self.nodes = nodes
    self.opsets = opsets
  }
}
