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
  /// A kind no supported operator uses (sparse tensors, types); named for the error message.
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
    case .other(let name): name
    }
  }
}
