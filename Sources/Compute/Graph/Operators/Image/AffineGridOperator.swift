/// AffineGrid: the positions that affine matrices move an even grid to; for GridSample.
struct AffineGridOperator: Operator {
  let alignsCorners: Bool

  var shapeOperands: [Int] { [1] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    guard let size = try inputs.integers(1) else { return [TensorType(type.dataType, nil)] }
    let rank = size.count - 2
    guard rank == 2 || rank == 3, size.allSatisfy({ $0 >= 0 }),
      type.shape.map({
        $0.count == 3 && ($0[0] == size[0] || $0[0] < 0) && $0[1] == rank && $0[2] == rank + 1
      }) ?? true
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "matrices \(Shape.describe(type.shape)) do not fit an image \(size)")
    }
    return [TensorType(type.dataType, [size[0]] + size[2...] + [rank])]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    return step(try input.dataType.numeric(), input, try operands.output())
  }

  private func step<T: Element>(_ type: T.Type, _ input: Operand, _ output: Operand) -> Step {
    let rank = output.shape.count - 2
    let sizes = Array(output.shape[1...rank])
    let points = sizes.reduce(1, *)
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let (images, alignsCorners) = (output.shape[0], alignsCorners)
    return {
      for image in 0..<images {
        let matrix = source + image * rank * (rank + 1)
        for point in 0..<points {
          for row in 0..<rank {
            var sum = matrix[row * (rank + 1) + rank].asDouble
            var rest = point
            for axis in stride(from: rank - 1, through: 0, by: -1) {
              let place = Double(rest % sizes[axis])
              rest /= sizes[axis]
              let size = Double(sizes[axis])
              let coordinate =
                alignsCorners
                ? (size == 1 ? -1 : 2 * place / (size - 1) - 1) : (2 * place + 1) / size - 1
              // Column 0 belongs to the last dimension.
              sum += matrix[row * (rank + 1) + rank - 1 - axis].asDouble * coordinate
            }
            target[(image * points + point) * rank + row] = T(converting: sum)
          }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("AffineGrid") { context throws(GraphError) in
      AffineGridOperator(alignsCorners: try context.bool("align_corners", default: false))
    }
  }
}
