/// A model as its file describes it: nodes over named values. Built by ModelFormats, checked
/// and compiled by `Model`. Nothing in it has been verified yet.
public struct Graph: Sendable {
  /// What is known about a value. Type and shape are nil where the file doesn't say.
  public struct Value: Sendable {
    /// The value's name, unique in the graph.
    public var name: String
    /// The element type; nil if not stated, or for an output that isn't a tensor (ZipMap's).
    public var dataType: DataType?
    /// The dimensions, -1 where symbolic; nil if the rank isn't stated.
    public var shape: [Int]?
    /// Whether it is a tensor; `dataType` and `shape` are those of the tensors inside.
    public var form: ValueForm = .tensor
    /// Names of the symbolic dimensions.
    public var dimensionNames: [String?]

    /// Describes a value.
    public init(
      name: String, dataType: DataType?, shape: [Int]?, dimensionNames: [String?]? = nil
    ) {
      self.name = name
      self.dataType = dataType
      self.shape = shape
      self.dimensionNames =
        dimensionNames ?? [String?](repeating: nil, count: shape?.count ?? 0)
    }
  }

  /// The graph's name; may be empty.
  public var name: String
  /// Nodes in the file's order.
  public var nodes: [Node]
  /// Inputs a caller must give, initialisers not among them.
  public var inputs: [Value]
  /// Outputs in the model's order.
  public var outputs: [Value]
  /// Weights and other constants by name.
  public var initializers: [String: Tensor]
  /// The operator-set version of each domain ("" is standard ONNX).
  public var opsets: [String: Int]
  /// Functions that nodes may call like operators.
  public var functions: [GraphFunction] = []
  /// Facts for people and for the service: producer, labels.
  public var metadata: ModelMetadata

  /// Makes a graph.
  public init(
    name: String = "", nodes: [Node] = [], inputs: [Value] = [], outputs: [Value] = [],
    initializers: [String: Tensor] = [:], opsets: [String: Int] = ["": 17, "ai.onnx.ml": 3],
    metadata: ModelMetadata = ModelMetadata()
  ) {
    self.name = name
    self.nodes = nodes
    self.inputs = inputs
    self.outputs = outputs
    self.initializers = initializers
    self.opsets = opsets
    self.metadata = metadata
  }
}
