/// Why a graph cannot become a model. Found at load, never at inference.
public struct GraphError: Error, Sendable, Equatable {
  /// What to branch on.
  public enum Code: String, Sendable {
    case unsupportedOperator
    case unsupportedType
    case unsupportedAttribute
    case invalidAttribute
    case missingInput
    case duplicateName
    case cycle
    case typeMismatch
    case shapeMismatch
    case shapeOverflow
    case invalidGraph
    case resourceExhausted
  }

  /// What to branch on.
  public var code: Code
  /// One sentence with what was expected and what was found.
  public var message: String
  /// The node's name, or its operator type when it has none; nil if about the whole graph.
  public var node: String?

  /// Makes an error; the node is usually filled in by whoever knows it.
  public init(code: Code, message: String, node: String? = nil) {
    self.code = code
    self.message = message
    self.node = node
  }

  func at(_ node: Node) -> GraphError {
    if self.node != nil { return self }
    return GraphError(code: code, message: message, node: node.displayName)
  }
}

extension GraphError: CustomStringConvertible {
  /// The code, the node and the sentence.
  public var description: String {
    guard let node else { return "\(code.rawValue): \(message)" }
    return "\(code.rawValue) at node '\(node)': \(message)"
  }
}
