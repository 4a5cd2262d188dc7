/// One operation of a graph: what to do, with which values, into which values.
public struct Node: Sendable {
  /// The name the model gives the node; may be empty.
  public var name: String
  /// The operator, such as "Conv".
  public var opType: String
  /// The operator's domain; empty for standard ONNX, "ai.onnx.ml" for classical learning.
  public var domain: String
  /// Names of the values read; an empty name is an optional input left out.
  public var inputs: [String]
  /// Names of the values written; an empty name is an output nobody wants.
  public var outputs: [String]
  /// Attributes by name.
  public var attributes: [String: Attribute]
  /// The operator set the node was written for, where it is not the graph's: it came from the
  /// body of a function.
  public var opset: Int?
  /// Tells functions of one name apart; empty for operators.
  public var overload = ""

  /// Makes a node.
  public init(
    name: String = "", opType: String, domain: String = "", inputs: [String],
    outputs: [String], attributes: [String: Attribute] = [:]
  ) {
    self.name = name
    self.opType = opType
    self.domain = domain == "ai.onnx" ? "" : domain
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
  }

  /// The name, or "Conv → output" for a node the model left unnamed.
  public var displayName: String {
    if !name.isEmpty { return name }
    guard let output = outputs.first(where: { !$0.isEmpty }) else { return opType }
    // What a pass appended to a name after NUL is not for people.
    return "\(opType) → \(output.prefix { $0 != "\0" })"
  }
}
