public import Compute
internal import Protocols

/// Reads and writes models in the ONNX format. Nothing in a file is executed, and nothing outside the
/// model's own folder is opened.
public enum ONNX {
  /// Reads a model from a file; external data may lie in the file's folder or below it.
  public static func load(
    contentsOf path: String, limits: ONNXLimits = ONNXLimits()
  ) throws(ONNXError) -> Graph {
    let bytes = try FileBytes.read(path, byteCountMax: limits.fileByteCountMax)
    let folder: String =
      if let slash = path.lastIndex(of: "/") {
        slash == path.startIndex ? "/" : String(path[..<slash])
      } else {
        "."
      }
    return try ONNXReader(limits: limits, folder: folder).model(bytes[...])
  }

  /// Reads a model from memory. External data is refused: there is no folder to look in.
  public static func load(
    bytes: [UInt8], limits: ONNXLimits = ONNXLimits()
  ) throws(ONNXError) -> Graph {
    try ONNXReader(limits: limits, folder: nil).model(bytes[...])
  }

  /// Reads one serialised value of a form: TensorProto, SequenceProto or OptionalProto.
  public static func value(
    bytes: [UInt8], form: ValueForm, limits: ONNXLimits = ONNXLimits()
  ) throws(ONNXError) -> ModelValue {
    try ONNXReader(limits: limits, folder: nil).value(bytes[...], form: form)
  }

  /// Reads one serialised tensor (TensorProto, the .pb files beside test models).
  public static func tensor(
    bytes: [UInt8], limits: ONNXLimits = ONNXLimits()
  ) throws(ONNXError) -> Tensor {
    try ONNXReader(limits: limits, folder: nil).tensor(bytes[...]).1
  }

  /// The bytes of a graph's file, weights included; the same graph always gives the same bytes. The
  /// version of the format is what its operator sets and types need, unless one is asked for.
  ///
  /// Throws `unsupported` for what the format cannot say (an attribute of a kind that the reader did not
  /// keep, a node of another operator set than the graph's) and `limitExceeded` beyond the 2 GiB that
  /// protobuf's readers take. Nothing else is checked: `Model` does that, and so do others' readers.
  public static func write(_ graph: Graph, irVersion: Int64? = nil) throws(ONNXError) -> [UInt8] {
    var writer = ONNXWriter()
    try writer.model(graph, irVersion: irVersion)
    return writer.out.bytes
  }
}

/// Bounds on what a file may make the reader hold. The defaults fit real models with room to
/// spare and keep a hostile file's cost in proportion to its size.
public struct ONNXLimits: Sendable {
  /// Bytes of the model file, and of each external data file's used range.
  public var fileByteCountMax = 16 << 30
  /// Graphs within graphs (If, Loop).
  public var graphDepthMax = 8
  /// Nodes of one graph.
  public var nodeCountMax = 200_000
  /// Initialisers of one graph.
  public var initializerCountMax = 200_000
  /// Inputs or outputs of one graph, and of one node.
  public var operandCountMax = 65_536
  /// Functions of one model.
  public var functionCountMax = 4_096
  /// Attributes of one node.
  public var attributeCountMax = 1_024
  /// Dimensions of one tensor.
  public var rankMax = 32

  /// The defaults.
  public init() {}
}
