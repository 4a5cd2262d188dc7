/// The value of a node's attribute, as ONNX defines them.
public indirect enum Attribute: Sendable {
  case int(Int64)
  case float(Float)
  case string([UInt8])
  case tensor(Tensor)
  case graph(Graph)
  case ints([Int64])
  case floats([Float])
  case strings([[UInt8]])
  case tensors([Tensor])
  case graphs([Graph])
  /// The type of a value that is no tensor, or of one.
  case type(ValueForm, DataType)
  /// In a function's body: the attribute of this name of the node that calls it.
  case reference(String)
  /// A kind no supported operator uses (sparse tensors); named for the error message.
  case other(String)

  var kind: String {
    switch self {
    case .int: "int"
    case .float: "float"
    case .string: "string"
    case .tensor: "tensor"
    case .graph: "graph"
    case .ints: "ints"
    case .floats: "floats"
    case .strings: "strings"
    case .tensors: "tensors"
    case .graphs: "graphs"
    case .type: "type"
    case .reference: "reference"
    case .other(let name): name
    }
  }
}
