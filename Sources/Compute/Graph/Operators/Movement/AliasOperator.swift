internal import Glibc

/// An operator whose output has exactly its input's bytes, perhaps under another shape. The
/// planner gives both the same address, so nothing runs.
struct AliasOperator: Operator {
  /// The output's shape from what is known; nil means unknown.
  let shape: @Sendable (KnownInputs) throws(GraphError) -> [Int]?
  var shapeOperands: [Int] = []

  var aliasedInput: Int? { 0 }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    [TensorType(try inputs.type(0).dataType, try shape(inputs))]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    let output = try operands.output()
    if let source = input.strings, let target = output.strings {
      return {
        target.removeAll()
        target.append(framed: source.bytes)
      }
    }
    let (source, target, byteCount) = (input.bytes, output.bytes, input.byteCount)
    if source == target || byteCount == 0 { return nil }
    return { memcpy(target, source, byteCount) }
  }
}
