/// Split: cuts one dimension into pieces, equal ones if no sizes are given.
struct SplitOperator: Operator {
  let axis: Int
  let sizes: [Int]?
  let outputCount: Int

  var shapeOperands: [Int] { [1] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    guard let shape = type.shape else {
      return [TensorType](repeating: TensorType(type.dataType, nil), count: outputCount)
    }
    let axis = try normalizedAxis(axis, rank: shape.count)
    var result: [TensorType] = []
    for size in try pieces(inputs, shape[axis]) {
      var piece = shape
      piece[axis] = size
      result.append(TensorType(type.dataType, piece))
    }
    return result
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    let axis = try normalizedAxis(axis, rank: input.shape.count)
    let strides = Shape.strides(input.shape)
    var steps: [Step] = []
    var offset = 0
    for (index, size) in try pieces(operands.known, input.shape[axis]).enumerated() {
      if let output = operands.optionalOutput(index),
        let step = StridedCopy.step(
          input, output, strides: strides, offset: offset * strides[axis])
      {
        steps.append(step)
      }
      offset += size
    }
    return inOrder(steps)
  }

  private func pieces(_ inputs: KnownInputs, _ size: Int) throws(GraphError) -> [Int] {
    var given = sizes
    if given == nil, inputs.optional(1) != nil {
      guard let values = try inputs.integers(1) else {
        return [Int](repeating: -1, count: outputCount)
      }
      given = values
    }
    if let given {
      let sum = given.reduce(into: Int?.some(0)) { sum, part in
        let (next, overflow) = (sum ?? 0).addingReportingOverflow(part)
        sum = overflow || part < 0 || sum == nil ? nil : next
      }
      guard given.count == outputCount, let sum, size < 0 || sum == size else {
        throw GraphError(
          code: .shapeMismatch,
          message: "\(outputCount) pieces must add up to \(size), got \(given)")
      }
      return given
    }
    if size < 0 { return [Int](repeating: -1, count: outputCount) }
    // The last piece is smaller if the size does not divide evenly (opset 18).
    let piece = (size + outputCount - 1) / outputCount
    var rest = size
    return (0..<outputCount).map { _ in
      let part = min(piece, rest)
      rest -= part
      return part
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Split") { context throws(GraphError) in
      let count = context.node.outputs.count
      guard count > 0 else {
        throw GraphError(code: .invalidGraph, message: "Split needs an output")
      }
      return SplitOperator(
        axis: try context.int("axis", default: 0), sizes: try context.ints("split"),
        outputCount: count)
    }
  }
}
