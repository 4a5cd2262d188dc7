/// Expand: broadcasts the input to a shape given as a value.
struct ExpandOperator: Operator {
  var shapeOperands: [Int] { [1] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    guard let target = try inputs.integers(1), type.shape != nil else {
      return [TensorType(type.dataType, nil)]
    }
    if let negative = target.first(where: { $0 < 0 }) {
      throw GraphError(
        code: .shapeMismatch, message: "sizes must be at least 0, got \(negative)")
    }
    return [
      TensorType(type.dataType, try broadcastShape(type, TensorType(.int64, target)))
    ]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    return StridedCopy.step(
      input, output, strides: Broadcast.strides(input.shape, output.shape.count), offset: 0)
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Expand") { _ in ExpandOperator() }
  }
}
