/// CenterCropPad: cuts or pads both ends of dimensions to given sizes.
struct CenterCropPadOperator: Operator {
  let axes: [Int]?

  var shapeOperands: [Int] { [1] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    guard var shape = type.shape else { return [type] }
    guard let sizes = try inputs.integers(1) else {
      return [TensorType(type.dataType, shape.map { _ in -1 })]
    }
    let chosen = axes ?? Array(shape.indices)
    guard chosen.count == sizes.count, sizes.allSatisfy({ $0 >= 0 && $0 < 1 << 40 }) else {
      throw GraphError(
        code: .shapeMismatch, message: "needs \(chosen.count) sizes, got \(sizes)")
    }
    for (axis, size) in zip(chosen, sizes) {
      shape[try normalizedAxis(axis, rank: shape.count)] = size
    }
    return [TensorType(type.dataType, shape)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let (sizes, wanted) = (input.shape, output.shape)
    let strides = Shape.strides(sizes)
    // The odd element is cut, or added, at the end.
    let shifts = zip(sizes, wanted).map { $0 > $1 ? ($0 - $1) / 2 : -(($1 - $0) / 2) }
    return ElementMove.step(input, output) { index in
      var (rest, position) = (index, 0)
      for axis in stride(from: sizes.count - 1, through: 0, by: -1) {
        let place = rest % wanted[axis] + shifts[axis]
        if place < 0 || place >= sizes[axis] { return -1 }
        position += place * strides[axis]
        rest /= wanted[axis]
      }
      return position
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("CenterCropPad") { context throws(GraphError) in
      CenterCropPadOperator(axes: try context.ints("axes"))
    }
  }
}
