internal import Compute
internal import Protocols

/// What clients of a model may send and ask for: the engine's tensors under the model's
/// configuration.
struct ModelSignature: Sendable {
  struct Tensor: Sendable {
    var name: String
    var dataType: DataType
    /// With the batch dimension in front where the model batches; -1 for any size.
    var shape: [Int]
    /// Where the engine has it.
    var engineIndex: Int
  }

  /// In the configuration's order.
  var inputs: [Tensor]
  /// What a request may bring besides.
  var optionalInputs: [Tensor]
  /// In the configuration's order; engines may compute more than is shown.
  var outputs: [Tensor]
  /// The most rows of one request; 0 for a model without a batch dimension.
  var batchSizeMax: Int
  /// For a stateful model, the tensors that clients don't see.
  var sequence: SequenceSignature?
  private var inputIndices: [String: Int]
  private var outputIndices: [String: Int]

  init(
    inputs: [Tensor], optionalInputs: [Tensor] = [], outputs: [Tensor], batchSizeMax: Int,
    sequence: SequenceSignature? = nil
  ) {
    self.inputs = inputs
    self.optionalInputs = optionalInputs
    self.outputs = outputs
    self.batchSizeMax = batchSizeMax
    self.sequence = sequence
    inputIndices = Dictionary(
      inputs.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    outputIndices = Dictionary(
      outputs.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// All that a request may bring.
  var acceptedInputs: [Tensor] { inputs + optionalInputs }

  func inputIndex(_ name: String) -> Int? {
    // Most models have one input or two; comparing beats hashing.
    if inputs.count <= 4 { return inputs.firstIndex { $0.name == name } }
    return inputIndices[name]
  }

  func outputIndex(_ name: String) -> Int? {
    if outputs.count <= 4 { return outputs.firstIndex { $0.name == name } }
    return outputIndices[name]
  }
}

/// Shapes as messages show them: `[-1,16]`.
func describe(_ shape: some Sequence<Int>) -> String {
  "[" + shape.map(String.init).joined(separator: ",") + "]"
}
