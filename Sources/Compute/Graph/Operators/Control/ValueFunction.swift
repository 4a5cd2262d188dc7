/// A value operator made of two functions.
struct ValueFunction: ValueOperator {
  /// The outputs' types from the inputs'.
  let types: @Sendable (KnownInputs) throws(GraphError) -> [TensorType]
  var isFoldable = true
  /// Bytes that the function holds.
  var weightByteCount = 0
  let function: @Sendable (ValueCall) throws(ExecutionError) -> [ModelValue?]

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] { try types(inputs) }

  func evaluate(_ call: ValueCall) throws(ExecutionError) -> [ModelValue?] {
    try function(call)
  }
}
